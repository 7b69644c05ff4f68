import RunLog
import Testing

@Suite struct ProgressTests {
  private final class Lines {
    var all: [String] = []
  }

  private func report(startingAt step: Int = 0, interval: Double = 30) -> (ProgressReport, Lines) {
    let lines = Lines()
    let report = ProgressReport(startingAt: step, interval: interval, isTerminal: false) {
      lines.all.append($0)
    }
    return (report, lines)
  }

  private func progress(_ step: Int, of total: Int = 100, seconds: Double, samples: Int) -> RunProgress {
    RunProgress(
      step: step, of: total, samples: samples, seconds: seconds,
      losses: [("loss", 1.23456), ("alignment", 0.5), ("boxes", 0.73456)], learningRate: 1e-5,
      memoryBytes: 1_812_345_678)
  }

  @Test("a line holds step, rate, time left, losses, learning rate and memory")
  func line() {
    var (report, lines) = report()
    report.show(progress(10, seconds: 20, samples: 40))
    #expect(
      lines.all == [
        "step 10/100  2 samples/s  3:00 left  loss 1.235 (alignment 0.5, boxes 0.7346)  rate 1e-05  1.8 GB"
      ])
  }

  @Test("where there is no terminal, lines come at intervals, and the first and last step have theirs")
  func intervals() {
    var (report, lines) = report()
    for step in 1...100 { report.show(progress(step, seconds: Double(step), samples: step)) }
    #expect(
      lines.all.map { $0.split(separator: " ")[1] } == ["1/100", "31/100", "61/100", "91/100", "100/100"])
    #expect(lines.all.last?.contains("done in 1:40") == true)
  }

  @Test("a resumed run counts only its own steps for the time left")
  func resumed() {
    var (report, lines) = report(startingAt: 50)
    report.show(progress(60, seconds: 20, samples: 40))
    #expect(lines.all[0].contains("1:20 left"))
  }

  @Test("the rate is that of the last half minute, the time left that of the whole")
  func recentRate() {
    var (report, lines) = report(interval: 0)
    for step in 1...10 { report.show(progress(step, seconds: 10 * Double(step), samples: 10 * step)) }
    for step in 11...50 {
      report.show(progress(step, seconds: 100 + Double(step - 10), samples: 100 + 10 * (step - 10)))
    }
    #expect(lines.all[9].contains("  1 samples/s"))
    #expect(lines.all[49].contains("  10 samples/s"))
    #expect(lines.all[49].contains("  2:20 left"))
  }

  @Test("losses that are no numbers, and times without end, are shown as such")
  func oddNumbers() {
    var (report, lines) = report()
    var odd = progress(1, of: .max, seconds: 1e9, samples: 0)
    odd.losses = [("loss", .nan)]
    odd.memoryBytes = nil
    report.show(odd)
    #expect(lines.all[0].contains("loss nan  rate"))
    #expect(lines.all[0].contains("9999 d 0:00:00 left"))
  }

  @Test(
    "times and sizes are for people",
    arguments: [
      (0, "0:00"), (59.6, "1:00"), (3600, "1:00:00"), (90061, "1 d 1:01:01"), (.nan, "0:00"), (-5, "0:00"),
    ])
  func durations(seconds: Double, text: String) {
    #expect(duration(seconds) == text)
  }

  @Test("a note stays")
  func notes() {
    let (report, lines) = report()
    report.note("validation AP50 0.5")
    report.finish()
    #expect(lines.all == ["validation AP50 0.5"])
  }
}
