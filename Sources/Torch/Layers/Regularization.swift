/// Whether layers that drop something at random do so: they look it up when they are called.
///
/// ```swift
/// let predictions = try Regularization(except: frozen).running { try model(pictures, prompts: prompts) }
/// ```
///
/// Outside of `running` every layer is in evaluation. Draws come from libtorch's default generators, so
/// `Runtime.seed` repeats a run.
public struct Regularization: Sendable {
  @TaskLocal public static var current: Regularization?

  /// Parts of the network that are in evaluation all the same.
  public let exceptions: PathSet

  public init(except exceptions: PathSet = []) { self.exceptions = exceptions }

  /// Lets layers drop while `body` runs on this task.
  public func running<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Regularization.$current.withValue(self, operation: body)
  }

  /// Whether the layer at `path` drops.
  static func applies(at path: String) -> Bool {
    current.map { !$0.exceptions.contains(path) } ?? false
  }
}
