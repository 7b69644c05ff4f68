import Synchronization

/// Something that is held until it is left, or forgotten.
final class QueuePlace: Sendable {
  private let onLeaving: Mutex<(@Sendable () -> Void)?>

  init(onLeaving: @escaping @Sendable () -> Void) { self.onLeaving = Mutex(onLeaving) }

  func leave() {
    let body = onLeaving.withLock { body in
      defer { body = nil }
      return body
    }
    body?()
  }

  deinit { leave() }
}
