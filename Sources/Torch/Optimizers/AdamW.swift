import Foundation

/// Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019), with
/// rates and decays of every parameter's own.
///
/// Use it from one task at a time.
public final class AdamW {
  /// A tensor to be trained.
  public struct Parameter: Sendable {
    public var name: String
    public var tensor: Tensor
    public var learningRate: Double
    public var weightDecay: Double

    public init(_ name: String, _ tensor: Tensor, learningRate: Double, weightDecay: Double) {
      (self.name, self.tensor) = (name, tensor)
      (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
    }
  }

  /// The running means of a parameter's gradients and of their squares, and how many there were.
  private struct Moments {
    var mean: Tensor
    var square: Tensor
    /// float32, a single element.
    var steps: Tensor

    init(of tensor: Tensor) throws {
      mean = try tensor.zerosAlike()
      square = try tensor.zerosAlike()
      steps = try .zeros([], device: tensor.device)
    }
  }

  /// What one call of the operator has in common.
  private struct Group: Hashable {
    let learningRate, weightDecay: Double
    let dtype: DType
    let device: Device
  }

  public let parameters: [Parameter]
  private let betas: (mean: Double, square: Double)
  private let epsilon: Double
  private let groups: [(group: Group, members: [Int])]
  /// None before the first gradient.
  private var moments: [Moments?]

  private static let update = Operator("aten::_fused_adamw_")
  private static let count = Operator("aten::_foreach_add_.Scalar")

  /// - Parameters:
  ///   - parameters: of floating-point types, in no particular order
  ///   - betas: how much of the running means of gradients and of their squares a step keeps
  ///   - epsilon: added to the root of the squares' mean
  public init(
    _ parameters: [Parameter], betas: (mean: Double, square: Double) = (0.9, 0.999), epsilon: Double = 1e-8
  ) {
    self.parameters = parameters
    self.betas = betas
    self.epsilon = epsilon
    moments = Array(repeating: nil, count: parameters.count)
    var positions: [Group: Int] = [:]
    var groups: [(group: Group, members: [Int])] = []
    for (index, parameter) in parameters.enumerated() {
      let group = Group(
        learningRate: parameter.learningRate, weightDecay: parameter.weightDecay,
        dtype: parameter.tensor.dtype, device: parameter.tensor.device)
      let position = positions[group, default: groups.count]
      if position == groups.count {
        positions[group] = position
        groups.append((group, []))
      }
      groups[position].members.append(index)
    }
    self.groups = groups
  }

  /// One step against the gradients that there are. A parameter without one stays as it is, its weight does not
  /// decay, and its means do not move.
  ///
  /// - Parameters:
  ///   - scale: multiplies all learning rates: the schedule
  ///   - decayScale: multiplies all weight decays
  ///   - minimumRate: no learning rate that was higher is scaled to less
  public func step(scale: Double = 1, decayScale: Double = 1, minimumRate: Double = 0) throws {
    try withoutGradient {
      for (group, members) in groups {
        let rate = max(group.learningRate * scale, min(group.learningRate, minimumRate))
        try step(members, rate: rate, decay: group.weightDecay * decayScale)
      }
    }
  }

  private func step(_ members: [Int], rate: Double, decay: Double) throws {
    var (tensors, gradients): ([Tensor], [Tensor]) = ([], [])
    var (means, squares, steps): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
    for index in members {
      let tensor = parameters[index].tensor
      guard let gradient = tensor.gradient else { continue }
      let moments = try self.moments[index] ?? Moments(of: tensor)
      self.moments[index] = moments
      tensors.append(tensor)
      gradients.append(try gradient.laidOut(as: tensor))
      means.append(moments.mean)
      squares.append(moments.square)
      steps.append(moments.steps)
    }
    guard !tensors.isEmpty else { return }
    _ = try Self.count.tensors(steps, 1)
    _ = try Self.update.tensors(
      tensors, gradients, means, squares, [Tensor](), steps, rate, betas.mean,
      betas.square, decay, epsilon, false, false)
    for tensor in tensors { tensor.noteWrite() }
  }
}

// MARK: State

extension AdamW {
  private static let means = "exp_avg"
  private static let squares = "exp_avg_sq"
  private static let steps = "step"

  /// All that the next steps depend on besides parameters and gradients: `NAME.exp_avg` and `NAME.exp_avg_sq` of the
  /// parameter's shape and type, `NAME.step`, a float32 number, for each parameter that has had a gradient. The
  /// tensors are the optimizer's own and change with its next step.
  public var state: [String: Tensor] {
    var state: [String: Tensor] = [:]
    for case (let parameter, let moments?) in zip(parameters, moments) {
      state["\(parameter.name).\(Self.means)"] = moments.mean
      state["\(parameter.name).\(Self.squares)"] = moments.square
      state["\(parameter.name).\(Self.steps)"] = moments.steps
    }
    return state
  }

  /// Goes on where an optimizer of the same parameters was when its `state` was read; copies the tensors.
  ///
  /// - Throws: `OptimizerError` where the state is of other parameters, and then changes nothing.
  public func restore(_ state: [String: Tensor]) throws {
    var remaining = state
    func take(_ name: String, into target: Tensor) throws {
      guard let value = remaining.removeValue(forKey: name) else { throw OptimizerError.missing(name) }
      guard value.shape == target.shape, value.dtype == target.dtype else {
        throw OptimizerError.unfit(name, expected: target.description, found: value.description)
      }
      try target.copy(from: value)
    }
    let restored = try parameters.map { parameter -> Moments? in
      let names = [Self.means, Self.squares, Self.steps].map { "\(parameter.name).\($0)" }
      guard names.contains(where: { remaining[$0] != nil }) else { return nil }
      let moments = try Moments(of: parameter.tensor)
      for (name, target) in zip(names, [moments.mean, moments.square, moments.steps]) {
        try take(name, into: target)
      }
      return moments
    }
    if let name = remaining.keys.min() { throw OptimizerError.unknown(name) }
    moments = restored
  }
}

/// Why an optimizer's state does not fit.
public enum OptimizerError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case missing(String)
  case unknown(String)
  case unfit(String, expected: String, found: String)

  public var description: String {
    switch self {
    case .missing(let name): "The optimizer's state lacks '\(name)'."
    case .unknown(let name): "The optimizer's state has '\(name)', which belongs to no parameter."
    case .unfit(let name, let expected, let found):
      "The optimizer's state has '\(name)' as \(found); the parameter needs \(expected)."
    }
  }

  public var errorDescription: String? { description }
}

extension Tensor {
  private static let zerosLike = Operator("aten::zeros_like")

  /// Zeros of the same shape, type, device and order in memory.
  fileprivate func zerosAlike() throws -> Tensor { try Self.zerosLike(self) }

  /// The same elements in another tensor's order in memory, which the update on the CPU takes for granted.
  fileprivate func laidOut(as other: Tensor) throws -> Tensor {
    guard try strides != other.strides else { return self }
    let copy = try other.zerosAlike()
    try copy.copy(from: self)
    return copy
  }
}
