// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "glip",
  products: [
    .library(name: "GLIP", targets: ["GLIP", "Pictures"]),
    .library(name: "GLIPNano", targets: ["GLIPNano"]),
    .executable(name: "glip", targets: ["glip"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Libraries of the system, found through pkg-config (`Scripts/bootstrap` writes libtorch's file).
    .systemLibrary(name: "CLibtorch", pkgConfig: "libtorch", providers: []),
    .systemLibrary(
      name: "CPictures", pkgConfig: "gdk-pixbuf-2.0 cairo pangocairo",
      providers: [.apt(["libgdk-pixbuf-2.0-dev", "libcairo2-dev", "libpango1.0-dev", "webp-pixbuf-loader"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    // In place of the C library's allocator: training asks for the same thousands of blocks in every step.
    .systemLibrary(
      name: "CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),

    // The engine: the only C++, and the tensor type over it.
    .target(
      name: "CTorch", dependencies: ["CLibtorch"], exclude: ["Gloo/README.md"],
      cxxSettings: [.headerSearchPath("Gloo")]),
    .target(name: "Checkpoints", dependencies: ["CArchive"]),
    .target(name: "Torch", dependencies: ["CTorch", "Checkpoints"]),

    .target(name: "Pictures", dependencies: ["CPictures"]),
    .target(
      name: "GLIP", dependencies: ["Torch", "Pictures"], resources: [.copy("Resources")]),

    // The network in the box. What it began with is there for other trainings.
    .target(
      name: "GLIPNano", path: "Models", exclude: ["README.md", "nano-start.safetensors"],
      resources: [.copy("glip-nano.safetensors")]),

    // Videos, through the programs ffmpeg and ffprobe where they are installed.
    .target(name: "Video", dependencies: ["Checkpoints", "Pictures"]),

    // The same network as a straightforward port runs it, for tests and benchmarks.
    .target(name: "PlainGLIP", dependencies: ["GLIP", "Pictures", "Torch"]),

    // Times, memory, and what the processor could do at best.
    .target(name: "Measuring", dependencies: ["GLIP", "Pictures", "Torch"]),

    // Annotated pictures on disk, as samples and batches for the network.
    .target(
      name: "GroundingData",
      dependencies: [
        "CArchive", "Checkpoints", "GLIP", "Pictures", "Torch", .product(name: "Yams", package: "Yams"),
      ], resources: [.copy("Resources")]),

    // How good detections are, as the benchmarks define it.
    .target(
      name: "GroundingEvaluation",
      dependencies: [
        "Checkpoints", "GLIP", "GroundingData", "Pictures", "RunLog", "Torch",
        .product(name: "Yams", package: "Yams"),
      ]),

    // What a long run leaves to be read: event files of TensorBoard, JSON lines, plots.
    .target(
      name: "RunLog",
      dependencies: ["Pictures", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Events/Events.proto"]),

    // Targets, losses, optimisation, and the loop around them.
    .target(
      name: "GroundingTraining",
      dependencies: [
        "Checkpoints", "GLIP", "GroundingData", "GroundingEvaluation", "Measuring", "Pictures", "RunLog",
        "Torch", .product(name: "Yams", package: "Yams"),
      ]),

    // Fetches released checkpoints.
    .target(
      name: "ModelStore",
      dependencies: [
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),

    // Pictures and their boxes as somebody corrects them, kept in SQLite.
    .target(
      name: "LabelStore",
      dependencies: [
        "CArchive", "Checkpoints", "GroundingData", "Pictures",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),

    // Detection over HTTP.
    .target(
      name: "GLIPServer",
      dependencies: [
        "GLIP", "LabelStore", "Pictures",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], resources: [.copy("Resources")]),

    .executableTarget(
      name: "glip",
      dependencies: [
        "CJemalloc", "Checkpoints", "GLIP", "GLIPNano", "GLIPServer", "GroundingData", "GroundingEvaluation",
        "GroundingTraining",
        "Measuring", "ModelStore", "Pictures", "RunLog", "Torch", "Video",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .executableTarget(
      name: "glip-benchmarks",
      dependencies: [
        "Checkpoints", "GLIP", "GroundingData", "GroundingEvaluation", "GroundingTraining", "Measuring",
        "Pictures", "PlainGLIP", "Torch",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks"),

    .testTarget(
      name: "TorchTests", dependencies: ["Checkpoints", "CTorch", "Torch"], resources: [.copy("Fixtures")]),
    // A process for tests of several.
    .executableTarget(name: "DistributedPeer", dependencies: ["Torch"], path: "Tests/DistributedPeer"),
    .testTarget(name: "DistributedTests", dependencies: ["DistributedPeer", "Torch"]),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "CArchive"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "PicturesTests", dependencies: ["Pictures"], resources: [.copy("Fixtures")]),
    .testTarget(name: "VideoTests", dependencies: ["Pictures", "Video"]),
    .testTarget(
      name: "GLIPTests", dependencies: ["Checkpoints", "GLIP", "Pictures", "PlainGLIP", "Torch"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "GroundingDataTests",
      dependencies: ["CArchive", "Checkpoints", "GLIP", "GroundingData", "Pictures", "Torch"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "GroundingEvaluationTests",
      dependencies: ["GLIP", "GroundingData", "GroundingEvaluation", "Pictures", "Torch"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "RunLogTests", dependencies: ["Pictures", "RunLog"]),
    .testTarget(
      name: "GroundingTrainingTests",
      dependencies: [
        "Checkpoints", "GLIP", "GroundingData", "GroundingTraining", "Pictures", "PlainGLIP", "RunLog",
        "Torch",
      ]),
    .testTarget(name: "MeasuringTests", dependencies: ["GLIP", "Measuring", "Torch"]),
    .testTarget(
      name: "ModelStoreTests",
      dependencies: [
        "ModelStore",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    .testTarget(
      name: "LabelStoreTests",
      dependencies: [
        "CArchive", "GroundingData", "LabelStore", "Pictures", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "GLIP", "GLIPServer", "GroundingData", "Pictures", "Torch", "glip",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "CArchive", "Checkpoints", "GLIP", "Pictures", "Torch", "Video", "glip",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
