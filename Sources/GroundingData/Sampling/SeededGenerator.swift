/// Random numbers that are a function of a seed and of what they are drawn for, such as the epoch and a place
/// in it: every sample can be made again alone, on any thread, and a run goes on from two counters.
///
/// SplitMix64 (Steele, Lea and Flood, 2014), begun at a hash of seed and path.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable, Codable {
  private var state: UInt64

  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// - Parameter path: what the numbers are for; another path gives other numbers.
  public init(seed: UInt64, _ path: Int...) {
    state = seed
    for part in path {
      state = Self.mixed((state &+ Self.step) ^ Self.mixed(UInt64(truncatingIfNeeded: part)))
    }
  }

  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }

  /// `count` different ones of the numbers 0..<total, in random order.
  mutating func choose(_ count: Int, of total: Int) -> [Int] {
    var numbers = Array(0..<total)
    let count = min(count, total)
    for index in 0..<count { numbers.swapAt(index, Int.random(in: index..<total, using: &self)) }
    return Array(numbers.prefix(count))
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
