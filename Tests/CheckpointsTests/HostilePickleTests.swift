import Checkpoints
import Foundation
import Testing

struct HostilePickleTests {
  @Test func aTensorMadeByHandIsRead() throws {
    let archive = try Pickle.torchArchive { $0.dictionary("a") { $0.tensor() } }
    #expect(try errorOpening(archive) == nil)
  }

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "exec"),
    ("subprocess", "Popen"), ("torch", "load"), ("torch.nn.modules.linear", "Linear"),
    ("numpy.core.multiarray", "_reconstruct"), ("torch.FloatStorage", "from_file"),
    ("argparse", "Namespace"), ("collections", "OrderedDict.fromkeys"), ("torch", "QInt8Storage"),
  ])
  func codeIsRefusedByNameAndNotExecuted(module: String, name: String) throws {
    let marker = FileManager.default.temporaryDirectory.appending(path: "ran-\(UUID().uuidString)")
    for protocolFour in [false, true] {
      let archive = try Pickle.torchArchive { pickle in
        if protocolFour {
          pickle.string(module)
          pickle.string(name)
          pickle.raw([0x93])
        } else {
          pickle.global(module, name)
        }
        pickle.raw("(")
        pickle.string("touch \(marker.path)")
        pickle.raw("tR")
      }
      let error = try #require(try errorOpening(archive))
      #expect(error.kind == .forbidden)
      #expect(error.reason.contains("'\(module).\(name)'"))
      #expect(error.reason.hasSuffix("nothing was executed"))
      #expect(!FileManager.default.fileExists(atPath: marker.path))
    }
  }

  @Test func numbersOfNumPyAreSteppedOver() throws {
    // {"a": a tensor, "best": numpy.float64(0.5)}, as `pickle` writes the latter with protocol 2.
    let archive = try Pickle.torchArchive {
      $0.dictionary("a") { $0.tensor() }
      $0.string("best")
      $0.global("numpy.core.multiarray", "scalar")
      $0.global("numpy", "dtype")
      $0.string("f8")
      $0.raw([0x89, 0x88, 0x87])
      $0.raw("R(")
      $0.int(3)
      $0.string("<")
      $0.raw("NNN")
      $0.raw("t")
      $0.raw("b")
      $0.global("_codecs", "encode")
      $0.string("eight bytes")
      $0.string("latin1")
      $0.raw([0x86])
      $0.raw("R")
      $0.raw([0x86])
      $0.raw("Rs")
    }
    #expect(try errorOpening(archive) == nil)
  }

  @Test func instructionsForOtherClassesAreRefused() throws {
    // INST, OBJ, NEWOBJ_EX, EXT1 and the text form of persistent identifiers.
    for code in ["(ios\nsystem\n", "(o", "\u{12}", "P0\n", "I1\n"] {
      let error = try errorOpening(try Pickle.torchArchive { $0.raw(code) })
      #expect(error?.kind == .unsupported, "\(code)")
    }
    #expect(try errorOpening(try Pickle.torchArchive { $0.raw([0x82, 1]) })?.kind == .unsupported)
  }

  @Test func whatIsNotAFunctionCannotBeCalled() throws {
    for callee in ["}", "N", "]"] {
      let error = try errorOpening(try Pickle.torchArchive { $0.raw(callee + ")R") })
      #expect(error?.kind == .malformed)
    }
  }

  @Test func aNameInAMessageCannotForgeOutput() throws {
    let error = try errorOpening(try Pickle.torchArchive { $0.global("a\u{1B}[2J\u{7}", "b") })
    #expect(error?.description.unicodeScalars.contains { $0.value < 0x20 } == false)
    let long = try errorOpening(
      try Pickle.torchArchive { $0.global(String(repeating: "x", count: 900), "b") })
    #expect(try #require(long).reason.count < 300)
  }

  @Test func aMillionLaughsTakeNoTime() throws {
    let archive = try Pickle.torchArchive { pickle in
      pickle.raw("]q\u{0}")
      for level in 0..<100 as Range<UInt8> {
        pickle.raw("](")
        for _ in 0..<50 { pickle.raw([0x68, level]) }
        pickle.raw([0x65, 0x71, level + 1])
      }
    }
    #expect(try errorOpening(archive)?.kind == .unsupported)
  }

  @Test func deepNestingAndCyclesAreHarmless() throws {
    let nested = try Pickle.torchArchive { pickle in
      pickle.raw(String(repeating: "]", count: 1_000_000))
      pickle.raw(String(repeating: "a", count: 999_999))
    }
    #expect(try errorOpening(nested)?.kind == .unsupported)
    let cyclic = try Pickle.torchArchive { $0.raw("}q\u{0}\u{58}\u{1}\u{0}\u{0}\u{0}ah\u{0}s") }
    #expect(try errorOpening(cyclic)?.reason == "its state dictionary holds no tensors")
  }

  @Test func endlessInstructionsAreRefused() throws {
    let archive = try Pickle.torchArchive { $0.raw(String(repeating: "N0", count: 3_000_000)) }
    #expect(try errorOpening(archive)?.reason.contains("more than 4000000 instructions") == true)
  }

  @Test func theStackCannotBeUnderrun() throws {
    for code in ["0", "s", "u", "e", "a", "t", "R", "Q", "b", "2", "h\u{5}", "(0", "N(R", "1", "\u{5D}(1a"] {
      #expect(try errorOpening(try Pickle.torchArchive { $0.raw(code) })?.kind == .malformed, "\(code)")
    }
    #expect(try errorOpening(try Pickle.torchArchive { $0.raw([0x58, 0xFF, 0xFF, 0xFF, 0xFF]) }) != nil)
    #expect(
      try errorOpening(
        try Pickle.torchArchive { $0.raw([0x8D] + [UInt8](repeating: 0xFF, count: 8)) }) != nil)
  }

  @Test func tensorsThatDoNotFitTheirStorageAreRefused() throws {
    let cases: [(String, (inout Pickle) -> Void)] = [
      ("impossible shape", { $0.tensor(shape: [-2, 3]) }),
      ("impossible shape", { $0.tensor(shape: [1 << 40, 1 << 40], strides: [0, 0]) }),
      ("impossible shape", { $0.tensor(shape: [1 << 62, 1 << 62, 0], strides: [0, 0, 0]) }),
      ("wrong arguments", { $0.tensor(shape: [2], strides: [3, 1]) }),
      (
        "wrong arguments",
        { $0.tensor(shape: .init(repeating: 1, count: 65), strides: .init(repeating: 1, count: 65)) }
      ),
      ("outside of its storage", { $0.tensor(shape: [2, 4]) }),
      ("outside of its storage", { $0.tensor(offset: 1) }),
      ("outside of its storage", { $0.tensor(offset: .max) }),
      ("outside of its storage", { $0.tensor(offset: -1) }),
      ("outside of its storage", { $0.tensor(strides: [-3, 1]) }),
      ("outside of its storage", { $0.tensor(strides: [.max, .max]) }),
      ("expands 24 bytes", { $0.tensor(shape: [1 << 20, 1 << 20], strides: [0, 0]) }),
      ("which the archive lacks", { $0.tensor(key: "../data.pkl") }),
      ("which the archive lacks", { $0.tensor(key: "1") }),
      ("the archive holds 24 bytes", { $0.tensor(count: 7) }),
      ("the archive holds 24 bytes", { $0.tensor(count: -6) }),
      ("the archive holds 24 bytes", { $0.tensor(count: .max) }),
      ("the archive holds 24 bytes", { $0.tensor(storage: "DoubleStorage") }),
    ]
    for (phrase, tensor) in cases {
      let error = try errorOpening(try Pickle.torchArchive { $0.dictionary("a", tensor) })
      #expect(error?.reason.contains(phrase) == true, "\(error as Any)")
    }
  }

  @Test func aNameThatComesTwiceIsRefused() throws {
    let archive = try Pickle.torchArchive { pickle in
      pickle.dictionary("a") { $0.tensor() }
      pickle.string("a")
      pickle.tensor()
      pickle.raw("s")
    }
    #expect(try errorOpening(archive)?.reason.contains("'a' twice") == true)
  }
}
