import ArgumentParser
import GLIP

/// The size at which a network sees pictures.
struct SizeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Pixels of the shorter side at which the network sees a picture. (default: as it was trained)",
      valueName: "pixels"))
  var minSize: Int?

  @Option(
    help: ArgumentHelp(
      "Pixels that the longer side may not exceed; 0 for no bound. (default: 5/3 of --min-size)",
      valueName: "pixels"))
  var maxSize: Int?

  func validate() throws {
    if let maxSize, minSize == nil {
      throw ValidationError("--max-size is \(maxSize), but there is no --min-size that it bounds")
    }
  }

  /// Nil for the network's own.
  var rule: ResizeRule? {
    minSize.map { side in
      // 1333 pixels for 800, as in the paper.
      let longest = side.multipliedReportingOverflow(by: 5).overflow ? side : side * 5 / 3
      return ResizeRule(minimumSide: side, maximumSide: maxSize.map { $0 == 0 ? nil : $0 } ?? longest)
    }
  }
}
