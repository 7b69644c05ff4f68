import Foundation

/// Where numbers lie along a side of a plot, and which of them are written there.
package struct Axis {
  package typealias Tick = Plot.Tick

  package let range: ClosedRange<Double>
  package let isLogarithmic: Bool
  package var ticks: [Tick]

  /// An axis for the values.
  ///
  /// - Parameters:
  ///   - values: finite, above 0 if logarithmic
  ///   - range: what is shown; `nil` for all values
  ///   - ticks: about how many there is room for
  ///   - isTight: whether the axis ends with the values, rather than at the next ticks
  package init(
    _ values: [Double], range: ClosedRange<Double>? = nil, isLogarithmic: Bool = false, ticks: Int,
    isTight: Bool = false
  ) {
    self.isLogarithmic = isLogarithmic
    let shown = Self.widened(range ?? Self.extent(values), isLogarithmic: isLogarithmic)
    if isLogarithmic {
      // A little room, so that no curve runs along the frame.
      let factor = range == nil ? pow(shown.upperBound / shown.lowerBound, 0.04) : 1
      self.range = shown.lowerBound / factor...shown.upperBound * factor
      self.ticks = Self.logarithmicTicks(self.range, count: ticks)
    } else {
      let step = Self.step(shown, count: ticks)
      self.range =
        range == nil && !isTight
        ? (shown.lowerBound / step).rounded(.down) * step...(shown.upperBound / step).rounded(.up) * step
        : shown
      self.ticks = Self.linearTicks(self.range, step: step)
    }
  }

  /// 0 at the beginning of the axis, 1 at its end; beyond them for values that are not shown.
  package func place(_ value: Double) -> Double {
    isLogarithmic
      ? log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
      : (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  private static func extent(_ values: [Double]) -> ClosedRange<Double>? {
    guard let low = values.min(), let high = values.max() else { return nil }
    return low...high
  }

  /// The range, with room around a single value; where there is none, 0 to 1, or 0.1 to 1.
  private static func widened(_ range: ClosedRange<Double>?, isLogarithmic: Bool) -> ClosedRange<Double> {
    guard let range = range?.clamped(to: -limit...limit) else { return isLogarithmic ? 0.1...1 : 0...1 }
    if isLogarithmic {
      let low = max(range.lowerBound, 1 / limit)
      let high = max(range.upperBound, low)
      return high / low > 1.001 ? low...high : low / 2...high * 2
    }
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    if range.upperBound - range.lowerBound > max(largest * 1e-9, 1 / limit) { return range }
    let room = largest > 1 / limit ? largest / 10 : 1
    return range.lowerBound - room...range.upperBound + room
  }

  /// What is as good as infinite, or its inverse as 0, and leaves room to compute in.
  package static let limit = 1e300

  /// 1, 2 or 5 times a power of ten.
  private static func step(_ range: ClosedRange<Double>, count: Int) -> Double {
    let rough = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    let power = pow(10, log10(rough).rounded(.down))
    return power * ([1, 2, 5].first { $0 * power >= rough * 0.999 } ?? 10)
  }

  private static func linearTicks(_ range: ClosedRange<Double>, step: Double) -> [Tick] {
    let first = (range.lowerBound / step - 1e-6).rounded(.up)
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    return (0...50).map { (first + Double($0)) * step }
      .prefix { $0 <= range.upperBound + step * 1e-6 }
      .map { Tick(value: $0, label: label($0, step: step, largest: largest)) }
  }

  /// Powers of ten with as many of their multiples as there is room for, or each second, third, … power.
  private static func logarithmicTicks(_ range: ClosedRange<Double>, count: Int) -> [Tick] {
    guard range.upperBound / range.lowerBound >= 5 else {
      return linearTicks(range, step: step(range, count: count))
    }
    let powers = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
    func ticks(_ multiples: [Double], every: Int = 1) -> [Tick] {
      powers.filter { $0 % every == 0 }.flatMap { power in
        multiples.map { multiple in
          let unit = pow(10, Double(power))
          return Tick(
            value: multiple * unit, label: label(multiple * unit, step: unit, largest: multiple * unit))
        }
      }.filter { range.contains($0.value) }
    }
    let choices = [ticks([1, 2, 3, 4, 5, 6, 7, 8, 9]), ticks([1, 2, 5])]
    let sparser = (1...powers.count).lazy.map { ticks([1], every: $0) }
    return choices.first { $0.count <= count + 1 } ?? sparser.first { $0.count <= count + 1 } ?? []
  }

  /// A number with the digits that tell it from its neighbours a step away, in the unit that suits the largest of them.
  package static func label(_ value: Double, step: Double, largest: Double) -> String {
    func power(_ number: Double) -> Int { Int((log10(abs(number)) + 1e-9).rounded(.down)) }
    if abs(value) < step * 1e-6 { return "0" }
    if largest >= 1e15 || power(step) <= -4 {
      let digits = max(0, power(value) - power(step))
      return String(format: "%.\(digits)fe%d", value / pow(10, Double(power(value))), power(value))
    }
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
    let (size, suffix) = largest < 1e4 ? (1, "") : units.first { largest >= $0.0 } ?? (1, "")
    return String(format: "%.\(max(0, -power(step / size)))f", value / size) + suffix
  }
}
