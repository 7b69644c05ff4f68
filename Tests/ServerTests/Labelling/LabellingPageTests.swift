import Foundation
import GLIPServer
import Testing

/// Labelling as a user does it, in a browser.
@Suite(.enabled(if: Chromium.isInstalled, "Chromium is not installed (Debian: chromium)"))
struct LabellingPageTests {
  @Test("pictures are added, looked at by the network, corrected by hand, and stay as they were left")
  func journey() async throws {
    try await withPage { served, page in
      try await page.begin("Cats", labels: "cat, cup")
      try await page.addPictures(2)
      try await page.click("#detect")
      try await page.wait(until: "document.querySelector('#progress').textContent === 'No new pictures'")
      try await page.setThreshold(0.1)
      try await page.wait(for: "#view .box")
      #expect(try await page.count("#pictures [data-state=detected]") == 2)

      // Boxes below the threshold go at once, and come back.
      let all = try await page.shownBoxes()
      let scores = all.compactMap(\.score).sorted()
      #expect(all.count == scores.count)
      try await page.setThreshold(0.95)
      #expect(try await page.shownBoxes().isEmpty)
      try await page.setThreshold(0.1)
      #expect(try await page.shownBoxes() == all)

      // A box is moved with the keyboard, and is not the network's any more.
      try await page.press("j")
      let first = try await page.selected()
      let (dx, dy) = (first.x > 20 ? -1.0 : 1.0, first.y > 20 ? -1.0 : 1.0)
      try await page.press(dx < 0 ? "ArrowLeft" : "ArrowRight")
      try await page.press(dy < 0 ? "ArrowUp" : "ArrowDown")
      let moved = try await page.selected()
      #expect(moved.score == nil && moved.id == first.id)
      #expect(try await page.shownBoxes().count == all.count)

      // Another one is drawn, moved, resized, named, and deleted; deleting is taken back.
      try await page.clear()
      try await page.drag(from: page.point(20, 15), to: page.point(60, 45))
      let drawn = try await page.selected()
      #expect(drawn.isNear(20, 15, 40, 30) && drawn.label == "cat", "\(drawn)")
      try await page.drag(from: page.point(40, 30), to: page.point(45, 32))
      let dragged = try await page.selected()
      #expect(dragged.isNear(25, 17, 40, 30), "\(dragged)")
      try await page.drag(from: page.point(65, 47), to: page.point(75, 52))
      #expect(try await page.selected().isNear(25, 17, 50, 35))
      try await page.drag(from: page.point(50, 17), to: page.point(50, 27))
      let resized = try await page.selected()
      #expect(resized.isNear(25, 27, 50, 25), "\(resized)")
      try await page.press("2")
      #expect(try await page.selected().label == "cup")
      try await page.press("Delete")
      #expect(try await page.shownBoxes().isEmpty)
      try await page.press("z", modifiers: .control)
      try await page.press("z", modifiers: .control)
      #expect(try await page.shownBoxes().map(\.label) == ["cat"])
      try await page.press("z", modifiers: [.control, .shift])
      #expect(try await page.shownBoxes().map(\.label) == ["cup"])

      let left = try await page.shownBoxes()
      try await page.saved()
      try await page.reload()
      try await page.wait(for: "#view .box")
      let there = try await page.shownBoxes()
      #expect(there.map(\.label) == left.map(\.label) && there[0].isNear(25, 27, 50, 25))

      // Reviewed, the next picture is open; what is below the threshold goes for good.
      try await page.press("Enter")
      try await page.wait(until: "document.querySelectorAll('#pictures [data-state=reviewed]').length === 1")
      try await page.wait(until: "location.hash === '#/1/2'")
      try await page.press("p")
      try await page.wait(until: "document.querySelector('#review').textContent === '✓ Reviewed'")

      let export = try await served.get("/v1/projects/1/export?format=coco&reviewed=true").json
      let annotations = try #require(export["annotations"] as? [[String: Any]])
      let box = try #require(annotations.first?["bbox"] as? [Double])
      #expect(annotations.count == 1 && annotations[0]["category_id"] as? Int == 2)
      #expect(
        zip(box, [there[0].x, there[0].y, there[0].width, there[0].height]).allSatisfy { abs($0 - $1) < 1e-9 }
      )
      for format in ["coco", "yolo"] {
        try await page.noteDownloads()
        try await page.click("#export-\(format)")
        let suffix = format == "coco" ? "json" : "zip"
        try await page.wait(until: "globalThis.downloads[0] === 'Cats-\(format).\(suffix)'")
      }
      #expect(page.problems.all.isEmpty, "\(page.problems.all)")
    }
  }

  @Test("two tabs do not overwrite each other")
  func conflict() async throws {
    try await withPage { served, page in
      try await page.begin("Cats", labels: "cat")
      try await page.addPictures(1)
      let place = "/v1/projects/1/pictures/1/boxes"
      func changeElsewhere() async throws {
        let revision = try await served.get(place).json["revision"] as? Int ?? 0
        let other: [String: Any] = ["label": "cat", "bbox": [1, 1, 5, 5]]
        #expect(try await served.send("PUT", place, json: boxes(revision, [other])).status == 200)
      }
      func widths() async throws -> [Double] {
        let boxes = try await served.get(place).json["boxes"] as? [[String: Any]] ?? []
        return boxes.compactMap { ($0["bbox"] as? [Double])?[2] }
      }
      try await changeElsewhere()
      try await page.press("a")
      try await page.wait(for: "#conflict")
      #expect(try await widths() == [5])
      try await page.click("#keep-mine")
      try await page.saved()
      #expect(try await widths() == [48])

      try await changeElsewhere()
      try await page.press("j")
      try await page.press("ArrowRight")
      try await page.wait(for: "#conflict")
      try await page.click("#take-theirs")
      try await page.wait(until: "document.querySelector('picture-boxes').boxes[0]?.width === 5")
      #expect(try await widths() == [5])
      // The browser reports answers with 409 by itself.
      #expect(page.problems.all.allSatisfy { $0.contains("409") }, "\(page.problems.all)")
    }
  }

  @Test("what cannot be saved is said, and saved when the server is back")
  func offline() async throws {
    try await withPage { served, page in
      try await page.begin("Cats", labels: "cat")
      try await page.addPictures(1)
      func setOffline(_ isOffline: Bool) async throws {
        try await page.send(
          "Network.emulateNetworkConditions",
          ["offline": isOffline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1])
      }
      try await setOffline(true)
      try await page.press("a")
      try await page.wait(until: "document.querySelector('#saved').textContent.startsWith('Not saved: ')")
      try await setOffline(false)
      try await page.saved()
      #expect(try await served.get("/v1/projects/1").json["pictures"] != nil)
      let boxes = try await served.get("/v1/projects/1/pictures/1/boxes").json["boxes"] as? [Any]
      #expect(boxes?.count == 1)
    }
  }

  @Test("a finger selects, moves and, where that is asked for, draws")
  func touch() async throws {
    try await withPage { _, page in
      try await page.resize(width: 390, height: 844, isPhone: true)
      try await page.send("Emulation.setTouchEmulationEnabled", ["enabled": true])
      try await page.begin("Cats", labels: "cat")
      try await page.addPictures(1)
      try await page.click("#draw")
      try await page.swipe(from: (20, 15), to: (60, 45))
      #expect(try await page.selected().isNear(20, 15, 40, 30))
      try await page.click("#draw")
      try await page.swipe(from: (40, 30), to: (50, 35))
      #expect(try await page.selected().isNear(30, 20, 40, 30))
      // Without a box under it, a finger scrolls.
      try await page.swipe(from: (5, 5), to: (15, 12))
      #expect(try await page.shownBoxes().count == 1)
      #expect(
        try await page.value("document.documentElement.scrollWidth <= innerWidth", as: Bool.self),
        "nothing is wider than the phone")
    }
  }

  @Test("what users and files are called is shown as text, and nothing a page cannot use is asked for")
  func markup() async throws {
    try await withPage { served, page in
      let name = "<img src=x onerror=alert(1)>"
      try await page.begin(name, labels: "\(name), cat")
      _ = try await served.upload([("<b>.png", try TestPicture.png(1))], to: 1)
      try await page.reload()
      try await page.wait(for: "#view img")
      #expect(try await page.text("#where") == name)
      #expect(try await page.text("#labels button").hasPrefix(name))
      try await page.click("#to-projects")
      try await page.wait(for: "#project-list a")
      #expect(try await page.text("#project-list strong") == name)
      #expect(page.problems.all.isEmpty, "\(page.problems.all)")
    }
  }

  @Test("every control has a name, and the settings and the list of projects work")
  func controls() async throws {
    try await withPage { served, page in
      try await expectNames(page)
      try await page.begin("Cats", labels: "cat")
      try await page.addPictures(2)
      try await page.press("a")
      try await page.saved()
      try await expectNames(page)
      try await page.click("#settings")
      try await expectNames(page)
      _ = try await page.value("(document.querySelector('#set-labels').value = 'dog', 1)", as: Int.self)
      try await page.click("#settings-form .main")
      try await page.wait(until: "!document.querySelector('#settings-dialog').open")
      // The label that a box has stays.
      #expect(try await served.get("/v1/projects/1").json["labels"] as? [String] == ["dog", "cat"])
      try await page.click("#remove-picture")
      try await page.click("#sure-yes")
      try await page.wait(until: "document.querySelectorAll('#pictures li').length === 1")
      try await page.press("?", modifiers: .shift)
      try await page.wait(for: "#keys-dialog")
      try await expectNames(page)
      try await page.press("Escape")
      try await page.click("#settings")
      try await page.click("#delete-project")
      try await page.click("#sure-yes")
      try await page.wait(for: "#no-projects")
      #expect((try await served.get("/v1/projects").json["projects"] as? [Any])?.isEmpty == true)
      #expect(page.problems.all.isEmpty, "\(page.problems.all)")
    }
  }

  private func expectNames(_ page: BrowserPage, location: SourceLocation = #_sourceLocation) async throws {
    let roles: Set = ["button", "link", "textbox", "checkbox", "slider", "combobox", "dialog"]
    let nameless = try await page.accessibleNodes().filter {
      (roles.contains($0.role) || $0.isFocusable && $0.role != "RootWebArea") && $0.name.isEmpty
    }
    #expect(nameless.isEmpty, "\(nameless)", sourceLocation: location)
  }

  @Test("a server that keeps no labels says so on the page")
  func off() async throws {
    try await Served.run { served in
      try await Chromium.run { page in
        try await page.open("http://127.0.0.1:\(served.port)/label")
        try await page.wait(for: "#error")
        #expect(try await page.text("#error").contains("--labels"))
      }
    }
  }

  private func withPage(
    _ body: @escaping @Sendable (Served, BrowserPage) async throws -> Void
  ) async throws {
    try await withLabels { served in
      try await Chromium.run { page in
        try await page.resize(width: 1280, height: 900)
        try await page.open("http://127.0.0.1:\(served.port)/label")
        try await page.wait(for: "#projects")
        try await body(served, page)
      }
    }
  }
}
