import Foundation
import Testing
import Torch

// In a process of its own, as the count is of all tensors and other tests run at the same time.
#if compiler(>=6.2)
  @Suite struct LeakTests {
    @Test("Calls leave no tensors behind, successful and failing ones, and no memory") func calls() async {
      await #expect(processExitsWith: .success) {
        let split = Operator("aten::split_with_sizes")
        let complex = Operator("aten::complex")
        func round() throws {
          let x = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).requiringGradient()
          try (x * x).sum().backward()
          _ = x.gradient
          _ = try split.tensors(x, [1, 2], 1)
          _ = try x.detached().sorted()
          for failing in [
            { try x.matmul(x) }, { try complex(x, x) }, { try x.reshaped(7) }, { try Operator("a::b")(x) },
            { try Tensor([1] as [Float], shape: [2]) },
          ] {
            #expect(throws: TorchError.self) { _ = try failing() }
          }
        }
        func residentKilobytes() throws -> Int? {
          let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
          let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
          return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        }
        for _ in 0..<200 { try round() }
        let (tensors, memory) = try (Tensor.liveCount, residentKilobytes())
        for _ in 0..<1000 { try round() }
        try #require(Tensor.liveCount == tensors)
        // Less than if every third call kept a kilobyte. Only Linux has the file, and AddressSanitizer
        // (`make sanitize`) holds freed memory back.
        let sanitized = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] != nil
        if let before = memory, let after = try residentKilobytes(), !sanitized {
          try #require(after - before < 4096)
        }
      }
    }
  }
#endif
