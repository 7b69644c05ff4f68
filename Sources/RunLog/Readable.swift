import Foundation

/// A number of bytes for a person.
package func bytes(_ count: Int64) -> String {
  let units = ["B", "kB", "MB", "GB"]
  var value = Double(count)
  var unit = 0
  while value >= 1000, unit + 1 < units.count {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
}

/// A time for a person: `1:05`, `12:00:01`, `3 d 4:00:00`.
package func duration(_ seconds: Double) -> String {
  // A time that no number of days tells is as good as this one, and fits.
  let whole = seconds.isNaN ? 0 : Int(min(max(seconds, 0), 86_400 * 9999).rounded())
  let (days, hours) = (whole / 86_400, whole / 3600 % 24)
  let rest = String(format: "%02d:%02d", whole / 60 % 60, whole % 60)
  if days > 0 { return "\(days) d \(hours):\(rest)" }
  return hours > 0 ? "\(hours):\(rest)" : String(format: "%d:%02d", whole / 60, whole % 60)
}

/// A number for a person, in four digits or few more: `0.1234`, `12.34`, `1.2e-05`.
package func figure(_ number: Double) -> String { String(format: "%.4g", number) }
