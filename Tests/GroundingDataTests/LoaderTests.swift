import Foundation
import GLIP
import GroundingData
import Synchronization
import Testing
import Torch

/// Batches come in an order that depends on the seed alone.
struct LoaderTests {
  private let tokenizer: WordPieceTokenizer
  private let folder: PictureFolder
  private let detection: ListedDataset
  private let captions: ListedDataset

  init() throws {
    tokenizer = try .bertUncased()
    folder = try PictureFolder()
    detection = try folder.detection(23)
    captions = try folder.captions(9)
  }

  private func set(_ dataset: ListedDataset? = nil, copies: Double = 1, seed: UInt64 = 5) throws
    -> TrainingSet
  {
    var augmentation = Augmentation.authors
    augmentation.shortSides = [32, 40, 64]
    augmentation.crop = RandomCrop()
    augmentation.colors = ColorJitter()
    return try TrainingSet(
      [
        .init(dataset ?? detection, prompting: .objects365, copies: copies),
        .init(captions, grounding: .webCaptions),
      ], augmentation: augmentation, tokenizer: tokenizer, seed: seed)
  }

  private func contents(_ loader: BatchLoader) throws -> [BatchContent] {
    var result: [BatchContent] = []
    while let batch = try loader.next() { result.append(try BatchContent(batch)) }
    return result
  }

  /// Ids of all batches of an epoch, without making them.
  private func ids(_ set: TrainingSet, _ batching: Batching, epoch: Int = 0) throws -> [[String]] {
    let count = try EpochOrder(set, epoch: epoch, batching).count
    return try (0..<count).map {
      try set.samples(at: LoaderPosition(epoch: epoch, batch: $0), batching).map(\.id)
    }
  }

  // MARK: Determinism

  @Test func `the same batches come whatever the number of threads and of batches ahead`() throws {
    let set = try set()
    let expected = try contents(BatchLoader(set, Batching(size: 3), epochs: 2, workers: 1, depth: 1))
    #expect(expected.count >= 16)
    for (workers, depth) in [(1, 4), (2, 2), (5, 1), (4, 9)] {
      let loader = try BatchLoader(set, Batching(size: 3), epochs: 2, workers: workers, depth: depth)
      #expect(try contents(loader) == expected)
    }
  }

