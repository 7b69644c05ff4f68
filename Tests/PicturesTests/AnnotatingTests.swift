import Foundation
import Pictures
import Testing

@Suite struct AnnotatingTests {
  private static let sizes = [(64, 64), (1600, 60), (20, 300), (640, 480), (9, 9), (1, 1), (1500, 1000)]

  /// Boxes over every edge and corner, degenerate ones, huge ones; labels of many scripts and lengths.
  private static func annotations(_ width: Int, _ height: Int) -> [Annotation] {
    let (w, h) = (Double(width), Double(height))
    let boxes = [
      (0, 0, w, h), (-50, -50, w / 3, h / 3), (w * 0.8, h * 0.8, w + 99, h + 99),
      (w / 2, h / 2, w / 2, h / 2),
      (w, h, 0, 0), (w * 0.4, h * 0.3, w * 0.6, h * 0.7), (w - 1, 0, w, h), (-1e300, 3, 1e300, 4),
    ]
    let labels = [
      "cat", "左边的猫", "😀 family 👩‍👩‍👧", "قطة عربية", String(repeating: "long label ", count: 40),
      "two\nlines\u{0}\t",
      "", "e\u{301}\u{302}\u{303}",
    ]
    return zip(boxes, labels).enumerated().map { index, pair in
      let box = PixelBox(x0: pair.0.0, y0: pair.0.1, x1: pair.0.2, y1: pair.0.3)
      return Annotation(box: box, label: pair.1, score: Double(index) / 8, colorIndex: index - 2)
    }
  }

  @Test("plates lie wholly within the picture", arguments: sizes)
  func platesAreWithin(width: Int, height: Int) throws {
    let picture = Picture(
      width: width, height: height, pixels: Array(repeating: 120, count: 3 * width * height))
    let placed = try picture.placed(Self.annotations(width, height))
    #expect(placed.count >= 7)
    for plate in placed.compactMap(\.plate) {
      #expect(plate.x0 >= 0 && plate.y0 >= 0)
      #expect(plate.x1 <= Double(width) && plate.y1 <= Double(height))
      #expect(plate.width > 0 && plate.height > 0)
    }
    #expect(placed.contains { $0.plate != nil } == (min(width, height) >= 20))
  }

  @Test("pixels away from lines and plates stay as they are", arguments: sizes)
  func theRestIsUntouched(width: Int, height: Int) throws {
    let pixels = (0..<3 * width * height).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let picture = Picture(width: width, height: height, pixels: pixels)
    let annotations = Array(Self.annotations(width, height).dropFirst(5).prefix(1))
    let placed = try #require(try picture.placed(annotations).first)
    let drawn = try picture.annotated(annotations)
    let reach = picture.lineWidth(.default) / 2 + 2
    var changed = 0
    for y in 0..<height {
      for x in 0..<width {
        let index = 3 * (y * width + x)
        guard drawn.pixels[index..<index + 3] != pixels[index..<index + 3] else { continue }
        changed += 1
        let (cx, cy, box) = (Double(x) + 0.5, Double(y) + 0.5, placed.box)
        let isNear = cx > box.x0 - reach && cx < box.x1 + reach && cy > box.y0 - reach && cy < box.y1 + reach
        let isInside =
          cx > box.x0 + reach && cx < box.x1 - reach && cy > box.y0 + reach && cy < box.y1 - reach
        let isPlate = placed.plate.map { cx > $0.x0 && cx < $0.x1 && cy > $0.y0 && cy < $0.y1 } ?? false
        if !(isNear && !isInside || isPlate) {
          Issue.record("pixel (\(x), \(y)) has changed")
          return
        }
      }
    }
    #expect(changed > 0)
  }

  @Test func platesOfTheSameBoxKeepApart() throws {
    let box = PixelBox(x0: 100, y0: 60, x1: 220, y1: 150)
    let placed = try Fixtures.gray.placed((0..<4).map { Annotation(box: box, label: "label \($0)") })
    let plates = placed.compactMap(\.plate)
    #expect(plates.count == 4)
    for (index, plate) in plates.enumerated() {
      for other in plates[..<index] {
        let isApart =
          plate.x1 <= other.x0 || other.x1 <= plate.x0 || plate.y1 <= other.y0 || other.y1 <= plate.y0
        #expect(isApart)
      }
    }
  }

