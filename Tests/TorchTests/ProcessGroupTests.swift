import Foundation
import Synchronization
import Testing
import Torch

/// Runs `body` once for each rank of a group, on threads of their own, and returns the results by rank.
private func onRanks<Result: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (ProcessGroup) throws -> Result
) throws -> [Result] {
  let port = try Launcher.freePort()
  let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
  let done = DispatchSemaphore(value: 0)
  for rank in 0..<count {
    Thread.detachNewThread {
      let result = Swift.Result {
        try body(ProcessGroup(.init(rank: rank, size: count, port: port), timeout: .seconds(60)))
      }
      results.withLock { $0[rank] = result }
      done.signal()
    }
  }
  for _ in 0..<count { done.wait() }
  return try (0..<count).map { rank in try #require(results.withLock { $0[rank] }).get() }
}

@Suite struct ProcessGroupTests {
  @Test("Reductions, broadcasts and gatherings reach every rank", arguments: [2, 3]) func operations(
    size: Int
  ) throws {
    let results = try onRanks(size) { group -> [[Float]] in
      let own = try Tensor([Float(group.rank), 1])
      func reduced(_ reduction: ProcessGroup.Reduction) throws -> [Float] {
        let copy = try own.clone()
        try group.reduce([copy], reduction)
        return try copy.elements()
      }
      let sent = try own.clone()
      try group.broadcast([sent], from: size - 1)
      let gathered = try group.gather(own.selected(0, 0)).map { try Float($0.item()) }
      try group.barrier()
      return try [reduced(.sum), reduced(.mean), reduced(.min), reduced(.max), sent.elements(), gathered]
    }
    let ranks = (0..<size).map(Float.init)
    let last = Float(size - 1)
    for result in results {
      #expect(result[0] == [ranks.reduce(0, +), Float(size)])
      #expect(zip(result[1], [last / 2, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(result[2...] == [[0, 1], [last, 1], [last, 1], ranks])
    }
  }

  @Test("Leaves, other types and other orders in memory are taken as they are") func tensors() throws {
    let results = try onRanks(2) { group -> [[Int64]] in
      let leaf = try Tensor([Double(group.rank)]).requiringGradient()
      let turned = try Tensor((0..<6).map { Int64($0 + 10 * group.rank) }, shape: [2, 3]).transposed(0, 1)
      try group.broadcast([leaf, turned], from: 1)
      let gathered = try group.gather(turned)
      return try [leaf.detached().to(.int64).elements(), turned.elements()]
        + gathered.map { try $0.elements() }
    }
    for result in results {
      #expect(
        result == [[1], [10, 13, 11, 14, 12, 15], [10, 13, 11, 14, 12, 15], [10, 13, 11, 14, 12, 15]])
    }
  }

  @Test("A group of which somebody is missing says where it waited") func missing() throws {
    let port = try Launcher.freePort()
    let text = errorText {
      try ProcessGroup(.init(rank: 0, size: 2, port: port), timeout: .seconds(1))
    }
    #expect(text.hasPrefix("Process 0 of 2 did not meet the others at 127.0.0.1:\(port): "))
  }
}

@Suite struct RunEnvironmentTests {
  private let torchrun = [
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "node0", "MASTER_PORT": "1234",
  ]

  @Test("torchrun, Slurm and Kubernetes are understood, and a process alone") func understood() throws {
    let expected = RunEnvironment(rank: 3, size: 4, localRank: 1, address: "node0", port: 1234)
    #expect(try RunEnvironment(torchrun) == expected)
    #expect(try RunEnvironment(expected.variables) == expected)
    let agent = ["TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2"]
    #expect(try RunEnvironment(torchrun.merging(agent) { $1 })?.attempt == "2")
    let slurm = ["SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_LOCALID": "1"]
    #expect(try RunEnvironment(slurm) == nil, "a shell inside an allocation")
    let addressed = slurm.merging(["MASTER_ADDR": "node0"]) { $1 }
    #expect(
      try RunEnvironment(addressed) == .init(rank: 3, size: 4, localRank: 1, address: "node0", port: 29500))
    #expect(try RunEnvironment([:]) == nil)
    #expect(try RunEnvironment(["RANK": "0", "WORLD_SIZE": "1"]) == nil)
  }

  @Test(
    "A missing or wrong variable is named",
    arguments: [
      ("RANK", nil, "The environment speaks of several processes, but RANK is not set."),
      ("WORLD_SIZE", nil, "The environment speaks of several processes, but WORLD_SIZE is not set."),
      ("MASTER_ADDR", nil, "The environment speaks of several processes, but MASTER_ADDR is not set."),
      ("RANK", "4", "RANK='4' in the environment is no whole number from 0 to 3."),
      ("RANK", "one", "RANK='one' in the environment is no whole number from 0 to 3."),
      ("WORLD_SIZE", "0", "WORLD_SIZE='0' in the environment is no whole number from 1 to 1000000."),
      ("LOCAL_RANK", "-1", "LOCAL_RANK='-1' in the environment is no whole number from 0 to 3."),
      ("MASTER_PORT", "70000", "MASTER_PORT='70000' in the environment is no whole number from 1 to 65535."),
    ] as [(String, String?, String)])
  func wrong(name: String, value: String?, sentence: String) {
    var variables = torchrun
    variables[name] = value
    #expect(errorText { try RunEnvironment(variables) } == sentence)
  }
}

