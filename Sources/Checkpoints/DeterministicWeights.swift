import Dispatch

/// Reproducible values for a model's parameter, made from nothing but its name and a few numbers.
///
/// They stand in for a trained checkpoint where numbers must be comparable between programs: the generator
/// is integer arithmetic, which any language can repeat. With i the element's index in C order,
///
///     z = (crc32(name) << 32) + i + 1, multiplied by 2^64/φ and mixed as in SplitMix64
///     g = (sum of z's four 16-bit limbs, centred) / its standard deviation     nearly normal
///
/// and the value is mean + std * g, in double precision, rounded to `Float`.
package struct DeterministicWeights: Sendable {
  /// A mean that is removed from g, times an amount, before scaling.
  package enum Transform: Sendable, Equatable {
    case none
    /// The mean over the last two axes: of a convolution's kernel.
    case taps(Double)
    /// The mean over the last axis.
    case row(Double)
    /// The mean over the first axis.
    case column(Double)

    /// Reads "", "taps:0.9", "row:1" or "col:0.5"; nil for anything else.
    package init?(_ text: String) {
      if text.isEmpty {
        self = .none
        return
      }
      let parts = text.split(separator: ":")
      guard parts.count == 2, let amount = Double(parts[1]) else { return nil }
      switch parts[0] {
      case "taps": self = .taps(amount)
      case "row": self = .row(amount)
      case "col": self = .column(amount)
      default: return nil
      }
    }
  }

  package let shape: [Int]
  package let mean: Double
  package let std: Double
  package let transform: Transform
  private let seed: UInt64

  /// - Parameter name: The parameter's full name, without "module.".
  package init(
    name: String, shape: [Int], mean: Double, std: Double, transform: Transform = .none
  ) {
    self.shape = shape
    self.mean = mean
    self.std = std
    self.transform = transform
    seed = UInt64(crc32(name)) << 32
  }

  /// Number of values.
  package var count: Int { shape.reduce(1, *) }

  /// The values in C order.
  package func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(buffer)
      initialized = count
    }
  }

  /// Writes the values, in C order, to memory for `count` of them, on all processors.
  package func fill(_ target: UnsafeMutableBufferPointer<Float>) {
    precondition(target.count >= count)
    switch transform {
    case .none: fillRuns(of: min(1 << 16, count), target, amount: 0)
    case .taps(let amount): fillRuns(of: shape.suffix(2).reduce(1, *), target, amount: amount)
    case .row(let amount): fillRuns(of: shape.last ?? 1, target, amount: amount)
    case .column(let amount): fillColumns(target, amount: amount)
    }
  }

  /// Elements in groups that lie side by side; the mean of each group is removed.
  private func fillRuns(of length: Int, _ target: UnsafeMutableBufferPointer<Float>, amount: Double) {
    guard count > 0 else { return }
    nonisolated(unsafe) let target = target
    inParallel(count: (count + length - 1) / length) { runs in
      for run in runs {
        let range = run * length..<min((run + 1) * length, count)
        let centre = amount == 0 ? 0 : amount * mean(of: range.lazy.map { $0 }, count: range.count)
        for i in range { target[i] = value(at: i, minus: centre) }
      }
    }
  }

  /// Elements in groups that lie one row apart; the mean of each group is removed.
  private func fillColumns(_ target: UnsafeMutableBufferPointer<Float>, amount: Double) {
    guard count > 0, let rows = shape.first else { return }
    let width = count / rows
    nonisolated(unsafe) let target = target
    inParallel(count: width) { columns in
      for column in columns {
        let indices = stride(from: column, to: count, by: width)
        let centre = amount * mean(of: indices, count: rows)
        for i in indices { target[i] = value(at: i, minus: centre) }
      }
    }
  }

  private func inParallel(count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let pieces = min(count, 64)
    DispatchQueue.concurrentPerform(iterations: pieces) { piece in
      body(count * piece / pieces..<count * (piece + 1) / pieces)
    }
  }

  @inline(__always)
  private func mean(of indices: some Sequence<Int>, count: Int) -> Double {
    var sum = 0
    for i in indices { sum &+= centredSum(i) }
    return Double(sum) / Self.deviation / Double(count)
  }

  @inline(__always)
  private func value(at index: Int, minus centre: Double) -> Float {
    Float(mean + std * (Double(centredSum(index)) / Self.deviation - centre))
  }

  @inline(__always)
  private func centredSum(_ index: Int) -> Int {
    var z = (seed &+ UInt64(truncatingIfNeeded: index &+ 1)) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z &>> 31
    // Adds the limbs pairwise: 17 bits are enough for two of them.
    let pairs = (z & 0xFFFF_0000_FFFF) &+ ((z &>> 16) & 0xFFFF_0000_FFFF)
    let sum = (pairs & 0xFFFF_FFFF) &+ (pairs &>> 32)
    return Int(truncatingIfNeeded: sum) &- 131_070
  }

  /// Standard deviation of the sum of four uniform 16-bit numbers.
  @inline(__always)
  private static var deviation: Double { ((65_536.0 * 65_536.0 - 1) / 3).squareRoot() }
}

/// The CRC-32 of zip and PNG (ISO 3309) of the text in UTF-8.
private func crc32(_ text: String) -> UInt32 {
  ~text.utf8.reduce(~0 as UInt32) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
      sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0)
    }
  }
}
