import Foundation
import Synchronization

/// A headless Chromium, spoken to over a pipe in its DevTools protocol: JSON objects with zero bytes between them.
final class Chromium: Sendable {
  /// Where the browser is, if it is installed.
  static let executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }
  static var isInstalled: Bool { executable != nil }

  private struct State {
    var lastID = 0
    var waiting: [Int: CheckedContinuation<Data, any Error>] = [:]
    var isClosed = false
  }

  private let process = Process()
  private let folder: URL
  private let input = Pipe()
  private let output = Pipe()
  private let state = Mutex(State())
  /// Gets what the browser tells without being asked.
  private let onEvent: @Sendable (String, [String: Any]) -> Void

  /// Runs a browser with one empty page as long as `body` runs.
  ///
  /// - Parameter flags: further ones of its command line.
  static func run(_ flags: [String] = [], _ body: (BrowserPage) async throws -> Void) async throws {
    let problems = PageProblems()
    let browser = try Chromium(flags) { problems.note($0, $1) }
    defer { browser.close() }
    try await body(BrowserPage(browser, problems))
  }

  private init(_ flags: [String], onEvent: @escaping @Sendable (String, [String: Any]) -> Void) throws {
    guard let executable = Self.executable else { throw BrowserError("Chromium is not installed.") }
    self.onEvent = onEvent
    folder = FileManager.default.temporaryDirectory.appending(path: "chromium-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // Chromium reads what it is told from descriptor 3, and answers on 4.
    process.arguments =
      ["-c", #"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null"#, "sh", executable]
      + [
        "--headless", "--remote-debugging-pipe", "--user-data-dir=\(folder.path)", "--disable-gpu",
        "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run", "--lang=en",
      ] + (geteuid() == 0 ? ["--no-sandbox"] : []) + flags + ["about:blank"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let reader = output.fileHandleForReading
    Thread.detachNewThread { [self] in read(from: reader) }
  }

  /// Ends the browser.
  private func close() {
    try? input.fileHandleForWriting.close()
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  // MARK: Messages

  /// Gives a command and waits for its result, a JSON object.
  func send(_ method: String, _ parameters: [String: Any] = [:], session: String? = nil) async throws -> Data
  {
    var message: [String: Any] = ["method": method, "params": parameters]
    message["sessionId"] = session
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    message["id"] = id
    let bytes = try JSONSerialization.data(withJSONObject: message) + [0]
    let handle = input.fileHandleForWriting
    return try await withCheckedThrowingContinuation { continuation in
      let isClosed = state.withLock { state in
        if !state.isClosed { state.waiting[id] = continuation }
        return state.isClosed
      }
      guard !isClosed else { return continuation.resume(throwing: BrowserError("The browser has ended.")) }
      do {
        try handle.write(contentsOf: bytes)
      } catch {
        state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(throwing: error)
      }
    }
  }

  private func read(from handle: FileHandle) {
    var buffer = Data()
    while true {
      let bytes = handle.availableData
      if bytes.isEmpty { break }
      buffer += bytes
      while let end = buffer.firstIndex(of: 0) {
        take(buffer[..<end])
        buffer = Data(buffer[(end + 1)...])
      }
    }
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(throwing: BrowserError("The browser has ended.")) }
  }

  private func take(_ data: Data) {
    guard let message = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
    guard let id = message["id"] as? Int else {
      onEvent(message["method"] as? String ?? "", message["params"] as? [String: Any] ?? [:])
      return
    }
    let continuation = state.withLock { $0.waiting.removeValue(forKey: id) }
    if let error = message["error"] as? [String: Any] {
      continuation?.resume(throwing: BrowserError("\(error["message"] ?? "The command failed.")"))
    } else {
      let result = try? JSONSerialization.data(withJSONObject: message["result"] ?? [:])
      continuation?.resume(returning: result ?? Data())
    }
  }
}

struct BrowserError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// What went wrong on a page: errors in its console, exceptions, broken rules of its security policy, files that did
/// not load.
final class PageProblems: Sendable {
  private let found = Mutex<[String]>([])

  var all: [String] { found.withLock { $0 } }

  /// Forgets what a test meant to happen.
  func clear() { found.withLock { $0 = [] } }

  func note(_ event: String, _ fields: [String: Any]) {
    switch event {
    case "Runtime.exceptionThrown":
      let details = fields["exceptionDetails"] as? [String: Any] ?? [:]
      let exception = details["exception"] as? [String: Any]
      add("\(exception?["description"] ?? details["text"] ?? "an exception")")
    case "Runtime.consoleAPICalled" where ["error", "warning", "assert"].contains(fields["type"] as? String):
      let values = (fields["args"] as? [[String: Any]] ?? []).map {
        "\($0["value"] ?? $0["description"] ?? "")"
      }
      add(values.joined(separator: " "))
    case "Log.entryAdded":
      let entry = fields["entry"] as? [String: Any] ?? [:]
      guard ["error", "warning"].contains(entry["level"] as? String) else { return }
      add("\(entry["text"] ?? "") \(entry["url"] ?? "")")
    case "Audits.issueAdded":
      let issue = fields["issue"] as? [String: Any] ?? [:]
      add("\(issue["code"] ?? "an issue"): \(issue["details"] ?? "")")
    default: break
    }
  }

  private func add(_ text: String) { found.withLock { $0.append(text) } }
}
