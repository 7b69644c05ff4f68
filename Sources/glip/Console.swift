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
