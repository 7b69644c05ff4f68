import Testing
import Torch

@Suite struct AdamWTests {
  /// The paper's algorithm 2 on one number.
  private struct Formula {
    var x: Double
    let rate, decay: Double
    var mean = 0.0
    var square = 0.0
    var steps = 0.0

    mutating func step(_ gradient: Double, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
      steps += 1
      mean = betas.0 * mean + (1 - betas.0) * gradient
      square = betas.1 * square + (1 - betas.1) * gradient * gradient
      x -= rate * decay * x
      let (unbiased, spread) = (mean / (1 - pow(betas.0, steps)), square / (1 - pow(betas.1, steps)))
      x -= rate * unbiased / (spread.squareRoot() + epsilon)
    }

    private func pow(_ base: Double, _ exponent: Double) -> Double {
      (0..<Int(exponent)).reduce(1) { power, _ in power * base }
    }
  }

  private func parameter(
    _ name: String, _ values: [Double], rate: Double, decay: Double
  ) throws -> AdamW.Parameter {
    .init(name, try Tensor(values).requiringGradient(), learningRate: rate, weightDecay: decay)
  }

  @Test("Steps are the formula's, with every parameter's own rate and decay") func formula() throws {
    let settings = [(0.01, 0.1), (0.01, 0.0), (0.001, 0.1), (0.01, 0.1), (0.0, 0.5)]
    let values = [0.5, -2.0, 3e-5, 0.0]
    let parameters = try settings.enumerated().map { try parameter("\($0)", values, rate: $1.0, decay: $1.1) }
    var expected = settings.map { rate, decay in values.map { Formula(x: $0, rate: rate, decay: decay) } }
    let optimizer = AdamW(parameters, betas: (0.8, 0.95), epsilon: 1e-6)
    for step in 1...5 {
      let gradient = values.indices.map { Double(step - 2) * (Double($0) - 1.5) * 0.3 }
      for parameter in parameters { try parameter.tensor.setGradient(Tensor(gradient)) }
      try optimizer.step()
      for (row, parameter) in parameters.enumerated() {
        for column in values.indices {
          expected[row][column].step(gradient[column], betas: (0.8, 0.95), epsilon: 1e-6)
        }
        for (found, wanted) in zip(try parameter.tensor.elements(Double.self), expected[row]) {
          #expect(abs(found - wanted.x) <= 1e-12)
        }
      }
    }
  }

  @Test("float32 stays within its precision, and the schedule scales all rates") func single() throws {
    let weight = try Tensor([1, -1] as [Float]).requiringGradient()
    let optimizer = AdamW([.init("w", weight, learningRate: 0.1, weightDecay: 0.01)])
    var expected = Formula(x: 1, rate: 0.05, decay: 0.01)
    for _ in 0..<10 {
      try weight.setGradient(Tensor([0.25, -0.25] as [Float]))
      try optimizer.step(scale: 0.5)
      expected.step(0.25)
    }
    let found = try weight.elements(Float.self)
    #expect(abs(Double(found[0]) - expected.x) < 1e-6)
    #expect(found[1] == -found[0])
  }

  @Test("Without a gradient a parameter stays as it is and its steps are not counted") func missing() throws {
    let (one, other) = try (
      parameter("one", [1], rate: 0.1, decay: 0.1), parameter("other", [1], rate: 0.1, decay: 0.1)
    )
    let optimizer = AdamW([one, other])
    try optimizer.step()
    #expect(optimizer.state.isEmpty)
    var expected = Formula(x: 1, rate: 0.1, decay: 0.1)
    for isThere in [true, false, true] {
      try one.tensor.setGradient(Tensor([1.0]))
      try other.tensor.setGradient(isThere ? Tensor([1.0]) : nil)
      try optimizer.step()
      if isThere { expected.step(1) }
      #expect(try abs(other.tensor.item() - expected.x) < 1e-12)
    }
    #expect(try optimizer.state["one.step"]?.item() == 3)
    #expect(try optimizer.state["other.step"]?.item() == 2)
  }

  @Test("A gradient in another order in memory is the same gradient") func order() throws {
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    let (one, other) = try (Tensor(values, shape: [2, 3]), Tensor(values, shape: [2, 3]))
    let gradient = try Tensor(values, shape: [2, 3])
    try one.requiringGradient().setGradient(gradient)
    try other.requiringGradient().setGradient(gradient.transposed(0, 1).contiguous().transposed(0, 1))
    let optimizer = AdamW(
      [("one", one), ("other", other)].map { .init($0, $1, learningRate: 0.1, weightDecay: 0) },
      epsilon: 1)
    try optimizer.step()
    #expect(try one.elements(Float.self) == other.elements(Float.self))
  }

  @Test("A restored optimizer goes on bit for bit") func restoring() throws {
    func run(_ steps: Range<Int>, _ optimizer: AdamW) throws -> [Double] {
      for step in steps {
        for parameter in optimizer.parameters {
          try parameter.tensor.setGradient(Tensor([Double(step), 1 / Double(step + 1)]))
        }
        try optimizer.step()
      }
      return try optimizer.parameters.flatMap { try $0.tensor.elements(Double.self) }
    }
    func optimizer() throws -> AdamW {
      AdamW([
        try parameter("a", [1, 2], rate: 0.1, decay: 0.1), try parameter("b", [3, 4], rate: 0.2, decay: 0),
      ])
    }
    let (whole, first, second) = try (optimizer(), optimizer(), optimizer())
    let expected = try run(0..<6, whole)
    _ = try run(0..<3, first)
    try withoutGradient {
      for (old, new) in zip(first.parameters, second.parameters) { try new.tensor.copy(from: old.tensor) }
    }
    try second.restore(first.state)
    #expect(try run(3..<6, second) == expected)
    // A copy: the first one's next step leaves the second alone.
    #expect(try second.state["a.step"]?.item() == 6 && first.state["a.step"]?.item() == 3)
  }

  @Test("A state of other parameters is refused and changes nothing") func unfit() throws {
    let optimizer = AdamW([try parameter("a", [1, 2], rate: 0.1, decay: 0)])
    try optimizer.parameters[0].tensor.setGradient(Tensor([1.0, 1.0]))
    try optimizer.step()
    var state = optimizer.state
    state["a.step"] = nil
    #expect(errorText { try optimizer.restore(state) } == "The optimizer's state lacks 'a.step'.")
    state = optimizer.state
    state["a.exp_avg"] = try .zeros([3])
    #expect(
      errorText { try optimizer.restore(state) }
        == "The optimizer's state has 'a.exp_avg' as float32[3]; the parameter needs float64[2].")
    state = optimizer.state
    state["b.exp_avg"] = try .zeros([3])
    #expect(
      errorText { try optimizer.restore(state) }
        == "The optimizer's state has 'b.exp_avg', which belongs to no parameter.")
    #expect(try optimizer.state["a.step"]?.item() == 1)
    try optimizer.restore([:])
    #expect(optimizer.state.isEmpty)
  }
}
