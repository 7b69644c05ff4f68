import Foundation
import GLIPServer
import Pictures
import Testing

/// The page at `/` in a browser. The network sees objects everywhere: what it finds means nothing, but it is found.
@Suite(.serialized, .enabled(if: Chromium.isInstalled, "Chromium is not installed."))
struct PageTests {
  /// A picture as a file.
  private let picture: URL

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "page-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    picture = folder.appending(path: "picture.one.png")
    try TestPicture.png().write(to: picture)
  }

  /// Runs a server, and a browser with its page.
  private func open(
    flags: [String] = [], _ change: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (BrowserPage) async throws -> Void
  ) async throws {
    defer { try? FileManager.default.removeItem(at: picture.deletingLastPathComponent()) }
    try await Served.run(change) { served in
      try await Chromium.run(flags) { page in
        try await page.resize(width: 1200, height: 900)
        try await page.open("http://127.0.0.1:\(served.port)/")
        try await body(page)
        #expect(page.problems.all == [])
      }
    }
  }

  /// Chooses the picture and has things found on it.
  private func detect(_ page: BrowserPage, _ names: String = "cat, cup") async throws {
    try await page.click("#prompt")
    try await page.type(names)
    try await page.choose([picture], in: "#file")
    try await page.wait(for: ".box")
    try await page.wait(until: "document.querySelector('#stop').hidden")
  }

  private let requests = """
    performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/v1/detect")).length
    """

  @Test("a picture that is chosen gets boxes, and box, words and label show each other")
  func ties() async throws {
    try await open { page in
      try await page.wait(until: "document.querySelector('#model').textContent.includes('tiny')")
      try await detect(page)
      #expect(try await page.count(".box") == 5)
      #expect(try await page.text("#count") == "5 of 5 boxes shown.")
      #expect(try await page.text("#words").replacing("\n", with: "") == "cat. cup")
      #expect(try await page.text("#status").contains(" in "))

      let label = try await page.text(".box:last-child .tag").split(separator: " ")[0]
      let isTied = """
        (() => {
          const words = [...document.querySelectorAll(".words .active")].map((one) => one.textContent);
          const rows = [...document.querySelectorAll(".labels .active .name")].map((one) => one.textContent);
          return words.join() === "\(label)" && rows.join() === "\(label)";
        })()
        """
      try await page.hover(".box:last-child")
      try await page.wait(until: isTied)
      #expect(try await page.count(".box.active") == 1)
      try await page.hover("h1")
      try await page.wait(until: "document.querySelectorAll('.active').length === 0")

      let boxes = try await page.value(
        "[...document.querySelectorAll('.tag')].filter((one) => one.textContent.startsWith('\(label) ')).length",
        as: Int.self)
      let word = "(one => one.textContent === '\(label)')"
      let index = try await page.value(
        "[...document.querySelectorAll('.words button')].findIndex\(word)", as: Int.self)
      let selector = ".words button:nth-of-type(\(index + 1))"
      try await page.hover(selector)
      try await page.wait(until: "document.querySelectorAll('.box.active').length === \(boxes)")
      // A click holds what the pointer would let go.
      try await page.click(selector)
      try await page.hover("h1")
      try await page.wait(until: isTied)
      #expect(try await page.count(".words [aria-pressed=true]") == 1)
      try await page.click(".box:last-child")
      #expect(try await page.count(".box.selected") == 1)
    }
  }

  @Test("threshold and labels act at once on what is there, without a request")
  func threshold() async throws {
    try await open { page in
      try await detect(page)
      let scores = try await page.value(
        "[...document.querySelectorAll('.tag')].map((one) => parseInt(one.textContent.split(' ')[1]))",
        as: [Int].self)
      try await page.run("document.querySelector('#threshold').focus()")
      try await page.press("End")
      try await page.wait(until: "document.querySelectorAll('.box').length === 0")
      #expect(try await page.text("#count") == "0 of 5 boxes shown.")
      try await page.press("Home")
      try await page.wait(until: "document.querySelectorAll('.box').length === 5")
      // One step above the least score hides at least its box.
      let steps = (scores.min() ?? 0) - 5 + 1
      for _ in 0..<steps { try await page.press("ArrowRight") }
      let left = try await page.count(".box")
      #expect(left < 5 && left >= scores.filter { $0 > (scores.min() ?? 0) + 1 }.count)
      try await page.press("Home")

      let first = try await page.value(
        "[...document.querySelectorAll('.tag')].filter((one) => one.textContent.startsWith('cat ')).length",
        as: Int.self)
      try await page.click(".labels li:first-child input")
      try await page.wait(until: "document.querySelectorAll('.box').length === \(5 - first)")
      #expect(try await page.value(requests, as: Int.self) == 1)
      // Asking the same again leaves hidden what was hidden.
      try await page.click("#detect")
      try await page.wait(until: "\(requests) === 2 && document.querySelector('#stop').hidden")
      #expect(try await page.count(".box") == 5 - first)
    }
  }

  @Test("JSON, COCO and the annotated picture are saved and copied as they are shown")
  func exports() async throws {
    let folder = picture.deletingLastPathComponent().appending(path: "saved")
    @Sendable func saved(_ name: String) async throws -> Data {
      let url = folder.appending(path: name)
      for _ in 0..<500 where !FileManager.default.fileExists(atPath: url.path) {
        try await Task.sleep(for: .milliseconds(20))
      }
      return try Data(contentsOf: url)
    }
    try await open { page in
      try await page.send(
        "Browser.setDownloadBehavior", ["behavior": "allow", "downloadPath": folder.path])
      try await page.send(
        "Browser.grantPermissions", ["permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]])
      try await page.send("Emulation.setFocusEmulationEnabled", ["enabled": true])
      try await detect(page)
      try await page.click(".labels li:first-child input")
      let count = try await page.count(".box")

      try await page.click("#save-json")
      let text = try await saved("picture.one.json")
      let json = try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
      let detections = try #require(json["detections"] as? [[String: Any]])
      #expect(json["width"] as? Int == 96 && json["prompt"] as? String == "cat. cup")
      #expect(detections.count == count && detections.allSatisfy { $0["label"] as? String == "cup" })

      try await page.click("#copy")
      try await page.wait(until: "document.querySelector('#export-note').textContent === 'Copied.'")
      #expect(try await page.value("navigator.clipboard.readText()") == String(decoding: text, as: UTF8.self))

      try await page.click("#save-coco")
      let coco = try #require(
        JSONSerialization.jsonObject(with: try await saved("picture.one-coco.json")) as? [String: Any])
      let annotations = try #require(coco["annotations"] as? [[String: Any]])
      let images = try #require(coco["images"] as? [[String: Any]])
      #expect(images.map { $0["file_name"] as? String } == ["picture.one.png"])
      #expect(annotations.map { $0["bbox"] as? [Double] } == detections.map { $0["bbox"] as? [Double] })
      #expect(Set(annotations.map { $0["category_id"] as? Int }).isSubset(of: [2]))

      try await page.click("#save-picture")
      let annotated = try Picture(data: try await saved("picture.one-boxes.png"), name: "saved")
      #expect(annotated.width == 96 && annotated.height == 64)
      #expect((annotated.pixels != TestPicture.picture().pixels) == (count > 0))
    }
  }

  @Test("the keyboard alone is enough")
  func keyboard() async throws {
    try await open { page in
      func tab(to selector: String) async throws {
        for _ in 0..<40 {
          try await page.press("Tab")
          if try await page.value("document.activeElement.matches(\(page.quoted(selector)))", as: Bool.self) {
            return
          }
        }
        Issue.record("Tab never got to \(selector)")
      }
      try await tab(to: "#file")
      try await tab(to: "#camera")
      try await tab(to: "#examples button")
      try await page.press("Enter")
      try await page.wait(for: ".box")
      try await page.wait(until: "document.querySelector('#stop').hidden")
      #expect(
        try await page.value("document.querySelector('#prompt').value")
          == "[a llama] above [a grey heart] and [a curling stone]")
      try await tab(to: "#prompt")
      try await page.press("a", modifiers: .control)
      try await page.type("dog")
      try await page.press("Enter")
      try await page.wait(until: "document.querySelector('#words').textContent === 'dog'")
      try await tab(to: ".words button")
      #expect(try await page.count(".box.active") == page.count(".box"))
      try await page.press("Enter")
      #expect(try await page.count(".words [aria-pressed=true]") == 1)
      try await tab(to: "#threshold")
      try await tab(to: ".labels input")
      try await page.press(" ")
      try await page.wait(until: "document.querySelectorAll('.box').length === 0")
      try await page.press(" ")
      try await tab(to: "#save-picture")
      // Around the page and back to the boxes, which are one stop with ways between them.
      try await tab(to: ".box")
      let first = try await page.value("document.activeElement.dataset.id", as: String.self)
      #expect(try await page.count(".box:focus.active") == 1)
      try await page.press("ArrowRight")
      #expect(try await page.value("document.activeElement.dataset.id", as: String.self) != first)
      try await page.press("ArrowLeft")
      #expect(try await page.value("document.activeElement.dataset.id", as: String.self) == first)
      try await page.press("Tab")
      #expect(try await page.value("document.activeElement.matches('.box')", as: Bool.self) == false)
    }
  }

  @Test("every control has a name, before and after something is found")
  func names() async throws {
    let controls: Set = [
      "button", "checkbox", "radio", "slider", "textbox", "link", "combobox", "group", "dialog", "image",
    ]
    try await open { page in
      func check() async throws {
        let nodes = try await page.accessibleNodes()
        #expect(nodes.contains { $0.role == "textbox" && $0.name == "What to look for" })
        for node in nodes where controls.contains(node.role) || node.isFocusable {
          guard node.role != "RootWebArea" else { continue }
          #expect(!node.name.isEmpty, "\(node)")
        }
      }
      try await check()
      try await detect(page)
      try await check()
      #expect(try await page.accessibleNodes().contains { $0.role == "button" && $0.name.hasPrefix("cat ") })
    }
  }

  @Test("pictures are dropped and pasted, too; what is none is refused")
  func sources() async throws {
    try await open { page in
      let code = try Data(contentsOf: picture).base64EncodedString()
      func bring(_ event: String, _ type: String) async throws {
        try await page.run(
          """
          (() => {
            const bytes = Uint8Array.from(atob("\(code)"), (one) => one.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "brought.png", { type: "\(type)" }));
            return document.body.dispatchEvent(\(event));
          })()
          """)
      }
      let drop = "new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })"
      let paste = "new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })"
      try await bring(drop, "text/plain")
      try await page.wait(until: "document.querySelector('#error').textContent === 'This is no picture.'")
      for event in [drop, paste] {
        try await bring(event, "image/png")
        try await page.wait(for: "picture-boxes img[alt='brought.png']")
        #expect(try await page.value("document.activeElement.id") == "prompt")
        try await page.reload()
      }
    }
  }

  @Test("prompt and threshold are there again after a reload")
  func reload() async throws {
    try await open { page in
      try await page.click("#ask input[value=caption]")
      try await page.click("#prompt")
      try await page.type("[a cat] beside [a cup]")
      try await page.choose([picture], in: "#file")
      try await page.wait(for: ".box")
      #expect(try await page.text("#words") == "a cat beside a cup")
      try await page.run("document.querySelector('#threshold').focus()")
      try await page.press("End")
      try await page.reload()
      #expect(try await page.value("document.querySelector('#prompt').value") == "[a cat] beside [a cup]")
      #expect(try await page.value("document.querySelector('#threshold').value") == "0.95")
      #expect(
        try await page.value("document.querySelector('#ask input[value=caption]').checked", as: Bool.self))
    }
  }

  @Test("a server that wants a token is given one, once")
  func token() async throws {
    let file = picture.deletingLastPathComponent().appending(path: "tokens")
    try Data("a-token-of-this-server".utf8).write(to: file)
    try await open {
      $0.tokens = file
    } _: { page in
      for (token, isKnown) in [("wrong", false), ("a-token-of-this-server", true)] {
        try await page.wait(for: "dialog[open] #token")
        try await page.type(token)
        try await page.press("Enter")
        if isKnown { break }
        try await page.wait(until: "document.querySelector('dialog .error')?.checkVisibility()")
      }
      try await page.wait(until: "document.querySelector('#model').textContent.includes('tiny')")
      #expect(try await page.count("dialog") == 0)
      try await page.reload()
      try await page.wait(until: "document.querySelector('#model').textContent.includes('tiny')")
      try await detect(page)
      // The refusals are in the browser's log, as they must be.
      #expect(page.problems.all.allSatisfy { $0.contains("401") })
      page.problems.clear()
    }
  }

  @Test("what the server refuses is said in its words, and names are never markup")
  func refusals() async throws {
    try await open {
      $0.limits.bodyBytes = 9_000
    } _: { page in
      try await page.click("#prompt")
      try await page.type("<img src=x onerror=alert(1)>, cup")
      try await page.choose([picture], in: "#file")
      try await page.wait(for: ".box")
      #expect(try await page.text(".labels li:first-child .name") == "<img src=x onerror=alert(1)>")
      #expect(try await page.count("#found img") == 0)
      let large = picture.deletingLastPathComponent().appending(path: "large.png")
      let noise = (0..<3 * 800 * 800).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
      try Picture(width: 800, height: 800, pixels: noise).encoded(as: .png).write(to: large)
      try await page.choose([large], in: "#file")
      try await page.wait(for: "#error")
      #expect(try await page.text("#error").contains("9000"))
      #expect(page.problems.all.allSatisfy { $0.contains("413") })
      page.problems.clear()
      try Data("junk".utf8).write(to: large)
      try await page.choose([large], in: "#file")
      try await page.wait(
        until: "document.querySelector('#error').textContent === 'The browser cannot read this picture.'")
    }
  }

  @Test("the camera's frames get boxes one after the other, and the last stays")
  func camera() async throws {
    try await open(flags: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]) { page in
      try await page.click("#prompt")
      try await page.type("cat, cup")
      try await page.click("#camera")
      try await page.wait(for: "picture-boxes video")
      try await page.wait(until: "\(requests) > 2")
      try await page.wait(for: ".box")
      try await page.click("#camera")
      try await page.wait(for: "picture-boxes img")
      #expect(try await page.count(".box") == 5)
      #expect(try await page.text("#camera") == "Camera")
      let before = try await page.value(requests, as: Int.self)
      try await page.click("#detect")
      try await page.wait(until: "\(requests) === \(before + 1) && document.querySelector('#stop').hidden")
    }
  }

  @Test("a camera that may not be used is said to be so, and the picture stays")
  func noCamera() async throws {
    try await open { page in
      try await page.send(
        "Browser.setPermission", ["permission": ["name": "camera"], "setting": "denied"])
      try await detect(page)
      try await page.click("#camera")
      try await page.wait(until: "document.querySelector('#error').textContent.includes('camera')")
      #expect(try await page.count(".box") == 5)
      #expect(try await page.value("document.querySelector('#empty').hidden", as: Bool.self))
    }
  }
}