  @Test func theBestIsDrawnLast() throws {
    let box = PixelBox(x0: 100, y0: 60, x1: 220, y1: 150)
    let annotations = [0.9, 0.2, 0.5].enumerated().map {
      Annotation(box: box, label: "", score: $1, colorIndex: $0)
    }
    let best = try Fixtures.gray.annotated([annotations[0]])
    let all = try Fixtures.gray.annotated(annotations)
    // Middle of the left line.
    let index = 3 * (105 * 320 + 100)
    #expect(all.pixels[index..<index + 3] == best.pixels[index..<index + 3])
  }

  @Test func dashedLinesLetThoseBelowBeSeen() throws {
    let box = PixelBox(x0: 20, y0: 20, x1: 300, y1: 180)
    let whole = Annotation(box: box, label: "", colorIndex: 4)
    let dashed = Annotation(box: box, label: "", score: 0.1, colorIndex: 3, isDashed: true)
    // Along the middle of the upper line.
    func colors(_ annotations: [Annotation]) throws -> Set<[UInt8]> {
      let drawn = try Fixtures.gray.annotated(annotations, style: AnnotationStyle(lineWidth: 3))
      return Set((40..<280).map { x in Array(drawn.pixels[3 * (20 * 320 + x)..<3 * (20 * 320 + x) + 3]) })
    }
    let (below, above) = (try colors([whole]), try colors([dashed]))
    #expect(below.count == 1 && above.count > 1)
    // Whatever the order and the scores are.
    #expect(try colors([whole, dashed]).isSuperset(of: below))
    #expect(try colors([whole, dashed]) == colors([dashed, whole]))
    let thick = Annotation(box: box, label: "", colorIndex: 4, lineScale: 2)
    #expect(try Fixtures.gray.annotated([thick]) != Fixtures.gray.annotated([whole]))
  }

  @Test func aPlateStandsAboveItsBoxElseInside() throws {
    let high = Annotation(box: PixelBox(x0: 50, y0: 60, x1: 200, y1: 150), label: "cat")
    let full = Annotation(box: PixelBox(x0: 0, y0: 0, x1: 320, y1: 200), label: "cat")
    let above = try #require(try Fixtures.gray.placed([high]).first?.plate)
    #expect(above.y1 <= 60 && above.y1 > 57)
    let inside = try #require(try Fixtures.gray.placed([full]).first?.plate)
    #expect(inside.y0 == 0 && inside.x0 == 0)
  }

  @Test func coloursOfNeighboursDifferAndScoresMayBeLeftOut() throws {
    let box = PixelBox(x0: 100, y0: 60, x1: 220, y1: 150)
    let drawn = try (0..<12).map {
      try Fixtures.gray.annotated([Annotation(box: box, label: "", colorIndex: $0)])
    }
    #expect(Set(drawn).count == 12)
    var style = AnnotationStyle.default
    style.showsScores = false
    let scored = Annotation(box: box, label: "cat", score: 0.5)
    let plain = Annotation(box: box, label: "cat")
    #expect(
      try Fixtures.gray.annotated([scored], style: style) == Fixtures.gray.annotated([plain], style: style))
    #expect(try Fixtures.gray.annotated([scored]) != Fixtures.gray.annotated([plain]))
  }

  @Test func whatIsOutsideOrEmptyChangesNothing() throws {
    let outside = Annotation(box: PixelBox(x0: 400, y0: 10, x1: 500, y1: 50), label: "cat")
    #expect(try Fixtures.gray.annotated([outside]) == Fixtures.gray)
    #expect(try Fixtures.gray.annotated([]) == Fixtures.gray)
  }

  @Test func whatCannotBeDrawnIsAnError() {
    let endless = Annotation(box: PixelBox(x0: 0, y0: 0, x1: .nan, y1: 9), label: "cat")
    #expect(throws: PictureError.undrawable(reason: "the box of \"cat\" is not finite")) {
      try Fixtures.gray.annotated([endless])
    }
    let long = Picture(width: 40_000, height: 1, pixels: Array(repeating: 0, count: 120_000))
    #expect(throws: PictureError.self) { try long.annotated([]) }
  }

  @Test func manyTasksMayDrawAtOnce() async throws {
    let annotations = Self.annotations(320, 200)
    let expected = try Fixtures.gray.annotated(annotations)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 { group.addTask { try Fixtures.gray.annotated(annotations) == expected } }
      for try await isEqual in group { #expect(isEqual) }
    }
  }
}
