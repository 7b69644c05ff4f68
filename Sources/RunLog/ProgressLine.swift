import Foundation

/// A line on the terminal that is written over as work goes on; silent where there is no terminal.
package struct ProgressLine {
  package let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()

  package init() {}

  /// Work done of `total`, counted in `unit`; nil where nobody knows how much there is.
  package func show(_ done: Int, of total: Int?, unit: String) {
    guard isTerminal, total.map({ $0 > 1 }) ?? true else { return }
    let seconds = Date().timeIntervalSince(start)
    let rate = Double(done) / max(seconds, 1e-9)
    guard let total else { return show(String(format: "%d  %.2f %@/s", done, rate, unit)) }
    let left = done > 0 ? duration(Double(total - done) / rate) : "?"
    show(
      String(format: "%@ %d/%d  %.2f %@/s  %@ left", Self.bar(done, of: total), done, total, rate, unit, left)
    )
  }

  /// Any text in place of the line.
  package func show(_ text: String) {
    guard isTerminal else { return }
    // A line that wraps could not be written over.
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K\(text.prefix(Self.columns - 1))".utf8))
  }

  /// Takes the line away, so that other text can be written.
  package func clear() { show("") }

  /// How much is done, as a bar of `width` characters.
  package static func bar(_ done: Int, of total: Int, width: Int = 30) -> String {
    let filled = width * min(max(done, 0), max(total, 1)) / max(total, 1)
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }

  /// The width of the terminal, in characters.
  private static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }
}
