// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Detect",
  dependencies: [.package(name: "glip", path: "../..")],
  targets: [
    .executableTarget(name: "Detect", dependencies: [.product(name: "GLIP", package: "glip")])
  ]
)
