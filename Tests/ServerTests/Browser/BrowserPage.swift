import Foundation
import Testing

/// A page in a browser, and what a user does with it.
struct BrowserPage: Sendable {
  let problems: PageProblems
  private let browser: Chromium
  private let session: String

  init(_ browser: Chromium, _ problems: PageProblems) async throws {
    self.browser = browser
    self.problems = problems
    struct Targets: Decodable {
      struct Target: Decodable { let targetId, type: String }
      let targetInfos: [Target]
    }
    struct Attached: Decodable { let sessionId: String }
    var page: String?
    // The browser answers before its first page is there.
    for _ in 0..<200 where page == nil {
      let targets = try await JSONDecoder().decode(Targets.self, from: browser.send("Target.getTargets"))
      page = targets.targetInfos.first { $0.type == "page" }?.targetId
      if page == nil { try await Task.sleep(for: .milliseconds(50)) }
    }
    let target = try #require(page, "The browser opened no page.")
    let attached = try await browser.send("Target.attachToTarget", ["targetId": target, "flatten": true])
    session = try JSONDecoder().decode(Attached.self, from: attached).sessionId
    for domain in ["Page", "Runtime", "Log", "DOM", "Audits", "Accessibility", "Network"] {
      _ = try await send("\(domain).enable")
    }
  }

  /// Gives a command of the DevTools protocol.
  @discardableResult
  func send(_ method: String, _ parameters: [String: Any] = [:]) async throws -> Data {
    try await browser.send(method, parameters, session: session)
  }

  // MARK: Looking

  /// The value of an expression of JavaScript, awaited if it is a promise.
  func value<Value: Decodable>(_ expression: String, as type: Value.Type = Value.self) async throws -> Value {
    let answer = try await send(
      "Runtime.evaluate",
      [
        "expression": "(async () => JSON.stringify([await (\(expression))]))()", "awaitPromise": true,
        "returnByValue": true, "userGesture": true,
      ])
    let evaluated = try JSONDecoder().decode(Evaluated.self, from: answer)
    if let failure = evaluated.exceptionDetails {
      throw BrowserError("\(expression): \(failure.exception?.description ?? "an exception")")
    }
    let values = try JSONDecoder().decode([Value].self, from: Data((evaluated.result.value ?? "").utf8))
    return try #require(values.first)
  }

  /// Evaluates an expression for what it does.
  func run(_ expression: String) async throws {
    _ = try await value("[await (\(expression))].length", as: Int.self)
  }

  /// The text of the first element that a selector finds.
  func text(_ selector: String) async throws -> String {
    try await value("document.querySelector(\(quoted(selector))).textContent")
  }

  /// How many elements a selector finds.
  func count(_ selector: String) async throws -> Int {
    try await value("document.querySelectorAll(\(quoted(selector))).length")
  }

