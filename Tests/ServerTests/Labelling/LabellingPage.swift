import Foundation
import Testing

/// A box as the page has it.
struct ShownBox: Decodable, Equatable {
  let id: Int
  let label: String
  let x, y, width, height: Double
  let score: Double?

  /// Within what the screen's pixels allow.
  func isNear(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Bool {
    zip([self.x, self.y, self.width, self.height], [x, y, width, height]).allSatisfy { abs($0 - $1) < 0.6 }
  }
}

extension BrowserPage {
  func begin(_ name: String, labels: String) async throws {
    try await click("#new-name")
    try await type(name)
    try await click("#new-labels")
    try await type(labels)
    try await click("#new-project .main")
    try await wait(for: "#project")
  }

  /// Adds pictures of 96 by 64 pixels through the page's control.
  func addPictures(_ count: Int) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let files = (1...count).map { folder.appending(path: "picture \($0).png") }
    for (seed, file) in files.enumerated() { try TestPicture.png(seed).write(to: file) }
    try await choose(files, in: "#files")
    try await wait(until: "document.querySelectorAll('#pictures li').length === \(count)")
    try await wait(for: "#view img")
    try await wait(until: "document.querySelector('#upload').textContent === ''")
    try await wait(until: "!document.querySelector('#remove-picture').disabled")
  }

  func shownBoxes() async throws -> [ShownBox] {
    try await value("document.querySelector('picture-boxes').boxes")
  }

  func selected() async throws -> ShownBox {
    try await value(
      "document.querySelector('picture-boxes').boxes.find((box) => box.id === document.querySelector('picture-boxes').selected)"
    )
  }

  /// Deletes all boxes.
  func clear() async throws {
    for _ in try await shownBoxes() {
      try await press("j")
      try await press("Delete")
    }
    #expect(try await shownBoxes().isEmpty)
  }

  func saved() async throws {
    try await wait(until: "document.querySelector('#saved').textContent === 'Saved'")
  }

  func setThreshold(_ threshold: Double) async throws {
    _ = try await value(
      """
      (() => {
        const field = document.querySelector("#threshold");
        field.value = \(threshold);
        field.dispatchEvent(new Event("input"));
        field.dispatchEvent(new Event("change"));
        return true;
      })()
      """, as: Bool.self)
  }

  /// Where a pixel of the picture is in the window.
  func point(_ x: Double, _ y: Double) async throws -> (x: Double, y: Double) {
    try await place("#view .layer", (x / 96, y / 64))
  }

  /// Moves a finger between two pixels of the picture.
  func swipe(from start: (Double, Double), to end: (Double, Double)) async throws {
    let (start, end) = (try await point(start.0, start.1), try await point(end.0, end.1))
    func touch(_ type: String, _ share: Double?) async throws {
      let points = share.map {
        [["x": start.x + (end.x - start.x) * $0, "y": start.y + (end.y - start.y) * $0]]
      }
      try await send("Input.dispatchTouchEvent", ["type": type, "touchPoints": points ?? []])
    }
    try await touch("touchStart", 0)
    for step in 1...4 { try await touch("touchMove", Double(step) / 4) }
    try await touch("touchEnd", nil)
  }

  /// Has names of downloads noted instead of files written.
  func noteDownloads() async throws {
    _ = try await value(
      """
      (() => {
        globalThis.downloads = [];
        HTMLAnchorElement.prototype.click = function () { globalThis.downloads.push(this.download); };
        return true;
      })()
      """, as: Bool.self)
  }
}
