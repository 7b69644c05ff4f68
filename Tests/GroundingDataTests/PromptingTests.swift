import Foundation
import GLIP
import GroundingData
import Testing

/// Detection data as grounding: which classes are named, how, and where.
struct PromptingTests {
  private let tokenizer: WordPieceTokenizer
  private let coco: [String]
  private let recorded: [RecordedConversion]

  /// A prompt that the authors' code has written for the COCO classes, and a picture of dogs and a person.
  private struct RecordedConversion: Decodable {
    let positiveLength: Int
    let caption: String
    let spans: [Int: [Int]]
    let objects: [[[Int]]]
    let tokens: Int

    private enum CodingKeys: String, CodingKey {
      case caption
      case positiveLength = "positive_length"
      case spans = "label_to_positions"
      case objects = "tokens_positive"
      case tokens = "n_tokens"
    }
  }

  private struct RecordedPrompts: Decodable {
    struct Prompt: Decodable { let names: [String] }
    struct Map: Decodable {
      let caption: String
      let spans: [[[Int]]]
      let map: [[Int]]

      private enum CodingKeys: String, CodingKey {
        case caption, map
        case spans = "tokens_positive"
      }
    }
    let prompts: [Prompt]
    let maps: [Map]

    private enum CodingKeys: String, CodingKey {
      case prompts
      case maps = "positive_maps"
    }
  }

  private let maps: [RecordedPrompts.Map]