  /// Waits until an expression is true.
  func wait(
    until expression: String, seconds: Double = 30, location: SourceLocation = #_sourceLocation
  ) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !value("Boolean(\(expression))", as: Bool.self) {
      try #require(.now < end, "\(expression) never became true", sourceLocation: location)
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Waits until a selector finds something that is not hidden.
  func wait(for selector: String, location: SourceLocation = #_sourceLocation) async throws {
    try await wait(
      until: "document.querySelector(\(quoted(selector)))?.checkVisibility()", location: location)
  }

  /// What a reader of the screen gets: role, name and whether it can have the focus, of everything.
  func accessibleNodes() async throws -> [AccessibleNode] {
    struct Tree: Decodable {
      struct Node: Decodable {
        struct Value: Decodable { let value: AnyText? }
        struct Property: Decodable {
          let name: String
          let value: Value
        }
        let ignored: Bool
        let role, name: Value?
        let properties: [Property]?
      }
      let nodes: [Node]
    }
    let tree = try await JSONDecoder().decode(Tree.self, from: send("Accessibility.getFullAXTree"))
    return tree.nodes.filter { !$0.ignored }.map { node in
      AccessibleNode(
        role: node.role?.value?.text ?? "", name: node.name?.value?.text ?? "",
        isFocusable: node.properties?.contains { $0.name == "focusable" && $0.value.value?.text == "true" }
          ?? false)
    }
  }

  /// Writes what is seen as a PNG file.
  func screenshot(to url: URL) async throws {
    struct Shot: Decodable { let data: Data }
    let shot = try await JSONDecoder().decode(
      Shot.self, from: send("Page.captureScreenshot", ["format": "png"]))
    try shot.data.write(to: url)
  }

  // MARK: Doing

  /// Opens an address, or the present one again, and waits until all is loaded.
  func open(_ url: String) async throws {
    try await send("Page.navigate", ["url": url])
    try await loaded(url)
  }

  func reload() async throws {
    let url = try await value("location.href", as: String.self)
    try await run("globalThis.isOld = true")
    try await send("Page.reload")
    try await loaded(url)
  }

  private func loaded(_ url: String) async throws {
    // A page that is about to go answers, too, or its answer gets lost.
    let isThere =
      "!globalThis.isOld && location.href === \(quoted(url)) && document.readyState === 'complete'"
    for _ in 0..<1500 {
      if (try? await value(isThere, as: Bool.self)) == true { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw BrowserError("\(url) was not loaded.")
  }

  /// The size of the window, in CSS pixels.
  func resize(width: Int, height: Int, isPhone: Bool = false, isDark: Bool = false) async throws {
    try await send(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": isPhone ? 2 : 1, "mobile": isPhone])
    let scheme = ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
    try await send("Emulation.setEmulatedMedia", ["features": [scheme]])
  }

  /// Gives files to a control that takes some.
  func choose(_ files: [URL], in selector: String) async throws {
    struct Document: Decodable {
      struct Root: Decodable { let nodeId: Int }
      let root: Root
    }
    struct Found: Decodable { let nodeId: Int }
    let document = try await JSONDecoder().decode(Document.self, from: send("DOM.getDocument"))
    let found = try await JSONDecoder().decode(
      Found.self,
      from: send("DOM.querySelector", ["nodeId": document.root.nodeId, "selector": selector]))
    try await send("DOM.setFileInputFiles", ["nodeId": found.nodeId, "files": files.map(\.path)])
  }

  /// Moves the pointer over the middle of an element, or to some other part of it.
  func hover(_ selector: String, at part: (x: Double, y: Double) = (0.5, 0.5)) async throws {
    let place = try await place(selector, part)
    try await mouse("mouseMoved", place.x, place.y)
  }

  func click(_ selector: String, at part: (x: Double, y: Double) = (0.5, 0.5)) async throws {
    let place = try await place(selector, part)
    try await mouse("mouseMoved", place.x, place.y)
    try await mouse("mousePressed", place.x, place.y, isDown: true)
    try await mouse("mouseReleased", place.x, place.y)
  }

  /// Presses the pointer's button at one place of the window, moves it to another in steps, and lets go.
  func drag(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) async throws {
    try await mouse("mouseMoved", start.x, start.y)
    try await mouse("mousePressed", start.x, start.y, isDown: true)
    for step in 1...4 {
      let share = Double(step) / 4
      try await mouse(
        "mouseMoved", start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share, isDown: true)
    }
    try await mouse("mouseReleased", end.x, end.y)
  }

  /// Where a part of an element is in the window, after scrolling there.
  func place(_ selector: String, _ part: (x: Double, y: Double) = (0.5, 0.5)) async throws -> (
    x: Double, y: Double
  ) {
    let place = try await value(
      """
      (() => {
        const found = document.querySelector(\(quoted(selector)));
        found.scrollIntoView({ block: "center", behavior: "instant" });
        const area = found.getBoundingClientRect();
        return [area.x + \(part.x) * area.width, area.y + \(part.y) * area.height];
      })()
      """, as: [Double].self)
    return (place[0], place[1])
  }

  private func mouse(_ type: String, _ x: Double, _ y: Double, isDown: Bool = false) async throws {
    try await send(
      "Input.dispatchMouseEvent",
      [
        "type": type, "x": x, "y": y, "button": type == "mouseMoved" && !isDown ? "none" : "left",
        "buttons": isDown ? 1 : 0, "clickCount": type == "mouseMoved" ? 0 : 1,
      ])
  }

  /// Types text into whatever has the focus.
  func type(_ text: String) async throws { try await send("Input.insertText", ["text": text]) }

  /// Presses a key, named as in JavaScript's `KeyboardEvent.key`.
  func press(_ key: String, modifiers: KeyModifiers = []) async throws {
    let codes = [
      "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
      "ArrowDown": 40, "Delete": 46, "Home": 36, "End": 35,
    ]
    let code = codes[key] ?? Int(key.uppercased().unicodeScalars.first?.value ?? 0)
    var event: [String: Any] = ["key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers.rawValue]
    if key == "Enter" { event["text"] = "\r" }
    if key.count == 1, modifiers.isSubset(of: .shift) { event["text"] = key }
    event["type"] = event["text"] == nil ? "rawKeyDown" : "keyDown"
    try await send("Input.dispatchKeyEvent", event)
    event["type"] = "keyUp"
    event["text"] = nil
    try await send("Input.dispatchKeyEvent", event)
  }

  /// Text as a literal of JavaScript.
  func quoted(_ text: String) -> String {
    (try? String(decoding: JSONEncoder().encode(text), as: UTF8.self)) ?? "''"
  }
}

/// Keys that are held while another is pressed.
struct KeyModifiers: OptionSet {
  let rawValue: Int
  static let alt = KeyModifiers(rawValue: 1)
  static let control = KeyModifiers(rawValue: 2)
  static let shift = KeyModifiers(rawValue: 8)
}

/// Something on a page, as a reader of the screen tells it.
struct AccessibleNode: Sendable {
  let role: String
  let name: String
  let isFocusable: Bool
}

/// A value of any simple type, as text.
private struct AnyText: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    text =
      (try? container.decode(String.self)) ?? (try? container.decode(Bool.self)).map { "\($0)" }
      ?? (try? container.decode(Double.self)).map { "\($0)" } ?? ""
  }
}

/// What a browser answers to an expression.
private struct Evaluated: Decodable {
  struct Result: Decodable { let value: String? }
  struct Exception: Decodable {
    struct Thrown: Decodable { let description: String? }
    let exception: Thrown?
  }
  let result: Result
  let exceptionDetails: Exception?
}
