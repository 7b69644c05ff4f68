import Foundation
import Synchronization

/// Makes something of each item in the background, in order and a few items ahead of where it is wanted.
package final class ReadAhead<Item: Sendable, Product: Sendable>: Sendable {
  /// How far ahead; each holds a decoded picture.
  private static var most: Int { 3 }

  private let ready = Mutex<[Result<Product, any Error>]>([])
  private let isReady = DispatchSemaphore(value: 0)
  // A semaphore may not go while it stands below the value that it began with.
  private let hasRoom = DispatchSemaphore(value: 0)

  /// - Parameter items: may be without end; a few more are taken than products are asked for.
  package init(
    _ items: some Sequence<Item> & Sendable, make: @escaping @Sendable (Item) throws -> Product
  ) {
    // The thread holds what it works with, not the reader itself, and so ends soon after that has gone.
    let (isReady, hasRoom) = (isReady, hasRoom)
    for _ in 0..<Self.most { hasRoom.signal() }
    Thread.detachNewThread { [weak self] in
      for item in items {
        hasRoom.wait()
        guard self != nil else { return }
        let product = Result { try make(item) }
        self?.ready.withLock { $0.append(product) }
        isReady.signal()
      }
    }
  }

  deinit { hasRoom.signal() }

  /// What was made of the next item, or why nothing could be. To be called once for each.
  package func next() throws -> Product {
    isReady.wait()
    let product = ready.withLock { $0.removeFirst() }
    hasRoom.signal()
    return try product.get()
  }
}
