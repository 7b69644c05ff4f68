/// Rows of a table picked by int64 indices: [...] -> [..., width].
public struct Embedding: Sendable {
  /// [count, width]
  public let weight: Tensor

  public init(_ scope: Scope, count: Int, width: Int) throws {
    weight = try scope.matrix("weight", [count, width], .transformer)
  }

  public func callAsFunction(_ indices: Tensor) throws -> Tensor { try ATen.embedding(weight, indices) }
}
