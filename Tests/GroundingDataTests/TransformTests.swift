import Foundation
import GLIP
import GroundingData
import Pictures
import Testing

/// Pictures and boxes change together.
struct TransformTests {
  private let picture = Picture.noise(Record.Size(width: 60, height: 40), seed: 1)

  private func one(_ box: CornerBox, _ caption: String = "a dog") -> Sample {
    sample(picture, caption, [Sample.Object(box: box, spans: [2..<5])])
  }

  @Test func `a mirrored picture has its columns in reverse, and twice mirrored is the picture`() {
    let mirrored = picture.mirrored()
    for (y, x) in [(0, 0), (7, 13), (39, 59)] {
      for channel in 0..<3 {
        #expect(
          mirrored.pixels[3 * (y * 60 + x) + channel] == picture.pixels[3 * (y * 60 + 59 - x) + channel])
      }
    }
    #expect(mirrored.mirrored() == picture)
  }

  @Test func `a mirrored box covers the same pixels`() {
    var sample = one(CornerBox(x0: 3, y0: 5, x1: 20, y1: 9))
    sample.mirror()
    #expect(sample.objects[0].box == CornerBox(x0: 39, y0: 5, x1: 56, y1: 9))
    sample.mirror()
    #expect(sample.objects[0].box == CornerBox(x0: 3, y0: 5, x1: 20, y1: 9))
  }

  @Test func `a part of a picture is its pixels`() {
    let part = picture.cropped(x: 10..<25, y: 3..<40)
    #expect(part.width == 15 && part.height == 37)
    #expect(part.pixels[3 * (2 * 15 + 4) + 1] == picture.pixels[3 * (5 * 60 + 14) + 1])
    #expect(picture.cropped(x: 0..<60, y: 0..<40) == picture)
  }

  @Test func `resizing scales boxes by the ratio of widths and that of heights`() throws {
    var sample = one(CornerBox(x0: 3, y0: 5, x1: 20, y1: 9))
    try sample.resize(ResizeRule(minimumSide: 33, maximumSide: 1333))
    #expect(sample.picture.width == 49 && sample.picture.height == 33)
    let (x, y) = (49.0 / 60, 33.0 / 40)
    #expect(sample.objects[0].box == CornerBox(x0: 3 * x, y0: 5 * y, x1: 20 * x, y1: 9 * y))
  }

  @Test func `every short side occurs, and the longer one is bounded`() throws {
    var augmentation = Augmentation.authors
    (augmentation.shortSides, augmentation.longestSide) = ([16, 24, 32], 45)
    var sizes: Set<Int> = []
    var mirrored = 0
    for seed in 0..<60 {
      var generator = SeededGenerator(seed: 2, seed)
      let result = try augmentation.applied(
        to: one(CornerBox(x0: 0, y0: 0, x1: 10, y1: 10)), using: &generator)
      sizes.insert(result.picture.height)
      mirrored += result.objects[0].box.x0 > 0 ? 1 : 0
    }
    #expect(sizes == [16, 24, 30])
    #expect((15...45).contains(mirrored))
  }

  @Test func `without augmentation the sample is only resized`() throws {
    let sample = one(CornerBox(x0: 3, y0: 5, x1: 20, y1: 9))
    var generator = SeededGenerator(seed: 0)
    let result = try Augmentation.none(shortSide: 40).applied(to: sample, using: &generator)
    #expect(result.picture == picture && result.objects == sample.objects)
  }

  @Test(arguments: [
    ("a man to the left of a dog", "left", "a man to the right of a dog", "right"),
    ("Left and right", "Left", "Right and left", "Right"),
    ("the RIGHT hand is leftover", "hand is", "the LEFT hand is leftover", "hand is"),
    ("nothing to swap", "swap", "nothing to swap", "swap"),
    ("é left-handed dog's", "dog", "é right-handed dog's", "dog"),
    ("right", "right", "left", "left"),
  ])
  func `sides change places in a caption, and spans stay with their words`(
    _ caption: String, _ phrase: String, _ swapped: String, _ moved: String
  ) throws {
    let range = try #require(caption.range(of: phrase))
    let begin = caption.unicodeScalars.distance(from: caption.startIndex, to: range.lowerBound)
    var sample = sample(
      picture, caption,
      [
        Sample.Object(
          box: CornerBox(x0: 0, y0: 0, x1: 9, y1: 9),
          spans: [begin..<begin + phrase.unicodeScalars.count, 0..<caption.unicodeScalars.count])
      ])
    sample.swapSides()
    #expect(sample.caption == swapped)
    #expect(sample.caption[sample.objects[0].spans[0]] == moved)
    #expect(sample.caption[sample.objects[0].spans[1]] == swapped)
  }

  @Test func `captions are left alone unless that is asked for`() throws {
    var augmentation = Augmentation.none(shortSide: 40)
    augmentation.flipProbability = 1
    let sample = one(CornerBox(x0: 3, y0: 5, x1: 20, y1: 9), "a dog on the left")
    var generator = SeededGenerator(seed: 0)
    #expect(try augmentation.applied(to: sample, using: &generator).caption == "a dog on the left")
    augmentation.swapsSides = true
    #expect(try augmentation.applied(to: sample, using: &generator).caption == "a dog on the right")
  }

  @Test func `a crop holds every box for the most part or not at all`() {
    var crop = RandomCrop()
    (crop.probability, crop.minimumSide) = (1, 0.3)
    var sizes: Set<Int> = []
    var kept: [Int] = []
    for seed in 0..<300 {
      var generator = SeededGenerator(seed: 4, seed)
      let boxes = [CornerBox(x0: 5, y0: 5, x1: 20, y1: 20), CornerBox(x0: 40, y0: 20, x1: 55, y1: 35)]
      let whole = sample(picture, "a dog", boxes.map { Sample.Object(box: $0, spans: [2..<5]) })
      let part = crop.applied(to: whole, using: &generator)
      sizes.insert(part.picture.width)
      kept.append(part.objects.count)
      for object in part.objects {
        #expect(object.box.x0 >= 0 && object.box.x1 <= Double(part.picture.width - 1))
        #expect(object.box.y0 >= 0 && object.box.y1 <= Double(part.picture.height - 1))
        #expect(object.box.width * object.box.height >= 0.6 * 256)
      }
    }
    #expect(Set(kept) == [1, 2])
    #expect(sizes.count > 20 && sizes.min()! >= 18)
  }

  @Test func `a cropped box is where the part of the picture was`() {
    var crop = RandomCrop()
    (crop.probability, crop.minimumSide) = (1, 0.5)
    // A white square on black: its box must still enclose exactly what is white.
    var pixels = [UInt8](repeating: 0, count: 3 * 60 * 40)
    for y in 10...25 { for x in 20...35 { for c in 0..<3 { pixels[3 * (y * 60 + x) + c] = 255 } } }
    let whole = sample(
      Picture(width: 60, height: 40, pixels: pixels), "a dog",
      [Sample.Object(box: CornerBox(x0: 20, y0: 10, x1: 35, y1: 25), spans: [2..<5])])
    for seed in 0..<50 {
      var generator = SeededGenerator(seed: 4, seed)
      let part = crop.applied(to: whole, using: &generator)
      let white = (0..<part.picture.width * part.picture.height).filter { part.picture.pixels[3 * $0] == 255 }
      let (x, y) = (white.map { $0 % part.picture.width }, white.map { $0 / part.picture.width })
      let box = part.objects[0].box
      #expect([box.x0, box.x1] == [Double(x.min()!), Double(x.max()!)])
      #expect([box.y0, box.y1] == [Double(y.min()!), Double(y.max()!)])
    }
  }

  @Test func `colours change by their factors`() {
    #expect(picture.recolored(brightness: 1, contrast: 1, saturation: 1) == picture)
    let dark = picture.recolored(brightness: 0.5, contrast: 1, saturation: 1)
    #expect(zip(dark.pixels, picture.pixels).allSatisfy { abs(Double($0) - Double($1) / 2) <= 0.5 })
    let gray = picture.recolored(brightness: 1, contrast: 1, saturation: 0)
    for pixel in stride(from: 0, to: gray.pixels.count, by: 3) {
      #expect(gray.pixels[pixel] == gray.pixels[pixel + 1] && gray.pixels[pixel] == gray.pixels[pixel + 2])
    }
    let flat = picture.recolored(brightness: 1, contrast: 0, saturation: 1)
    #expect(Set(flat.pixels).count == 1)
    let bright = picture.recolored(brightness: 2, contrast: 2, saturation: 2)
    #expect(bright.pixels.contains(255) && bright.pixels.contains(0))
  }

  @Test func `augmentation and the use of captions are read from what they are written as`() throws {
    func again<Value: Codable & Equatable>(_ value: Value) throws -> Value {
      try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
    var augmentation = Augmentation.none(shortSide: 320, longestSide: 500)
    augmentation.crop = RandomCrop()
    augmentation.colors = ColorJitter()
    augmentation.colors?.contrast = 0.5
    #expect(try again(augmentation) == augmentation)
    #expect(try again(Augmentation.authors) == .authors)
    #expect(try JSONDecoder().decode(Augmentation.self, from: Data("{}".utf8)) == .authors)
    #expect(try again(CaptionGrounding.webCaptions) == .webCaptions)
    #expect(try again(CaptionGrounding()) == CaptionGrounding())
    #expect(try again(FewShot(shots: 3, seed: 30)) == FewShot(shots: 3, seed: 30))
  }

  @Test func `settings out of range are refused`() {
    var augmentation = Augmentation.authors
    augmentation.shortSides = []
    #expect(throws: SettingError.self) { try augmentation.validate() }
    augmentation = .authors
    augmentation.colors = ColorJitter()
    augmentation.colors?.contrast = 1.5
    let error = #expect(throws: SettingError.self) { try augmentation.validate() }
    #expect(error?.description == "The change of contrast is 1.5; it must be from 0 to 1.")
    augmentation = .none(shortSide: 0)
    #expect(throws: SettingError.self) { try augmentation.validate() }
  }
}
