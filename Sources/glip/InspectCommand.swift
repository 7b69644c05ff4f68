import ArgumentParser
import Checkpoints
import Foundation
import GLIP
import Torch

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a checkpoint holds: configuration, parameters, unknown and missing names.")

  @Argument(help: "A .safetensors or .pth file, or a name from 'glip models'.")
  var model: String

  @Option(help: "The network that the checkpoint belongs to, if it is not recognised by itself.")
  var preset: Preset?

  @Flag(help: "List every parameter.")
  var all = false

  func run() throws {
    let file = try ModelFile(ModelOptions.file(model), preset: preset)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let presets = Preset.allCases.filter { $0.configuration == file.configuration }.map(\.rawValue)
    print("Network: \(presets.isEmpty ? "none of the published ones" : presets.joined(separator: " or "))")
    print("Configuration: " + String(decoding: try encoder.encode(file.configuration), as: UTF8.self))

    let entries = file.checkpoint.entries
    let rows =
      all
      ? entries.map(row)
      : file.parts.map { [$0.name, "\($0.parameters)", "\($0.values)", bytes(Int64($0.bytes))] }
    let head = all ? ["parameter", "type", "shape", "size"] : ["part", "parameters", "values", "size"]
    print(table([head] + rows, rightAligned: all ? [3] : [1, 2, 3]))
    print("Total: \(entries.count) arrays, \(bytes(Int64(entries.map(\.byteCount).reduce(0, +))))")

    let names = try file.nameReport()
    report("Constants and unused parts of released checkpoints, ignored", names.ignored, brief: !all)
    report("Not part of the network", names.unknown, brief: false)
    report("Missing", names.missing, brief: false)
    report("Of another shape than the network needs", names.misshapen, brief: false)
    if !names.missing.isEmpty || !names.misshapen.isEmpty { throw ExitCode(1) }
  }

  private func row(_ entry: CheckpointEntry) -> [String] {
    [entry.name, entry.type.rawValue, "\(entry.shape)", bytes(Int64(entry.byteCount))]
  }

  private func report(_ title: String, _ names: [String], brief: Bool) {
    guard !names.isEmpty else { return }
    print("\(title): \(names.count)")
    if !brief { for name in names { print("  \(name)") } }
  }
}
