/// The classes of a data set, and how its annotations name them.
struct ClassList: Sendable {
  let classes: [ObjectClass]
  private let positions: [Int: Int]
  private let positionsByName: [String: Int]

  /// The authors' label lists reserve it; it names no object.
  static let background = "__background__"

  /// No classes.
  static let none = ClassList()

  private init() { (classes, positions, positionsByName) = ([], [:], [:]) }

  /// - Throws: where two classes have one id, or a class no name.
  init(_ classes: [ObjectClass]) throws(Fault) {
    let sorted = classes.filter { $0.name != Self.background }.sorted { $0.id < $1.id }
    for (first, second) in zip(sorted, sorted.dropFirst()) where first.id == second.id {
      throw Fault("the classes \(first.name.quoted) and \(second.name.quoted) both have the id \(first.id)")
    }
    if let nameless = sorted.first(where: \.name.isEmpty) {
      throw Fault("the class \(nameless.id) has no name")
    }
    self.classes = sorted
    positions = Dictionary(sorted.enumerated().map { ($1.id, $0) }) { first, _ in first }
    positionsByName = Dictionary(sorted.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Classes of COCO's `categories`.
  init(categories: [JSONObject]) throws(Fault) {
    var classes: [ObjectClass] = []
    for (index, category) in categories.enumerated() {
      do {
        classes.append(ObjectClass(id: try category.integer("id"), name: try category.string("name")))
      } catch { throw Fault("category \(index + 1) of the list: \(error.reason)") }
    }
    try self.init(classes)
  }

  func position(ofID id: Int) throws(Fault) -> Int {
    guard let position = positions[id] else { throw Fault("there is no category \(id)") }
    return position
  }

  func position(ofName name: String) throws(Fault) -> Int {
    guard let position = positionsByName[name] else { throw Fault("there is no class \(name.quoted)") }
    return position
  }
}
