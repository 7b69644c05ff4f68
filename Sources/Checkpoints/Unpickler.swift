/// Interprets the pickle of a checkpoint: plain containers, numbers, strings, and tensors.
///
/// It can call nothing: a global that is not in `PickleGlobal` ends the reading. Work and memory are bounded
/// by the number of instructions, each of which makes at most one object; strings of the pickle are copied
/// at most once.
struct Unpickler {
  /// A model with a thousand tensors and its optimizer state takes some 200,000.
  static let maximumInstructions = 4_000_000
  /// Longer strings, such as a configuration in text, are of no interest.
  static let maximumStringLength = 1 << 16

  var objects = PickleObjects()
  let file: MappedFile
  private let bytes: UnsafeRawBufferPointer
  let storageBytes: (String) throws -> Range<Int>?
  private var position = 0
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// - Parameter storageBytes: Where in the file the storage of a key lies.
  init(
    file: MappedFile, bytes: UnsafeRawBufferPointer,
    storageBytes: @escaping (String) throws -> Range<Int>?
  ) {
    self.file = file
    self.bytes = bytes
    self.storageBytes = storageBytes
  }

  func failure(_ reason: String, _ kind: CheckpointError.Kind = .malformed) -> CheckpointError {
    file.failure(kind, "its pickle (data.pkl), near byte \(position), \(reason)")
  }

  /// Runs the pickle to its end and returns the value that it leaves.
  mutating func run() throws -> PickleValue {
    for _ in 0..<Self.maximumInstructions {
      let code = try byte()
      guard let opcode = PickleOpcode(rawValue: code) else {
        throw failure("uses instruction \(code), which a checkpoint does not need", .unsupported)
      }
      if opcode == .stop { return try pop() }
      try execute(opcode)
    }
    throw failure("has more than \(Self.maximumInstructions) instructions", .unsupported)
  }

  private mutating func execute(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .stop: break
    case .proto:
      let version = try byte()
      guard 2...4 ~= version else { throw failure("has protocol \(version), not 2 to 4", .unsupported) }
    case .frame: _ = try take(8)
    case .mark: marks.append(stack.count)
    case .pop: _ = try pop()
    case .popMark: _ = try popToMark()
    case .duplicate: stack.append(try top())

    case .none: stack.append(.none)
    case .newTrue: stack.append(.bool(true))
    case .newFalse: stack.append(.bool(false))
    case .binInt: stack.append(.int(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
    case .binInt1: stack.append(.int(try count(1)))
    case .binInt2: stack.append(.int(try count(2)))
    case .long1: stack.append(try long())
    case .binFloat: stack.append(.double(Double(bitPattern: UInt64(try unsigned(8)).byteSwapped)))
    case .shortBinUnicode: stack.append(try string(lengthBytes: 1))
    case .binUnicode: stack.append(try string(lengthBytes: 4))
    case .binUnicode8: stack.append(try string(lengthBytes: 8))
    case .shortBinBytes: try skipBytes(lengthBytes: 1)
    case .binBytes: try skipBytes(lengthBytes: 4)
    case .binBytes8: try skipBytes(lengthBytes: 8)

    case .emptyList, .emptySet: stack.append(objects.list())
    case .append: try append([try pop()])
    case .appends, .addItems: try append(try popToMark())
    case .frozenSet: stack.append(objects.list(try popToMark()))
    case .emptyTuple: stack.append(objects.tuple([]))
    case .tuple: stack.append(objects.tuple(try popToMark()))
    case .tuple1: try makeTuple(of: 1)
    case .tuple2: try makeTuple(of: 2)
    case .tuple3: try makeTuple(of: 3)
    case .emptyDictionary: stack.append(objects.dictionary())
    case .setItem: try setItems(try popMany(2))
    case .setItems: try setItems(try popToMark())

    case .binGet: try recall(try count(1))
    case .longBinGet: try recall(try count(4))
    case .binPut: memo[try count(1)] = try top()
    case .longBinPut: memo[try count(4)] = try top()
    case .memoize: memo[memo.count] = try top()

    case .global: stack.append(try global(module: try line(), name: try line()))
    case .stackGlobal:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
        throw failure("refers to something without naming it")
      }
      stack.append(try global(module: module, name: name))
    case .reduce, .newObject:
      let arguments = try pop()
      stack.append(try call(try pop(), arguments))
    case .build:
      // The state of an OrderedDict or parameter (`_metadata`) says nothing about the arrays.
      _ = try pop()
      _ = try top()
    case .binPersistentID: stack.append(try storage(try pop()))
    }
  }
}

// MARK: - Stack and containers

extension Unpickler {
  private func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw failure("takes too much") }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popMany(_ count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw failure("takes too much") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.last else { throw failure("lacks a mark") }
    let values = try popMany(stack.count - mark)
    marks.removeLast()
    return values
  }

  private mutating func makeTuple(of count: Int) throws {
    stack.append(objects.tuple(try popMany(count)))
  }

  private mutating func append(_ values: [PickleValue]) throws {
    guard case .list(let index) = try top() else { throw failure("appends to what is not a list") }
    objects.sequences[index] += values
  }

  private mutating func setItems(_ values: [PickleValue]) throws {
    guard case .dictionary(let index) = try top(), values.count.isMultiple(of: 2) else {
      throw failure("sets items of what is not a dictionary")
    }
    for i in stride(from: 0, to: values.count, by: 2) {
      objects.dictionaries[index].append((values[i], values[i + 1]))
    }
  }

  private mutating func recall(_ index: Int) throws {
    guard let value = memo[index] else { throw failure("recalls what it did not store") }
    stack.append(value)
  }
}

// MARK: - Arguments of instructions

extension Unpickler {
  private mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count <= bytes.count - position else { throw failure("ends too early") }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  private mutating func byte() throws -> UInt8 { try take(1)[0] }

  /// A little-endian number of at most eight bytes.
  private mutating func unsigned(_ width: Int) throws -> UInt64 {
    try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func count(_ width: Int) throws -> Int {
    guard let value = Int(exactly: try unsigned(width)) else { throw failure("ends too early") }
    return value
  }

  /// An integer in two's complement of up to 255 bytes.
  private mutating func long() throws -> PickleValue {
    let width = try count(1)
    guard 1...8 ~= width else {
      _ = try take(width)
      return width == 0 ? .int(0) : .opaque
    }
    let unused = UInt64(64 - 8 * width)
    return .int(Int(truncatingIfNeeded: try unsigned(width) << unused) >> Int(unused))
  }

  private mutating func string(lengthBytes: Int) throws -> PickleValue {
    let content = try take(try count(lengthBytes))
    guard content.count <= Self.maximumStringLength else { return .opaque }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw failure("holds a string that is not UTF-8")
    }
    return .string(text)
  }

  private mutating func skipBytes(lengthBytes: Int) throws {
    _ = try take(try count(lengthBytes))
    stack.append(.opaque)
  }

  private mutating func line() throws -> String {
    guard let end = bytes[position...].prefix(1_000).firstIndex(of: UInt8(ascii: "\n")) else {
      throw failure("refers to something without naming it")
    }
    let content = try take(end - position)
    position += 1
    return String(decoding: content, as: UTF8.self)
  }
}
