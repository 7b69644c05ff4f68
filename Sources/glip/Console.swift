import Foundation

/// Writes a line, or several, to the standard output at once, so that a pipe sees results as they come.
///
/// - Throws: `CommandError` where it cannot be written, for want of room, say.
func say(_ text: String) throws {
  guard write(text + "\n", to: STDOUT_FILENO) else {
    let reason = String(cString: strerror(errno)).lowercased()
    throw CommandError("The standard output cannot be written: \(reason)")
  }
}

/// Opens what the caller has closed, lest a file that is opened later take the place of a standard stream.
func reserveStandardStreams() {
  for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 {
    _ = open("/dev/null", O_RDWR)
  }
}

/// Writes one sentence to the standard error stream; its full stop is added.
func warn(_ sentence: String) { _ = write("glip: \(printable(sentence)).\n", to: STDERR_FILENO) }

/// The text without what could command a terminal or break the line: file names may hold anything.
func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 })
  )
}

/// A number of bytes for a person.
func bytes(_ count: Int64) -> String {
  let units = ["B", "kB", "MB", "GB"]
  var value = Double(count)
  var unit = 0
  while value >= 1000, unit + 1 < units.count {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
}

/// A line on the terminal that is written over as work goes on; silent where there is no terminal.
struct ProgressLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()

  /// Work done of `total`, counted in `unit`.
  func show(_ done: Int, of total: Int, unit: String) {
    guard isTerminal, total > 1 else { return }
    let width = 30
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let seconds = Date().timeIntervalSince(start)
    let rate = Double(done) / max(seconds, 1e-9)
    let left = done > 0 ? Self.clock(Double(total - done) / rate) : "?"
    show(String(format: "%@ %d/%d  %.2f %@/s  %@ left", bar, done, total, rate, unit, left))
  }

  /// Any text in place of the line.
  func show(_ text: String) {
    guard isTerminal else { return }
    _ = write("\r\u{1B}[2K\(text)", to: STDERR_FILENO)
  }

  /// Takes the line away, so that other text can be written.
  func clear() { show("") }

  static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 359_999).rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}

/// Whether all of it could be written; else `errno` says why.
private func write(_ text: String, to descriptor: Int32) -> Bool {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return false }
    rest = rest.dropFirst(count)
  }
  return true
}
