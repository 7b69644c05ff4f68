import ArgumentParser
import GLIP

/// The size at which a network sees pictures.
struct SizeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Pixels of the shorter side at which the network sees a picture.", valueName: "pixels")
  )
  var minSize = 800

  @Option(
    help: ArgumentHelp("Pixels that the longer side may not exceed; 0 for no bound.", valueName: "pixels"))
  var maxSize = 1333

  var rule: ResizeRule { ResizeRule(minimumSide: minSize, maximumSide: maxSize == 0 ? nil : maxSize) }
}
