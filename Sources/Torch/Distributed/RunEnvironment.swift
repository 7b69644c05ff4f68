/// The place of a process among the processes of a run, as launchers state it in environment variables.
///
/// `torchrun`, Kubernetes' training operators and `Launcher` set RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and
/// MASTER_PORT. Of Slurm, SLURM_PROCID, SLURM_NTASKS and SLURM_LOCALID count where MASTER_ADDR says that the tasks
/// belong together.
public struct RunEnvironment: Sendable, Hashable {
  /// The number of this process, from zero.
  public var rank: Int
  /// How many processes there are.
  public var size: Int
  /// The number of this process among those of its machine: which GPU it uses.
  public var localRank: Int
  /// Name or address of the machine of the first process.
  public var address: String
  public var port: UInt16
  /// Which start of the run this is, where a launcher (`torchrun`) answers at the address itself and starts anew
  /// what failed; otherwise the first process answers.
  public var attempt: String?

  /// The port where none is stated.
  public static let standardPort: UInt16 = 29500

  public init(
    rank: Int, size: Int, localRank: Int? = nil, address: String = "127.0.0.1", port: UInt16,
    attempt: String? = nil
  ) {
    (self.rank, self.size, self.localRank) = (rank, size, localRank ?? rank)
    (self.address, self.port, self.attempt) = (address, port, attempt)
  }

  /// Reads the variables; nil where they speak of no other process.
  ///
  /// - Throws: `DistributedError` where they are incomplete or contradict each other.
  public init?(_ variables: [String: String]) throws {
    let address = variables["MASTER_ADDR"].flatMap { $0.isEmpty ? nil : $0 }
    let isSlurm = variables["RANK"] == nil && variables["SLURM_PROCID"] != nil && address != nil
    let names =
      isSlurm ? ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID") : ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    guard variables[names.0] != nil || variables[names.1] != nil else { return nil }

    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int {
      guard let text = variables[name] else { throw DistributedError.missingVariable(name) }
      guard let value = Int(text), range.contains(value) else {
        throw DistributedError.wrongVariable(name, value: text, wanted: range)
      }
      return value
    }
    size = try number(names.1, in: 1...1_000_000)
    rank = try number(names.0, in: 0...size - 1)
    guard size > 1 else { return nil }
    localRank = variables[names.2] == nil ? 0 : try number(names.2, in: 0...size - 1)
    guard let address else { throw DistributedError.missingVariable("MASTER_ADDR") }
    self.address = address
    port =
      variables["MASTER_PORT"] == nil
      ? Self.standardPort : UInt16(try number("MASTER_PORT", in: 1...Int(UInt16.max)))
    if variables["TORCHELASTIC_USE_AGENT_STORE"] == "True" {
      attempt = variables["TORCHELASTIC_RESTART_COUNT"] ?? "0"
    }
  }

  /// The variables that say this.
  public var variables: [String: String] {
    [
      "RANK": "\(rank)", "WORLD_SIZE": "\(size)", "LOCAL_RANK": "\(localRank)", "MASTER_ADDR": address,
      "MASTER_PORT": "\(port)",
    ]
  }
}
