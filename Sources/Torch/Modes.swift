import CTorch

// Modes of the calling thread. Each holds while its closure runs, which therefore must not suspend.

/// Runs without recording for autograd.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  let previous = ct_grad_mode(false)
  defer { _ = ct_grad_mode(previous) }
  return try body()
}

/// Runs in libtorch's inference mode: no autograd, no version counting. Tensors made inside cannot be used in
/// training afterwards.
public func withInferenceMode<Result>(_ body: () throws -> Result) rethrows -> Result {
  let guardHandle = ct_inference_enter()
  defer { ct_inference_leave(guardHandle) }
  return try body()
}

/// Runs with autocast: matrix products and convolutions in `dtype`, those operators in float32 that libtorch
/// holds to be sensitive on the device, the others in the type that comes.
///
/// - Throws: `TorchError.failed` for a type other than bfloat16 and float16; what `body` throws.
public func withAutocast<Result>(
  _ dtype: DType, device: Device = .cpu, _ body: () throws -> Result
) throws -> Result {
  var previous: Int32 = -1
  try check(ct_autocast(device.type, dtype.rawValue, &previous), "Switching autocast to \(dtype)")
  defer {
    var ignored: Int32 = 0
    _ = take(ct_autocast(device.type, previous, &ignored))
  }
  return try body()
}

/// Settings of the whole process.
public enum Runtime {
  /// The version of the libtorch that is loaded.
  public static var version: String { String(cString: ct_version()) }

  /// The instruction set that libtorch's own CPU kernels use: `AVX512`, `AVX2`, `DEFAULT`.
  public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

  public static var isCUDAAvailable: Bool { ct_cuda_available() }

  /// Threads that one operator may use.
  public static var threadCount: Int {
    get throws {
      var count: Int64 = 0
      try check(ct_threads(&count), "Reading the number of threads")
      return Int(count)
    }
  }

  /// Sets the threads that one operator may use, whatever thread it is called from.
  ///
  /// - Throws: `TorchError.failed` for a count below 1 or above 1024.
  public static func setThreadCount(_ count: Int) throws {
    try check(ct_set_threads(Int64(count)), "Setting the number of threads")
  }

  /// Seeds the default generator of every device.
  public static func seed(_ seed: UInt64) throws { try check(ct_seed(seed), "Seeding") }

  /// Splits `range` into pieces, each a multiple of `grain` long but for the last, and runs them on libtorch's
  /// threads.
  public static func parallelFor(_ range: Range<Int>, grain: Int, _ body: @Sendable (Range<Int>) -> Void)
    throws
  {
    try withoutActuallyEscaping(body) { body in
      let box = ParallelBody(run: body)
      try withExtendedLifetime(box) {
        try check(
          ct_parallel_for(
            Int64(range.lowerBound), Int64(range.upperBound), Int64(grain),
            { context, begin, end in
              Unmanaged<ParallelBody>.fromOpaque(context!).takeUnretainedValue().run(Int(begin)..<Int(end))
            }, Unmanaged.passUnretained(box).toOpaque()),
          "A parallel loop over \(range)")
      }
    }
  }

  private final class ParallelBody: Sendable {
    let run: @Sendable (Range<Int>) -> Void
    init(run: @escaping @Sendable (Range<Int>) -> Void) { self.run = run }
  }
}

/// A source of random numbers of its own, independent of the process-wide one.
///
/// libtorch advances it at every draw: use one from one task at a time.
public final class Generator: @unchecked Sendable {
  let handle: OpaquePointer

  public init(seed: UInt64, device: Device = .cpu) throws {
    var handle: OpaquePointer?
    try check(ct_generator_make(device.name, seed, &handle), "Making a generator on \(device)")
    self.handle = handle!
  }

  private init(owning handle: OpaquePointer) { self.handle = handle }

  /// The generator that operators draw from which are given none; one for all who ask.
  public static func standard(on device: Device = .cpu) throws -> Generator {
    var handle: OpaquePointer?
    try check(ct_generator_default(device.name, &handle), "Finding the generator of \(device)")
    return Generator(owning: handle!)
  }

  deinit { ct_generator_release(handle) }

  /// All that its next numbers depend on.
  public var state: [UInt8] {
    get throws {
      var state: OpaquePointer?
      try check(ct_generator_state(handle, &state), "Reading the state of a generator")
      return try Tensor(owning: state!).elements()
    }
  }

  /// Goes on where a generator of the same kind of device was when its `state` was read.
  ///
  /// - Throws: `TorchError.failed` for bytes that are no such state.
  public func setState(_ state: [UInt8]) throws {
    let bytes = try Tensor(state)
    try withExtendedLifetime(bytes) {
      try check(ct_set_generator_state(handle, bytes.handle), "Setting the state of a generator")
    }
  }
}
