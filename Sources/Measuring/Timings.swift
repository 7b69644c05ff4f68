/// What repeated runs of one piece of work took.
package struct Timings: Sendable, Hashable {
  /// Seconds of each run, shortest first; at least one.
  package let seconds: [Double]
  /// The same in the order of the runs.
  package let inOrder: [Double]

  package init(_ seconds: [Double]) {
    precondition(!seconds.isEmpty, "there are no timings of nothing")
    self.seconds = seconds.sorted()
    inOrder = seconds
  }

  package var minimum: Double { seconds[0] }
  package var median: Double { percentile(50) }
  package var total: Double { seconds.reduce(0, +) }

  /// The time that `percent` of the runs stay below, interpolated between the two runs next to it.
  package func percentile(_ percent: Double) -> Double {
    let place = Double(seconds.count - 1) * min(max(percent / 100, 0), 1)
    let lower = Int(place)
    let upper = min(lower + 1, seconds.count - 1)
    return seconds[lower] + (place - Double(lower)) * (seconds[upper] - seconds[lower])
  }
}

/// Times several pieces of work in turn, A B C A B C …, so that whatever else the machine does meanwhile slows all of
/// them alike.
///
/// - Parameters:
///   - runs: of each piece that count, at least one
///   - warmup: of each piece before, that do not
///   - afterRun: told how many of all runs, warm-up included, are done
/// - Returns: one for each piece, in their order
package func alternating(
  runs: Int, warmup: Int = 1, afterRun: (Int) throws -> Void = { _ in }, _ work: [() throws -> Void]
) throws -> [Timings] {
  var seconds = [[Double]](repeating: [], count: work.count)
  for round in 0..<(warmup + runs) {
    for (index, body) in work.enumerated() {
      let start = ContinuousClock.now
      try body()
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      if round >= warmup { seconds[index].append(elapsed) }
      try afterRun(round * work.count + index + 1)
    }
  }
  return seconds.map(Timings.init)
}
