// Detects in a picture from a Swift program: `Detect CHECKPOINT PICTURE NAME…`
//
// Build it from this folder, once `make bootstrap` has run in the project's:
//   PKG_CONFIG_PATH=$PWD/../../.deps/pkgconfig swift build -c release \
//     -Xlinker -rpath -Xlinker $PWD/../../.deps/libtorch/lib
import Foundation
import GLIP
import Pictures

guard CommandLine.arguments.count > 3 else {
  print("usage: Detect CHECKPOINT PICTURE NAME…")
  exit(2)
}
do {
  let detector = try Detector(checkpoint: URL(filePath: CommandLine.arguments[1]))
  let picture = try Picture(contentsOf: URL(filePath: CommandLine.arguments[2]))
  let names = CommandLine.arguments.dropFirst(3).map { ClassPrompt($0) }
  for detection in try detector.detect(picture, .classes(names)) {
    print(detection.label, detection.score, detection.box)
  }
} catch {
  print("\(error)")
  exit(1)
}
