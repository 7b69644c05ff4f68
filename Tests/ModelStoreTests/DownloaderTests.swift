import Crypto
import Foundation
import Hummingbird
import ModelStore
import Synchronization
import Testing

private let file = ServedFile(bytes: (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 8) })
private let checksum = SHA256.hash(data: file.bytes).map { String(format: "%02x", $0) }.joined()

/// A downloader without the environment's proxies that does not wait between attempts.
private var downloader: Downloader {
  var downloader = Downloader(environment: [:])
  downloader.retryDelay = .zero
  return downloader
}

/// A new folder's `model.pth`; the folder is removed afterwards.
private func withTarget(_ body: (URL) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  try await body(folder.appending(path: "model.pth"))
}

private func names(beside target: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: target.deletingLastPathComponent().path).sorted()
}

@Test func aFileArrivesWholeWithItsChecksumBesideIt() async throws {
  try await withTarget { target in
    let last = Mutex<DownloadProgress?>(nil)
    let download = try await LoopbackServer.run { request, _ in
      file.answer(request)
    } _: { url, _ in
      try await downloader.download(url, to: target, sha256: checksum.uppercased()) { progress in
        last.withLock { $0 = progress }
      }
    }
    #expect(download.file == target)
    #expect(download.bytes == 2_000_000)
    #expect(download.sha256 == checksum)
    #expect(download.verification == .expected)
    #expect(try Data(contentsOf: target) == Data(file.bytes))
    #expect(try names(beside: target) == ["model.pth", "model.pth.sha256"])
    let record = try String(contentsOf: target.appendingPathExtension("sha256"), encoding: .utf8)
    #expect(record == "\(checksum)  model.pth\n")
    #expect(last.withLock { $0?.received } == 2_000_000)
    #expect(last.withLock { $0?.total } == 2_000_000)
  }
}

@Test func aCutConnectionIsTakenUpWhereItBroke() async throws {
  try await withTarget { target in
    let seen = try await LoopbackServer.run { request, count in
      file.answer(request, cutAfter: count < 3 ? 300_000 : nil)
    } _: { url, server in
      let download = try await downloader.download(url, to: target, sha256: checksum)
      #expect(download.bytes == 2_000_000)
      return server.ranges
    }
    #expect(seen.count == 4)
    #expect(seen.first == .some(nil))
    #expect(seen.dropFirst().allSatisfy { $0 != nil })
    #expect(try Data(contentsOf: target) == Data(file.bytes))
  }
}

@Test func aLaterCallGoesOnFromWhatAnEarlierOneLeft() async throws {
  try await withTarget { target in
    let seen = try await LoopbackServer.run { request, count in
      file.answer(request, cutAfter: count == 0 ? 500_000 : nil)
    } _: { url, server in
      var once = downloader
      once.retries = 0
      await #expect(throws: DownloadError.self) { try await once.download(url, to: target) }
      let left = try names(beside: target)
      #expect(left == ["model.pth.part", "model.pth.part.etag"])
      let size = try Data(contentsOf: target.appendingPathExtension("part")).count
      let download = try await once.download(url, to: target)
      #expect(download.sha256 == checksum)
      #expect(download.verification == .unverified)
      return (server.ranges.last, size)
    }
    #expect(seen.0 == "bytes=\(seen.1)-")
  }
}

@Test func aCompletePartialFileIsNotFetchedAgain() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { request, _ in
      file.answer(request)
    } _: { url, server in
      try leave(file.bytes, tag: file.tag, as: target)
      let download = try await downloader.download(url, to: target, sha256: checksum)
      #expect(download.bytes == 2_000_000)
      #expect(server.ranges == ["bytes=2000000-"])
    }
  }
}

private func leave(_ bytes: [UInt8], tag: String, as target: URL) throws {
  let part = target.appendingPathExtension("part")
  try FileManager.default.createDirectory(
    at: part.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: part)
  try Data(tag.utf8).write(to: part.appendingPathExtension("etag"))
}

@Test func aServerThatIgnoresRangesSendsTheWholeFileAgain() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { _, count in
      file.answer(range: nil, cutAfter: count == 0 ? 300_000 : nil)
    } _: { url, server in
      let download = try await downloader.download(url, to: target, sha256: checksum)
      #expect(download.bytes == 2_000_000)
      #expect(server.ranges.count == 2)
    }
  }
}

@Test func aFileThatChangedMeanwhileIsFetchedFromItsBeginning() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { request, _ in
      file.answer(request)
    } _: { url, server in
      try leave(Array(repeating: 7, count: 1000), tag: "\"older\"", as: target)
      let download = try await downloader.download(url, to: target, sha256: checksum)
      #expect(download.sha256 == checksum)
      #expect(server.ranges == ["bytes=1000-"])
    }
  }
}

@Test func bytesOfAnotherVersionAreNotAppended() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { request, _ in
      file.answer(range: request.headers[.range])  // whatever If-Range says
    } _: { url, server in
      try leave(Array(repeating: 7, count: 1000), tag: "\"older\"", as: target)
      let download = try await downloader.download(url, to: target)
      #expect(download.sha256 == checksum)
      #expect(server.ranges == ["bytes=1000-", nil])
    }
  }
}

@Test func aFileWithAnotherChecksumIsRefusedAndRemoved() async throws {
  try await withTarget { target in
    let other = String(repeating: "0", count: 64)
    try await LoopbackServer.run { request, _ in
      file.answer(request)
    } _: { url, _ in
      _ = await #expect(
        throws: DownloadError.checksumMismatch(file: target.path, expected: other, received: checksum)
      ) { try await downloader.download(url, to: target, sha256: other) }
    }
    #expect(try names(beside: target) == [])
  }
}

