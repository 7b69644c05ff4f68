/// Parts of a network by their paths: `["backbone.body.patch_embed", "language_backbone"]`. A part contains all that
/// lies below it; the empty path contains everything.
public struct PathSet: Sendable, Hashable, ExpressibleByArrayLiteral {
  public var paths: Set<String>

  public init(_ paths: some Sequence<String>) { self.paths = Set(paths) }

  public init(arrayLiteral elements: String...) { self.init(elements) }

  /// Whether the layer or the parameter at `path` belongs to one of the parts.
  public func contains(_ path: String) -> Bool {
    paths.contains { part in
      guard path.hasPrefix(part) else { return false }
      return part.isEmpty || path.utf8.count == part.utf8.count
        || path.utf8.dropFirst(part.utf8.count).first == UInt8(ascii: ".")
    }
  }
}