  @Test func `a loader that begins at any position gives what an uninterrupted one gives from there`() throws
  {
    let set = try set()
    let whole = try BatchLoader(set, Batching(size: 3), epochs: 2)
    var positions = [whole.position]
    var expected: [BatchContent] = []
    while let batch = try whole.next() {
      expected.append(try BatchContent(batch))
      positions.append(whole.position)
    }
    for (index, position) in positions.enumerated() {
      let saved = try JSONDecoder().decode(LoaderPosition.self, from: JSONEncoder().encode(position))
      let loader = try BatchLoader(set, Batching(size: 3), from: saved, epochs: 2)
      #expect(
        try loader.next().map { try BatchContent($0) } == (index < expected.count ? expected[index] : nil))
    }
    #expect(positions.last?.epoch == 1)
  }

  @Test func `a single batch can be made again alone`() throws {
    let set = try set()
    let loader = try BatchLoader(set, Batching(size: 4), from: LoaderPosition(epoch: 3, batch: 2))
    let expected = try BatchContent(#require(try loader.next()))
    let samples = try set.samples(at: LoaderPosition(epoch: 3, batch: 2), Batching(size: 4))
    #expect(try BatchContent(Batch(samples, tokenizer: tokenizer)) == expected)
    #expect(throws: SettingError.self) {
      try set.samples(at: LoaderPosition(epoch: 0, batch: 99), Batching(size: 4))
    }
  }

  @Test func `epochs and seeds differ in order and in what is drawn`() throws {
    let batching = Batching(size: 4)
    let one = try ids(set(), batching)
    #expect(try ids(set(), batching) == one)
    #expect(try ids(set(), batching, epoch: 1) != one)
    #expect(try ids(set(seed: 6), batching) != one)
  }

  // MARK: Order

  @Test func `processes share the records of an epoch, and meet the same ones whatever their number`() throws
  {
    let set = try TrainingSet([.init(detection)], augmentation: .none(shortSide: 32), tokenizer: tokenizer)
    let whole = try ids(set, Batching(size: 6))
    #expect(Set(whole.joined()).count == whole.joined().count)
    for processes in [2, 3] {
      let shares = try (0..<processes).map {
        try ids(set, Batching(size: 6 / processes, rank: $0, processes: processes))
      }
      let together = whole.indices.map { batch in shares.flatMap { $0[batch] } }
      #expect(together == whole)
    }
    let completed = try ids(set, Batching(size: 6, completesBatches: true))
    #expect(Set(completed.joined()) == Set(detection.records.map(\.id)))
    #expect(completed.allSatisfy { $0.count == 6 })
  }

  @Test func `wide pictures come together, and high ones`() throws {
    let set = try TrainingSet([.init(detection)], augmentation: .none(shortSide: 32), tokenizer: tokenizer)
    for batching in [Batching(size: 3), Batching(size: 3, completesBatches: true)] {
      let count = try EpochOrder(set, epoch: 0, batching).count
      for batch in 0..<count {
        let samples = try set.samples(at: LoaderPosition(batch: batch), batching)
        #expect(Set(samples.map { $0.picture.width > $0.picture.height }).count == 1)
      }
    }
    let mixed = try TrainingSet(
      [.init(detection)], augmentation: .none(shortSide: 32), tokenizer: tokenizer, groupsShapes: false)
    #expect(try EpochOrder(mixed, epoch: 0, Batching(size: 3)).count == 7)
  }

  @Test func `copies count, and of a fraction another part comes in every epoch`() throws {
    let set = try TrainingSet(
      [.init(detection, copies: 2), .init(captions, copies: 1.0 / 3)], augmentation: .none(shortSide: 32),
      tokenizer: tokenizer, groupsShapes: false)
    var extra: Set<Set<String>> = []
    for epoch in 0..<4 {
      let samples = try (0..<49).map {
        try set.samples(at: LoaderPosition(epoch: epoch, batch: $0), Batching(size: 1))[0]
      }
      let ofCaptions = samples.filter { $0.caption.hasPrefix("a dog number") }
      #expect(ofCaptions.count == 3)
      extra.insert(Set(ofCaptions.map(\.id)))
      let counts = samples.filter { !$0.caption.hasPrefix("a dog number") }.reduce(into: [:]) {
        $0[$1.id, default: 0] += 1
      }
      #expect(counts.count == 23 && counts.values.allSatisfy { $0 == 2 })
    }
    #expect(extra.count > 1)
    #expect(try EpochOrder(set, epoch: 0, Batching(size: 1)).count == 49)
  }

  @Test func `weights set the proportion of data sets whatever their sizes`() {
    let copies = TrainingSet.copies(weights: [1, 3], counts: [10, 1000], samples: 400)
    #expect(copies == [10, 0.3])
    #expect(TrainingSet.copies(weights: [1, 1], counts: [0, 5], samples: 10) == [0, 1])
  }

  // MARK: Problems

  @Test func `a record that cannot be used is an error with its data set and id`() throws {
    var dataset = detection
    dataset.records[4].picture = .file(folder.url.appendingPathComponent("missing.png"))
    let loader = try BatchLoader(set(dataset), Batching(size: 2, completesBatches: true), epochs: 1)
    var errors: [SampleError] = []
    while true {
      do { if try loader.next() == nil { break } } catch let error as SampleError { errors.append(error) }
    }
    #expect(!errors.isEmpty)
    #expect(errors.allSatisfy { $0.dataset == "list" && $0.record == "4" })
    #expect(errors.first?.description.contains("missing.png cannot be read") == true)
  }

  @Test func `by option another record stands in for it, the same one whatever the number of threads`() throws
  {
    var dataset = detection
    dataset.records[4].picture = .file(folder.url.appendingPathComponent("missing.png"))
    dataset.records[5].size = Record.Size(width: 31, height: 40)
    dataset.records[6].objects[0].classIndex = 77
    dataset.willRead = { if $0 == 7 { throw Flaw(description: "line 8 is torn") } }
    var results: [([BatchContent], [SampleError])] = []
    for workers in [1, 4] {
      let problems = Mutex<[SampleError]>([])
      let loader = try BatchLoader(
        set(dataset), Batching(size: 2, completesBatches: true), epochs: 2, workers: workers,
        onProblem: { problem in problems.withLock { $0.append(problem) } })
      results.append((try contents(loader), problems.withLock { $0 }))
    }
    #expect(results[0].0 == results[1].0)
    #expect(results[0].1 == results[1].1)
    let (batches, problems) = results[0]
    #expect(batches.allSatisfy { $0.ids.count == 2 })
    #expect(Set(problems.map(\.record)) == ["4", "5", "6", "number 8"])
    #expect(
      Set(problems.map(\.reason)).isSuperset(of: [
        "line 8 is torn", "an object is of class 77 of a list of 6",
        "the picture has \(detection.records[5].size!.width)x\(detection.records[5].size!.height) pixels, "
          + "but the annotations say 31x40",
      ]))
  }

  @Test func `too few records for a batch are an error, and so are settings out of range`() throws {
    let set = try set()
    #expect(throws: SettingError.self) { try BatchLoader(set, Batching(size: 100)) }
    #expect(throws: SettingError.self) { try BatchLoader(set, Batching(size: 0)) }
    #expect(throws: SettingError.self) { try BatchLoader(set, Batching(size: 1, rank: 2, processes: 2)) }
    #expect(throws: SettingError.self) { try BatchLoader(set, Batching(size: 1), workers: 0) }
    #expect(throws: SettingError.self) {
      try BatchLoader(set, Batching(size: 1), from: LoaderPosition(epoch: -1))
    }
    #expect(throws: SettingError.self) {
      try BatchLoader(set, Batching(size: .max, processes: .max))
    }
    #expect(throws: SettingError.self) { try self.set(copies: .infinity) }
    #expect(throws: SettingError.self) { try self.set(copies: 1e12) }
  }

  @Test func `once cancelled nothing is read any more`() throws {
    var dataset = detection
    let counter = ReadCounter()
    dataset.willRead = { _ in counter.read() }
    let loader = try BatchLoader(set(dataset), Batching(size: 2), workers: 4, depth: 6)
    _ = try loader.next()
    loader.cancel()
    #expect(counter.active == 0)
    #expect(try loader.next() == nil)
  }

  // MARK: Batches

  @Test func `pictures are padded to the largest, a multiple of 32, with zeros`() throws {
    let samples = [Record.Size(width: 33, height: 20), Record.Size(width: 20, height: 70)].map {
      sample(.noise($0, seed: 1), "a dog", [])
    }
    let batch = try Batch(samples, tokenizer: tokenizer)
    #expect(batch.pixels.shape == [2, 3, 96, 64])
    #expect(batch.sizes.map(\.width) == [33, 20] && batch.sizes.map(\.height) == [20, 70])
    let first = try batch.pixels.sliced(0, 0..<1)
    let alone = try Batch([samples[0]], tokenizer: tokenizer).pixels
    #expect(try first.sliced(2, 0..<32).elements(Float.self) == alone.elements(Float.self))
    #expect(try first.sliced(2, 32..<96).elements(Float.self).allSatisfy { $0 == 0 })
    #expect(try alone.sliced(3, 33..<64).elements(Float.self).allSatisfy { $0 == 0 })
  }

  @Test func `prompts are cut to the tokens that the network takes`() throws {
    let caption = String(repeating: "cat. ", count: 200)
    let batch = try Batch(
      [sample(.noise(Record.Size(width: 9, height: 9), seed: 1), caption, [])], tokenizer: tokenizer)
    #expect(batch.prompts[0].count == 256)
    #expect(batch.prompts[0].first == 101 && batch.prompts[0].last == 102)
  }

  @Test func `of class lists the classes that are there may be asked for, of captions every word`() throws {
    let (detection, captions) = (try folder.detection(6), try folder.captions(3))
    for hidesWords in [true, false] {
      let set = try TrainingSet(
        [.init(detection, hidesWords: hidesWords), .init(captions, hidesWords: hidesWords)],
        tokenizer: tokenizer, groupsShapes: false)
      let samples = try (0..<3).flatMap { try set.samples(at: .init(batch: $0), Batching(size: 3)) }
      let batch = try Batch(samples, tokenizer: tokenizer)
      for (prompt, targets) in zip(batch.prompts, batch.targets) {
        let isCaption = prompt.count == 6  // [CLS] a dog number N [SEP]
        let named = Set(targets.tokens.joined().joined())
        let asked = targets.asked.map { Set($0.joined()) }
        #expect(asked == (!hidesWords ? nil : isCaption ? Set(1..<5) : named))
        #expect(isCaption || !named.isEmpty && named.count < prompt.count - 2)
      }
      #expect(batch.prompts.count { $0.count == 6 } == 3)
    }
  }
}

/// How many threads are reading a record.
private final class ReadCounter: Sendable {
  private let count = Mutex(0)

  var active: Int { count.withLock { $0 } }

  func read() {
    count.withLock { $0 += 1 }
    Thread.sleep(forTimeInterval: 0.002)
    count.withLock { $0 -= 1 }
  }
}
