/// Positions of a list's elements by the group that each is in, in the list's order within a group.
struct Grouping: Sendable {
  private let starts: ContiguousArray<Int>
  private let positions: ContiguousArray<Int32>

  /// - Parameter group: the group of the element at a position, `nil` where the element is left out.
  @inline(__always)
  init(_ count: Int, into groups: Int, by group: (Int) -> Int?) {
    var starts = ContiguousArray(repeating: 0, count: groups + 1)
    for position in 0..<count {
      if let group = group(position) { starts[group + 1] += 1 }
    }
    for group in 0..<groups { starts[group + 1] += starts[group] }
    var next = starts
    var positions = ContiguousArray<Int32>(repeating: 0, count: starts[groups])
    for position in 0..<count {
      guard let group = group(position) else { continue }
      positions[next[group]] = Int32(position)
      next[group] += 1
    }
    (self.starts, self.positions) = (starts, positions)
  }

  /// Number of groups.
  var count: Int { starts.count - 1 }

  subscript(group: Int) -> ContiguousArray<Int32>.SubSequence {
    positions[starts[group]..<starts[group + 1]]
  }
}