@Test(arguments: [true, false])
func theChecksumThatAServerAnnouncesOnTheWayCounts(isTrue: Bool) async throws {
  try await withTarget { target in
    try await LoopbackServer.run { request, _ in
      if request.uri.path == "/file" { return file.answer(request) }
      let digest = isTrue ? checksum : String(repeating: "1", count: 64)
      return Response(
        status: .found, headers: [.location: "/file", .init("X-Linked-Etag")!: "\"\(digest)\""])
    } _: { url, _ in
      if isTrue {
        let download = try await downloader.download(url, to: target)
        #expect(download.verification == .announced)
      } else {
        await #expect(throws: DownloadError.self) { try await downloader.download(url, to: target) }
      }
    }
    #expect(FileManager.default.fileExists(atPath: target.path) == isTrue)
  }
}

@Test func aMissingFileIsReportedAtOnceAndLeavesNothing() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { _, _ in
      Response(status: .notFound)
    } _: { url, server in
      let error = await #expect(throws: DownloadError.self) {
        try await downloader.download(url.appending(path: "x"), to: target)
      }
      #expect(error == .status(url: "\(url)x", code: 404, reason: "Not Found"))
      #expect(server.ranges.count == 1)
    }
    #expect(try names(beside: target) == [])
  }
}

@Test func aServerInTroubleIsAskedAgain() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { request, count in
      count < 2 ? Response(status: .serviceUnavailable) : file.answer(request)
    } _: { url, server in
      let download = try await downloader.download(url, to: target)
      #expect(download.sha256 == checksum)
      #expect(server.ranges.count == 3)
    }
  }
}

@Test func aServerThatStaysInTroubleIsGivenUp() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { _, _ in
      Response(status: .internalServerError)
    } _: { url, server in
      let error = await #expect(throws: DownloadError.self) {
        try await downloader.download(url, to: target)
      }
      #expect(error == .status(url: "\(url)", code: 500, reason: "Internal Server Error"))
      #expect(server.ranges.count == 1 + downloader.retries)
    }
  }
}

@Test func aCircleOfRedirectionsIsLeft() async throws {
  try await withTarget { target in
    try await LoopbackServer.run { _, count in
      Response(status: .found, headers: [.location: "/\(count % 2)"])
    } _: { url, _ in
      _ = await #expect(throws: DownloadError.tooManyRedirects(url: "\(url)", limit: 8)) {
        try await downloader.download(url, to: target)
      }
    }
  }
}

@Test func aRedirectionFromHTTPSToHTTPIsNotFollowed() throws {
  let secure = try #require(URL(string: "https://a.example/x?signature=secret"))
  #expect(
    throws: DownloadError.insecureRedirect(from: "https://a.example/x", to: "http://b.example/y")
  ) { try Downloader.follow("http://b.example/y?token=1", from: secure) }
  #expect(try Downloader.follow("/y", from: secure).absoluteString == "https://a.example/y")
  #expect(try Downloader.follow("http://127.0.0.1:1/y", from: secure).host() == "127.0.0.1")
  #expect(throws: DownloadError.badAddress("file:///etc/passwd")) {
    try Downloader.follow("file:///etc/passwd", from: secure)
  }
}

@Test func aPortWhereNobodyListensIsReportedAtOnce() async throws {
  let url = try await LoopbackServer.run { _, _ in
    Response(status: .ok)
  } _: { url, _ in
    url
  }
  try await withTarget { target in
    await #expect(throws: DownloadError.refused(host: "127.0.0.1", port: url.port ?? 0)) {
      try await downloader.download(url, to: target)
    }
  }
}

@Test func aFullDiskIsNoticedBeforeAnythingIsFetched() async throws {
  try await withTarget { target in
    var cramped = downloader
    cramped.freeBytes = { _ in 1_999_999 }
    try await LoopbackServer.run { request, _ in
      file.answer(request)
    } _: { [cramped] url, _ in
      let folder = target.deletingLastPathComponent().path
      _ = await #expect(
        throws: DownloadError.diskFull(folder: folder, needed: 2_000_000, available: 1_999_999)
      ) { try await cramped.download(url, to: target) }
    }
  }
}

@Test func aCancelledDownloadCanBeResumedAndKeepsOthersAwayWhileItRuns() async throws {
  try await withTarget { target in
    let half = ResponseBody(contentLength: file.bytes.count) { writer in
      try await writer.write(ByteBuffer(bytes: file.bytes[..<1_000_000]))
      try await Task.sleep(for: .seconds(3600))  // ended by the cancellation
    }
    try await LoopbackServer.run { request, count in
      count == 0 ? Response(status: .ok, headers: [.eTag: file.tag], body: half) : file.answer(request)
    } _: { url, server in
      let (arrivals, arrival) = AsyncStream.makeStream(of: Int64.self)
      let first = Task {
        defer { arrival.finish() }
        return try await downloader.download(url, to: target) { arrival.yield($0.received) }
      }
      _ = await arrivals.first { $0 > 0 }
      await #expect(throws: DownloadError.busy(file: target.path)) {
        try await downloader.download(url, to: target)
      }
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      let left = try names(beside: target)
      #expect(left == ["model.pth.part", "model.pth.part.etag"])
      let download = try await downloader.download(url, to: target)
      #expect(download.sha256 == checksum)
      #expect(server.ranges.last??.hasPrefix("bytes=") == true)
    }
  }
}

@Test(arguments: ["", "xyz", String(repeating: "g", count: 64)])
func aChecksumOfAnotherFormIsRefused(text: String) async throws {
  try await withTarget { target in
    let url = try #require(URL(string: "http://127.0.0.1:1/"))
    await #expect(throws: DownloadError.badChecksum(text)) {
      try await downloader.download(url, to: target, sha256: text)
    }
  }
}
