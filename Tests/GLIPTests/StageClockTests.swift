import GLIP
import Pictures
import Testing

struct StageClockTests {
  private static let picture = Picture(width: 40, height: 30, pixels: [UInt8](repeating: 90, count: 3600))

  @Test func everyStageOfADetectionIsTimed() throws {
    let detector = try Networks.detector(Networks.tiny)
    let clock = StageClock()
    func detect() throws {
      _ = try detector.detect(Self.picture, .classes(["cat"]), options: Networks.everything)
    }
    try clock.measuring(detect)
    let first = clock.seconds
    #expect(Set(first.keys) == Set(StageClock.Stage.allCases))
    #expect(first.values.allSatisfy { $0 > 0 })

    // Nothing is added outside, and a prompt is encoded once.
    try detect()
    #expect(clock.seconds == first)
    try clock.measuring(detect)
    let second = clock.seconds
    for stage in StageClock.Stage.allCases {
      #expect((second[stage] ?? 0 > first[stage] ?? 0) == (stage != .text), "\(stage)")
    }
  }
}