  init() throws {
    tokenizer = try .bertUncased()
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/prompting")
    func read<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
      try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }
    recorded = try read("od_to_grounding.json", as: [RecordedConversion].self)
    let prompts = try read("prompts.json", as: RecordedPrompts.self)
    coco = try #require(prompts.prompts.first { $0.names.count == 80 }).names
    maps = prompts.maps
  }

  private func prompter(
    _ prompting: DetectionPrompting, _ names: [String]? = nil
  ) throws -> DetectionPrompter {
    let classes = (names ?? coco).enumerated().map { ObjectClass(id: $0 + 1, name: $1) }
    return try DetectionPrompter(prompting, classes: classes, tokenizer: tokenizer)
  }

  private func objects(_ classes: [Int]) -> [Record.Object] {
    classes.enumerated().map { index, classIndex in
      Record.Object(box: CornerBox(x0: Double(index), y0: 0, x1: 9, y1: 9), classIndex: classIndex)
    }
  }

  /// What holds for every list of names: distinct classes, as they are called, between separators.
  private func checkList(
    _ caption: String, _ names: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let pieces = caption.components(separatedBy: ". ")
    #expect(Set(pieces).count == pieces.count, sourceLocation: sourceLocation)
    let known = Set(names.map(ClassPrompt.cleaned) + [" background "])
    #expect(pieces.allSatisfy(known.contains), sourceLocation: sourceLocation)
    #expect(tokenizer.tokenize(caption).count <= 256, sourceLocation: sourceLocation)
  }

  // MARK: Sampled classes

  @Test func `prompts recorded from the authors' code obey the rules that ours are tested for`() {
    for one in recorded {
      checkList(one.caption, coco)
      #expect(one.positiveLength == 4)
      #expect(tokenizer.tokenize(one.caption).count == one.tokens)
      for (label, span) in one.spans {
        #expect(one.caption[span[0]..<span[1]] == (label == 0 ? " background " : coco[label - 1]))
      }
      #expect(one.objects.map { one.caption[$0[0][0]..<$0[0][1]] } == ["dog", "person", "dog"])
    }
  }

  @Test func `a prompt names the classes of the picture among sampled others`() throws {
    let prompter = try prompter(.objects365)
    var counts: [Int] = []
    var withBackground = 0
    for seed in 0..<200 {
      var generator = SeededGenerator(seed: 3, seed)
      let text = try prompter.text(for: objects([16, 0, 16]), using: &generator)
      checkList(text.caption, coco)
      #expect(text.objects.map { text.caption[$0.spans[0]] } == ["dog", "person", "dog"])
      #expect(text.objects.map(\.box.x0) == [0, 1, 2])
      #expect(text.objects.map(\.classIndex) == [16, 0, 16])
      counts.append(text.caption.components(separatedBy: ". ").count)
      withBackground += text.caption.contains(" background ") ? 1 : 0
    }
    // Half of the prompts hold all, as two of the six recorded ones do; of the others every number occurs.
    let full = counts.count { $0 == 81 }
    #expect((70...130).contains(full))
    #expect(Set(counts).count > 30)
    #expect(counts.min()! < 10)
    #expect(withBackground > full)
    #expect(recorded.map(\.spans.count).max() == counts.max())
  }

  @Test func `the order of the names is another in every prompt, and the same for the same seed`() throws {
    let prompter = try prompter(.objects365)
    func caption(_ seed: Int) throws -> String {
      var generator = SeededGenerator(seed: 0, seed)
      return try prompter.text(for: objects([3]), using: &generator).caption
    }
    #expect(Set(try (0..<50).map(caption)).count == 50)
    #expect(try caption(7) == caption(7))
  }

  @Test func `names that do not fit are left out, and the prompt is filled otherwise`() throws {
    let names = (0..<400).map { "peculiar_contraption number \($0) (made up)" }
    let prompter = try prompter(.lvis, names)
    for seed in 0..<20 {
      var generator = SeededGenerator(seed: 5, seed)
      let text = try prompter.text(for: objects([1, 2]), using: &generator)
      checkList(text.caption, names)
      #expect(!text.caption.contains("background"))
      #expect(text.objects.count == 2)
      #expect(tokenizer.tokenize(text.caption).count > 240)
    }
  }

  @Test func `where the classes of one picture are too many, a random selection remains with its boxes`()
    throws
  {
    let names = (0..<100).map { "peculiar contraption number \($0)" }
    let prompter = try prompter(.objects365, names)
    var seen: Set<Int> = []
    for seed in 0..<20 {
      var generator = SeededGenerator(seed: 6, seed)
      let text = try prompter.text(for: objects(Array(0..<100)), using: &generator)
      checkList(text.caption, names)
      #expect(text.objects.count < 60 && text.objects.count > 30)
      // No others are added.
      #expect(text.caption.components(separatedBy: ". ").count == text.objects.count)
      for object in text.objects { #expect(text.caption[object.spans[0]] == names[object.classIndex!]) }
      seen.formUnion(text.objects.compactMap(\.classIndex))
    }
    #expect(seen.count == 100)
  }

  @Test func `probabilities of one and of no other class are kept`() throws {
    var prompting = DetectionPrompting.objects365
    prompting.negatives?.allProbability = 0
    prompting.negatives?.noneProbability = 1
    let alone = try prompter(prompting)
    prompting.negatives?.noneProbability = 0
    prompting.negatives?.oneProbability = 1
    let two = try prompter(prompting)
    for seed in 0..<50 {
      var generator = SeededGenerator(seed: 8, seed)
      #expect(try alone.text(for: objects([16]), using: &generator).caption == "dog")
      let names = try two.text(for: objects([16]), using: &generator).caption.components(separatedBy: ". ")
      #expect(names.contains("dog") && names.count <= 2)
    }
  }

  // MARK: All classes

  @Test func `classes in order make the prompt that is evaluated with`() throws {
    var generator = SeededGenerator(seed: 0)
    let text = try prompter(.inOrder).text(for: objects([79, 0]), using: &generator)
    let evaluated = try PromptEncoder(tokenizer: tokenizer).encode(.classes(coco.map { ClassPrompt($0) }))
    #expect(text.caption == evaluated[0].text)
    let spans = evaluated[0].phrases.map(\.span)
    #expect(text.objects.map(\.spans) == [[spans[79]], [spans[0]]])
  }

  @Test func `all classes are named in random order where they are shuffled`() throws {
    let prompter = try prompter(DetectionPrompting())
    var generator = SeededGenerator(seed: 0)
    let caption = try prompter.text(for: [], using: &generator).caption
    checkList(caption, coco)
    #expect(caption.components(separatedBy: ". ").sorted() == coco.sorted())
    #expect(caption.components(separatedBy: ". ") != coco)
  }

  @Test func `a class may have words around its name that no box is tied to`() throws {
    var prompting = DetectionPrompting.inOrder
    prompting.classPrompts = [
      ClassPrompt("pothole", phrase: "holes", prefix: "there are some ", suffix: " on the road")
    ]
    var generator = SeededGenerator(seed: 0)
    let text = try prompter(prompting, ["pothole"]).text(for: objects([0]), using: &generator)
    #expect(text.caption == "there are some holes on the road")
    #expect(text.caption[text.objects[0].spans[0]] == "holes")
  }

  @Test func `the opening tells detection from queries`() throws {
    var prompting = DetectionPrompting.inOrder
    prompting.opening = .detection
    let names = ["cat", "dog"]
    var generator = SeededGenerator(seed: 0)
    let plain = try prompter(prompting, names).text(for: objects([1]), using: &generator)
    #expect(plain.caption == "object detection : cat. dog")
    #expect(plain.caption[plain.objects[0].spans[0]] == "dog")
    prompting.opening = .detectionOrQuery
    let prompter = try prompter(prompting, names)
    #expect(try prompter.text(for: objects([1]), using: &generator).caption == "object detection : cat. dog")
    for classes in [[], [0, 1]] {
      let text = try prompter.text(for: objects(classes), using: &generator)
      #expect(text.caption == "object detection query : cat. dog")
    }
  }

  @Test func `a box whose class was cut off with the end of the prompt remains, tied to nothing`() throws {
    let names = (0..<100).map { "peculiar contraption number \($0)" }
    var generator = SeededGenerator(seed: 0)
    let text = try prompter(.inOrder, names).text(for: objects([0, 99]), using: &generator)
    let tokens = tokenizer.tokenize(text.caption, maximumCount: 256)
    #expect(tokens.isTruncated)
    let targets = sample(.noise(Record.Size(width: 9, height: 9), seed: 0), text.caption, text.objects)
      .targets(tokens)
    #expect(targets.boxes.count == 2)
    #expect(!targets.tokens[0].isEmpty && targets.tokens[1].isEmpty)
  }

  @Test func `spans are tied to the tokens that the authors' code ties them to`() {
    for one in maps {
      let objects = one.spans.map { spans in
        Sample.Object(box: CornerBox(x0: 0, y0: 0, x1: 1, y1: 1), spans: spans.map { $0[0]..<$0[1] })
      }
      let targets = sample(.noise(Record.Size(width: 9, height: 9), seed: 0), one.caption, objects)
        .targets(tokenizer.tokenize(one.caption))
      let ours = targets.tokens.enumerated().flatMap { row, ranges in
        Set(ranges.joined()).sorted().map { [row, $0] }
      }
      #expect(ours == one.map)
    }
  }

  // MARK: Settings

  @Test func `settings that a file does not mention keep their usual values`() throws {
    func decoded(_ json: String) throws -> DetectionPrompting {
      try JSONDecoder().decode(DetectionPrompting.self, from: Data(json.utf8))
    }
    #expect(try decoded("{}") == DetectionPrompting())
    #expect(try decoded(#"{"isShuffled": false}"#) == .inOrder)
    #expect(try decoded(#"{"negatives": {}}"#) == .objects365)
    #expect(
      try decoded(#"{"negatives": {"allProbability": 1, "includesBackground": false}}"#) == .lvis)
    let encoded = try JSONEncoder().encode(DetectionPrompting.lvis)
    #expect(try JSONDecoder().decode(DetectionPrompting.self, from: encoded) == .lvis)
  }

  @Test func `a setting that does not exist is an error that names it`() throws {
    let json = Data(#"{"negatives": {"maximun": 3}}"#.utf8)
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(DetectionPrompting.self, from: json)
    }
    guard case .dataCorrupted(let context)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(context.debugDescription == "there is no setting 'maximun' here")
    #expect(context.codingPath.map(\.stringValue) == ["negatives", "maximun"])
  }

  @Test func `impossible settings and classes are refused with a sentence`() throws {
    var prompting = DetectionPrompting.objects365
    prompting.negatives?.allProbability = .nan
    #expect(throws: SettingError.self) { try prompter(prompting) }
    prompting.negatives?.allProbability = 0.7
    prompting.negatives?.oneProbability = 0.7
    let error = #expect(throws: SettingError.self) { try prompter(prompting) }
    #expect(error?.description.contains("must be at most 1") == true)
    prompting = .inOrder
    prompting.classPrompts = ["cat"]
    #expect(throws: SettingError.self) { try prompter(prompting, ["cat", "dog"]) }
    var generator = SeededGenerator(seed: 0)
    #expect(throws: ConversionError.unknownClass(80, count: 80)) {
      try prompter(.inOrder).text(for: objects([80]), using: &generator)
    }
  }
}