/// A network of which parts are used or not.
private struct Network: Sendable {
  let weight, bias, sometimes, never: Tensor

  init() throws {
    let generator = try Generator(seed: 4)
    weight = try Tensor.randomNormal([4, 3], generator: generator).requiringGradient()
    bias = try Tensor.randomNormal([3], generator: generator).requiringGradient()
    sometimes = try Tensor.randomNormal([3], generator: generator).requiringGradient()
    never = try Tensor.randomNormal([5], generator: generator).requiringGradient()
  }

  var parameters: [Tensor] { [weight, bias, sometimes, never] }
  var gradients: [[Float]?] { get throws { try parameters.map { try $0.gradient?.elements() } } }

  /// The mean over the samples, of which those from the third on use one parameter more.
  func loss(_ samples: Range<Int>, isCheckpointed: Bool = false) throws -> Tensor {
    let terms = try samples.map { sample in
      let x = try Tensor.randomNormal([1, 4], generator: Generator(seed: UInt64(sample)))
      let part: @Sendable ([Tensor]) throws -> [Tensor] = { [try $0[0].matmul(weight) + bias] }
      let y = try isCheckpointed ? checkpointed([x], part)[0] : part([x])[0]
      return try ((sample < 2 ? y : y * sometimes) * y).sum()
    }
    return try Tensor.stacked(terms).mean([0])
  }
}

@Suite struct GradientReducerTests {
  private func agree(_ one: [[Float]?], _ other: [[Float]?]) -> Bool {
    zip(one, other).allSatisfy { one, other in
      guard let one, let other else { return one == nil && other == nil }
      return zip(one, other).allSatisfy { abs($0 - $1) <= 1e-5 * max(abs($1), 0.1) }
    }
  }

  @Test("Two ranks with two samples each have the gradients of one with four, step after step")
  func equality() throws {
    let alone = try Network()
    try alone.loss(0..<4).backward()
    let expected = try alone.gradients
    #expect(expected.map { $0 == nil } == [false, false, false, true])
    let found = try onRanks(2) { group -> [[[Float]?]] in
      let network = try Network()
      let reducer = try GradientReducer(network.parameters, group: group)
      return try (0..<4).map { _ in
        try Gradients.clear(network.parameters)
        // Only the second rank reaches `sometimes`.
        try reducer.backward(network.loss(group.rank == 0 ? 0..<2 : 2..<4))
        return try network.gradients
      }
    }
    for gradients in found.flatMap({ $0 }) { #expect(agree(gradients, expected)) }
    #expect(found[0] == found[1])
  }

  @Test("Accumulated gradients are averaged with those of the last pass") func accumulation() throws {
    let alone = try Network()
    try (alone.loss(0..<4) * 2).backward()
    let expected = try alone.gradients
    let found = try onRanks(2) { group -> [[[Float]?]] in
      let network = try Network()
      let reducer = try GradientReducer(network.parameters, group: group)
      return try (0..<3).map { _ in
        try Gradients.clear(network.parameters)
        // Rank 1 reaches `sometimes` in the pass that is not averaged only.
        let first = group.rank == 0 ? 0 : 3
        let second = group.rank == 0 ? 2 : 1
        try network.loss(first..<first + 1).backward()
        try reducer.backward(network.loss(second..<second + 1))
        return try network.gradients
      }
    }
    for gradients in found.flatMap({ $0 }) { #expect(agree(gradients, expected)) }
  }

  @Test("Checkpointed parts are averaged as others, and a tensor used by two of them is refused")
  func checkpoints() throws {
    let alone = try Network()
    try alone.loss(1..<3).backward()
    let expected = try alone.gradients
    let found = try onRanks(2) { group -> ([[[Float]?]], String) in
      let network = try Network()
      let reducer = try GradientReducer(network.parameters, group: group)
      let steps = try (0..<3).map { _ in
        try Gradients.clear(network.parameters)
        try reducer.backward(network.loss(group.rank + 1..<group.rank + 2, isCheckpointed: true))
        return try network.gradients
      }
      return (steps, errorText { try reducer.backward(network.loss(0..<2, isCheckpointed: true)) })
    }
    for gradients in found.flatMap(\.0) { #expect(agree(gradients, expected)) }
    for text in found.map(\.1) {
      #expect(text.contains("marked ready twice") || text.contains("ready only once"))
    }
  }

  @Test("Tensors that collect no gradient are refused, and so are none") func refused() throws {
    let texts = try onRanks(1) { group in
      [
        errorText { try GradientReducer([.zeros([1])], group: group) },
        errorText { try GradientReducer([], group: group) },
      ]
    }[0]
    #expect(texts[0] == "Making a reducer of gradients failed: a tensor collects no gradient")
    #expect(texts[1].hasPrefix("Making a reducer of gradients failed: "))
  }
}
