import Foundation
import Hummingbird
import ModelStore
import Testing

@Test(arguments: [
  (["GLIP_HOME": "/g", "XDG_DATA_HOME": "/x", "HOME": "/h"], "/g/models"),
  (["GLIP_HOME": "", "XDG_DATA_HOME": "/x", "HOME": "/h"], "/x/glip/models"),
  (["HOME": "/h"], "/h/.local/share/glip/models"),
])
func theStoresFolderComesFromTheEnvironment(environment: [String: String], path: String) {
  #expect(ModelStore(environment: environment).folder.path == path)
}

@Test func everyPublishedModelHasItsOwnNameAndFile() {
  let models = PublishedModel.all
  #expect(models.count == 5)
  #expect(Set(models.map(\.name)).count == 5)
  #expect(Set(models.map(\.fileName)).count == 5)
  #expect(models.allSatisfy { $0.source.scheme == "https" && $0.source.lastPathComponent == $0.fileName })
  #expect(PublishedModel.named("GLIP-L")?.fileName == "glip_large_model.pth")
  #expect(PublishedModel.named("glip") == nil)
}

@Test func aPulledModelIsKeptUntilAnotherChecksumIsAskedFor() async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  let store = ModelStore(folder: folder)
  let served = ServedFile(bytes: Array("weights".utf8))
  try await LoopbackServer.run { request, _ in
    served.answer(request)
  } _: { url, server in
    let model = PublishedModel(
      name: "test", preset: "glip-t", summary: "", fileName: "test.pth", source: url.appending(path: "a"))
    let downloader = Downloader(environment: [:])
    #expect(!store.holds(model))
    let download = try #require(try await store.pull(model, with: downloader))
    #expect(download.file == store.file(of: model))
    #expect(store.holds(model))
    #expect(store.recordedChecksum(of: model) == download.sha256)

    let again = try await store.pull(model, with: downloader)
    let same = try await store.pull(model, sha256: download.sha256.uppercased(), with: downloader)
    #expect(again == nil)
    #expect(same == nil)
    #expect(server.ranges.count == 1)

    await #expect(throws: DownloadError.self) {
      try await store.pull(model, sha256: String(repeating: "0", count: 64), with: downloader)
    }
    #expect(store.holds(model))
    #expect(server.ranges.count == 2)
  }
}
