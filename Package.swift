// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "glip",
  products: [
    .library(name: "GLIP", targets: ["GLIP", "Pictures"]),
    .executable(name: "glip", targets: ["glip"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  ],
  targets: [
    // Libraries of the system, found through pkg-config (`Scripts/bootstrap` writes libtorch's file).
    .systemLibrary(name: "CLibtorch", pkgConfig: "libtorch", providers: []),
    .systemLibrary(
      name: "CPictures", pkgConfig: "gdk-pixbuf-2.0 cairo pangocairo",
      providers: [.apt(["libgdk-pixbuf-2.0-dev", "libcairo2-dev", "libpango1.0-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),

    // The engine: the only C++, and the tensor type over it.
    .target(name: "CTorch", dependencies: ["CLibtorch"]),
    .target(name: "Checkpoints", dependencies: ["CArchive"]),
    .target(name: "Torch", dependencies: ["CTorch", "Checkpoints"]),

    .target(name: "Pictures", dependencies: ["CPictures"]),
    .target(
      name: "GLIP", dependencies: ["Torch", "Pictures"], resources: [.copy("Resources")]),

    .executableTarget(
      name: "glip",
      dependencies: [
        "GLIP", "Pictures",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(
      name: "TorchTests", dependencies: ["Torch"], resources: [.copy("Fixtures")]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints"]),
    .testTarget(name: "PicturesTests", dependencies: ["Pictures"]),
    .testTarget(name: "GLIPTests", dependencies: ["GLIP"]),
    .testTarget(name: "CommandTests", dependencies: ["GLIP"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
