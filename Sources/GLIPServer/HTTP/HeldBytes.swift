import Foundation
import HTTPTypes
import HummingbirdCore
import Synchronization

/// How many bytes of bodies are in memory, over all requests.
final class HeldBytes: Sendable {
  private let most: Int
  private let held = Mutex(0)

  init(most: Int) { self.most = most }

  var count: Int { held.withLock { $0 } }

  fileprivate func take(_ count: Int) -> Bool {
    held.withLock { held in
      guard held + count <= most else { return false }
      held += count
      return true
    }
  }

  fileprivate func give(back count: Int) { held.withLock { $0 -= count } }
}

/// The body of a request; it counts as held until it goes.
final class HeldBody: Sendable {
  let data: Data
  private let held: HeldBytes

  /// Reads a body to its end.
  ///
  /// - Throws: `APIError` where it is too long or compressed, comes too slowly or is cut off.
  init(of request: Request, in held: HeldBytes, limits: ServiceLimits) async throws {
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw APIError(
        .unsupportedMediaType, "A body with Content-Encoding '\(encoding.prefix(20))' is not read.")
    }
    let tooLong = APIError(
      .requestTooLarge, "The body is longer than the \(limits.bodyBytes) bytes that this server accepts.")
    if let length = request.headers[.contentLength].flatMap(Int.init), length > limits.bodyBytes {
      throw tooLong
    }
    var data = Data()
    do {
      for try await chunk in request.body {
        guard data.count + chunk.readableBytes <= limits.bodyBytes else { throw tooLong }
        guard held.take(chunk.readableBytes) else {
          throw APIError(
            .queueFull, "The server holds as many requests as it may; try again in 1 s.",
            headers: [.retryAfter: "1"])
        }
        data.append(contentsOf: chunk.readableBytesView)
      }
    } catch {
      held.give(back: data.count)
      throw error
    }
    self.data = data
    self.held = held
  }

  deinit { held.give(back: data.count) }
}
