import CTorch

extension Tensor {
  public var requiresGradient: Bool { ct_requires_grad(handle) }

  /// Marks a leaf for autograd and returns it.
  @discardableResult
  public func requiringGradient(_ value: Bool = true) throws -> Tensor {
    try check(ct_set_requires_grad(handle, value), "Requiring a gradient of \(self)")
    return self
  }

  /// Accumulates into `gradient` of every leaf the derivative of this tensor's sum weighted by `gradient`
  /// (which may be left out for a single element).
  public func backward(_ gradient: Tensor? = nil, retainGraph: Bool = false) throws {
    try check(ct_backward(handle, gradient?.handle, retainGraph), "The backward pass of \(self)")
  }

  /// The accumulated gradient of a leaf, if there is one.
  public var gradient: Tensor? { ct_gradient(handle).map(Tensor.init(owning:)) }

  /// Replaces the accumulated gradient.
  ///
  /// - Throws: `TorchError.failed` for one of another shape, type or device.
  public func setGradient(_ gradient: Tensor?) throws {
    try check(ct_set_gradient(handle, gradient?.handle), "Setting the gradient of \(self)")
  }
}
