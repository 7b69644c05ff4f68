import GLIP
import GroundingData
import Testing

/// Records chosen from a data set: some for each class, or those with something to be found.
struct LoaderSelectionTests {
  /// Records of a random number of classes each, with ids that are not in order.
  private func dataset(_ count: Int, classes: Int, seed: Int) -> ListedDataset {
    var generator = SeededGenerator(seed: 77, seed)
    let ids = Array(0..<count).shuffled(using: &generator)
    let records = ids.map { id in
      let objects = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        Record.Object(
          box: CornerBox(x0: 0, y0: 0, x1: 5, y1: 5),
          classIndex: Int.random(in: 0..<classes, using: &generator))
      }
      return Record(
        id: "\(id)", picture: .file(.init(fileURLWithPath: "/none")), text: .classes, objects: objects)
    }
    return ListedDataset(
      classes: (0..<classes).map { ObjectClass(id: 3 * $0 + 5, name: "thing \($0)") }, records: records)
  }

  /// What a selection must be, given the order in which records are looked at.
  private func check(_ chosen: [Record], from order: [Record], classes: Int, shots: Int) {
    var wanted = Array(repeating: shots, count: classes)
    var rest = chosen[...]
    for record in order {
      let here = Set(record.objects.compactMap(\.classIndex))
      let isNeeded = here.contains { wanted[$0] > 0 }
      #expect(isNeeded == (rest.first?.id == record.id))
      guard isNeeded else { continue }
      rest = rest.dropFirst()
      for index in here { wanted[index] -= 1 }
    }
    #expect(rest.isEmpty)
    for index in 0..<classes {
      func has(_ record: Record) -> Bool { record.objects.contains { $0.classIndex == index } }
      #expect(chosen.count(where: has) >= min(shots, order.count(where: has)))
    }
  }

  @Test(arguments: [1, 3, 10])
  func `without a seed records are taken in the order of their numbers`(_ shots: Int) throws {
    for seed in 0..<5 {
      let dataset = dataset(120, classes: 7, seed: seed)
      let chosen = try FewShot(shots: shots).indices(in: dataset).map { dataset.records[$0] }
      #expect(chosen.map { Int($0.id)! } == chosen.map { Int($0.id)! }.sorted())
      check(
        chosen, from: dataset.records.sorted { Int($0.id)! < Int($1.id)! }, classes: 7, shots: shots)
    }
  }

  @Test func `seeds give other records, the same ones for the same seed and any order of the file`() throws {
    let dataset = dataset(120, classes: 7, seed: 0)
    var reversed = dataset
    reversed.records.reverse()
    var selections: Set<[String]> = []
    for seed in [3, 30, 300] as [UInt64] {
      let selection = FewShot(shots: 3, seed: seed)
      let chosen = try selection.indices(in: dataset).map { dataset.records[$0].id }
      #expect(try selection.indices(in: reversed).map { reversed.records[$0].id } == chosen)
      selections.insert(chosen)
      for index in 0..<7 {
        let has = { (id: String) in
          dataset.records.first { $0.id == id }!.objects.contains { $0.classIndex == index }
        }
        #expect(chosen.count(where: has) >= 3)
      }
    }
    #expect(selections.count == 3)
  }

  @Test func `a selection is a data set of its own`() throws {
    let dataset = dataset(60, classes: 4, seed: 1)
    let subset = try dataset.sampled(FewShot(shots: 1))
    #expect(subset.count == subset.indices.count && subset.count < 10)
    #expect(subset.classes == dataset.classes && subset.name == dataset.name)
    for (position, index) in subset.indices.enumerated() {
      #expect(try subset.record(at: position) == dataset.records[index])
    }
  }

  @Test func `captions have no classes to take shots of`() throws {
    let error = #expect(throws: FewShotError.self) {
      try ListedDataset(records: []).sampled(FewShot(shots: 1))
    }
    #expect(error?.description.hasPrefix("list has captions") == true)
    #expect(throws: SettingError.self) { try dataset(3, classes: 2, seed: 0).sampled(FewShot(shots: 0)) }
  }

  @Test func `records with nothing to be found can be left out, but not those that cannot be read`() throws {
    var dataset = dataset(5, classes: 2, seed: 0)
    func object(_ width: Double, isCrowd: Bool = false) -> Record.Object {
      Record.Object(box: CornerBox(x0: 3, y0: 3, x1: 3 + width - 1, y1: 9), classIndex: 0, isCrowd: isCrowd)
    }
    dataset.records[0].objects = []
    dataset.records[1].objects = [object(1)]
    dataset.records[2].objects = [object(5, isCrowd: true)]
    dataset.records[3].objects = [object(1), object(1.5)]
    dataset.records[4].objects = []
    dataset.willRead = { if $0 == 4 { throw Flaw(description: "torn") } }
    #expect(dataset.withoutEmptyRecords().indices == [3, 4])
    #expect(try dataset.sampled(FewShot(shots: 5), keepsEmpty: false).indices == [3])
    #expect(try dataset.sampled(FewShot(shots: 5)).indices.sorted() == [1, 2, 3])
  }

  @Test func `random numbers depend on seed and path alone`() {
    func numbers(_ seed: UInt64, _ path: Int...) -> [UInt64] {
      var generator =
        switch path.count {
        case 0: SeededGenerator(seed: seed)
        case 1: SeededGenerator(seed: seed, path[0])
        default: SeededGenerator(seed: seed, path[0], path[1])
        }
      return (0..<4).map { _ in generator.next() }
    }
    let all = [
      numbers(1), numbers(2), numbers(1, 0), numbers(1, 1), numbers(1, 0, 1), numbers(1, 1, 0),
      numbers(1, 0, 0),
    ]
    #expect(Set(all.joined()).count == 28)
    #expect(numbers(1, 5, 6) == numbers(1, 5, 6))
  }
}
