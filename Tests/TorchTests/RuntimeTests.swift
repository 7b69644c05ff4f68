import Foundation
import Synchronization
import Testing
import Torch

@Suite struct AutocastTests {
  private let x: Tensor
  init() throws { x = try Tensor.full([4, 4], 0.5).requiringGradient() }

  private func product() throws -> DType { try x.matmul(x).dtype }

  @Test("Autocast turns matrix products to its type and sensitive operators to float32")
  func types() throws {
    try withAutocast(.bfloat16) { () throws in
      #expect(try product() == .bfloat16)
      let half = try x.matmul(x)
      #expect(try half.softmax(0).dtype == .bfloat16)
      #expect(try Operator("aten::mse_loss")(half, half).dtype == .float32)
    }
    #expect(try product() == .float32)
  }

  @Test("It ends with its closure, also by an error, and an inner one leaves the outer one as it was")
  func nesting() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) { try withAutocast(.bfloat16) { throw Stop() } }
    #expect(try product() == .float32)
    try withAutocast(.bfloat16) { () throws in
      #expect(try product() == .bfloat16)
      // The weight's cached cast is of the outer type.
      #expect(try withAutocast(.float16) { try product() } == .float16)
      #expect(try product() == .bfloat16)
      #expect(throws: Stop.self) { try withAutocast(.float16) { throw Stop() } }
      #expect(try product() == .bfloat16)
    }
    #expect(try product() == .float32)
  }

  @Test("It is to half precision only", arguments: [DType.float32, .int32, .bool])
  func refused(dtype: DType) throws {
    #expect(
      errorText { try withAutocast(dtype) { 1 } }.hasPrefix("Switching autocast to \(dtype) failed: "))
    #expect(try product() == .float32)
  }

  @Test("It holds for the calling thread") func threads() throws {
    let elsewhere = try withAutocast(.bfloat16) { onThread { try? product() } }
    #expect(elsewhere == .float32)
  }
}

@Suite struct RandomTests {
  private func draw(_ generator: Generator?) throws -> [Float] {
    try Tensor.randomNormal([5], generator: generator).elements()
  }

  @Test("Generators repeat by seed, and are independent of each other") func generators() throws {
    let (a, b, other) = try (Generator(seed: 5), Generator(seed: 5), Generator(seed: 6))
    let first = try draw(a)
    _ = try draw(other)
    #expect(try draw(b) == first)
    #expect(try draw(other) != first)
    #expect(try draw(a) != first)
    #expect(try draw(Generator(seed: .max)) != first)
  }

  @Test("The process-wide seed repeats what is drawn without a generator, and generators ignore it")
  func processSeed() throws {
    let generator = try Generator(seed: 5)
    try Runtime.seed(1)
    let first = try draw(nil)
    let own = try draw(generator)
    try Runtime.seed(1)
    #expect(try draw(nil) == first)
    #expect(try draw(generator) != own)
    #expect(try draw(Generator(seed: 5)) == own)
  }

  @Test("There is no generator on a device that is not there", .enabled(if: !Runtime.isCUDAAvailable))
  func missingDevice() {
    #expect(throws: TorchError.self) { try Generator(seed: 1, device: Device("cuda")) }
  }
}

// One at a time: the number of threads is a setting of the process.
@Suite(.serialized) struct ThreadTests {
  @Test("The number of threads holds for every thread, also one that has worked before")
  func everyThread() throws {
    let before = try Runtime.threadCount
    defer { try? Runtime.setThreadCount(before) }
    let (ready, changed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let counts = Mutex<[Int?]>([])
    Thread {
      counts.withLock { $0.append(try? Runtime.threadCount) }
      ready.signal()
      changed.wait()
      counts.withLock { $0.append(try? Runtime.threadCount) }
      ready.signal()
    }.start()
    ready.wait()
    try Runtime.setThreadCount(3)
    changed.signal()
    ready.wait()
    #expect(counts.withLock { $0 } == [before, 3])
    #expect(try Runtime.threadCount == 3)
  }

  @Test("Numbers of threads that cannot be are refused", arguments: [0, -1, .min, .max, 1 << 32 + 1])
  func refused(count: Int) throws {
    let before = try Runtime.threadCount
    let text = errorText { try Runtime.setThreadCount(count) }
    #expect(text.hasPrefix("Setting the number of threads failed: "))
    #expect(try Runtime.threadCount == before)
  }

  @Test(
    "A parallel loop covers its range exactly once",
    arguments: [
      (0..<1000, 1), (0..<1000, 7), (-13..<500, 64), (5..<6, 3), (5..<5, 1), (0..<9, 0), (0..<9, .max),
    ])
  func coverage(range: Range<Int>, grain: Int) throws {
    let pieces = Mutex<[Range<Int>]>([])
    try Runtime.parallelFor(range, grain: grain) { piece in pieces.withLock { $0.append(piece) } }
    let sorted = pieces.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(sorted.flatMap { Array($0) } == Array(range))
    for piece in sorted.dropLast() { #expect(piece.count.isMultiple(of: max(grain, 1))) }
  }

  @Test("A range that is too long is refused") func tooLong() {
    #expect(throws: TorchError.self) { try Runtime.parallelFor(.min..<(.max), grain: 1) { _ in } }
  }

  @Test("A parallel loop runs on several threads where there are several") func severalThreads() throws {
    let before = try Runtime.threadCount
    defer { try? Runtime.setThreadCount(before) }
    func threads(_ count: Int) throws -> Int {
      try Runtime.setThreadCount(count)
      let seen = Mutex<Set<ObjectIdentifier>>([])
      try Runtime.parallelFor(0..<64, grain: 1) { _ in
        _ = seen.withLock { $0.insert(ObjectIdentifier(Thread.current)) }
      }
      return seen.withLock { $0.count }
    }
    #expect(try threads(1) == 1)
    #expect(try threads(4) > 1)
  }

  @Test("Many tasks may call operators at once") func concurrentCalls() async throws {
    let shared = try Tensor.arange(0..<64, dtype: .float32).reshaped(8, 8)
    try await withThrowingTaskGroup(of: (Int, Double).self) { group in
      for number in 0..<64 {
        group.addTask {
          var sum = 0.0
          for _ in 0..<50 {
            sum = try (shared.matmul(shared.transposed(0, 1)) * Double(number)).sum().item()
            // Errors cross threads as well as results do.
            #expect(throws: TorchError.self) { try shared.reshaped(7) }
          }
          return (number, sum)
        }
      }
      let one = try shared.matmul(shared.transposed(0, 1)).sum().item()
      for try await (number, sum) in group { #expect(abs(sum - one * Double(number)) <= 1e-6 * abs(sum)) }
    }
  }

  @Test("What is loaded can be told") func versions() {
    #expect(Runtime.version.first == "2")
    #expect(!Runtime.cpuCapability.isEmpty)
  }
}

/// What `body` gives on a thread of its own.
private func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result? {
  let found = Mutex<Result?>(nil)
  let done = DispatchSemaphore(value: 0)
  Thread {
    let result = body()
    found.withLock { $0 = result }
    done.signal()
  }.start()
  done.wait()
  return found.withLock { $0 }
}
