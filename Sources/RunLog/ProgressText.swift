/// The progress of a run in one line, as in
/// `120/9000  2.13 samples/s  4:41:05 left  loss 1.234 (alignment 0.53, boxes 0.41)  rate 0.0001  1.8 GB`.
struct ProgressText {
  /// Empty before the first step.
  private(set) var line = ""
  private let firstStep: Int
  /// When how many samples were done, over the last `window` seconds at least.
  private var recent: [(seconds: Double, samples: Int)] = [(0, 0)]
  private let window = 30.0

  /// - Parameter step: steps that were done before this process
  init(startingAt step: Int) { firstStep = step }

  mutating func add(_ progress: RunProgress) {
    recent.append((progress.seconds, progress.samples))
    // At most a thousand, however fast steps are.
    while recent.count > 2, recent[1].seconds <= progress.seconds - window || recent.count > 1000 {
      recent.removeFirst()
    }
    var parts = ["\(progress.step)/\(progress.totalSteps)"]
    let elapsed = progress.seconds - recent[0].seconds
    if elapsed > 0 {
      parts.append("\(figure(Double(progress.samples - recent[0].samples) / elapsed)) samples/s")
    }
    // Over all of the process's time, since pauses for validation will come again.
    let steps = progress.step - firstStep
    if steps > 0, progress.step < progress.totalSteps {
      let left = progress.seconds / Double(steps) * Double(progress.totalSteps - progress.step)
      parts.append("\(duration(left)) left")
    } else if progress.step >= progress.totalSteps {
      parts.append("done in \(duration(progress.seconds))")
    }
    if let loss = progress.losses.first {
      let terms = progress.losses.dropFirst().map { "\($0.name) \(figure($0.value))" }
      parts.append(
        "\(loss.name) \(figure(loss.value))" + (terms.isEmpty ? "" : " (\(terms.joined(separator: ", ")))"))
    }
    parts.append("rate \(figure(progress.learningRate))")
    if let memory = progress.memoryBytes { parts.append(bytes(Int64(memory))) }
    line = parts.joined(separator: "  ")
  }
}
