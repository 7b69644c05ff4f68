import ArgumentParser
import Checkpoints
import Foundation
import GLIP
import RunLog

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a checkpoint holds: configuration, parameters, unknown and missing names.",
    discussion: "The exit code is 1 where a parameter is missing or has another shape than the network needs."
  )

  @Argument(help: "A .safetensors or .pth file, or a name from 'glip models'.")
  var model: String

  @OptionGroup var network: PresetOption

  @Flag(help: "List every parameter.")
  var all = false

  func run() throws {
    let url = try ModelOptions.file(model)
    do { try describe(ModelFile(url, preset: network.preset)) } catch {
      throw CommandError(error, at: model)
    }
  }

  private func describe(_ file: ModelFile) throws {
    let names = try file.nameReport()
    let presets = Preset.allCases.filter { $0.configuration == file.configuration }.map(\.rawValue)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try say("Network: \(presets.isEmpty ? "none of the published ones" : presets.joined(separator: " or "))")
    try say("Configuration: " + String(decoding: encoder.encode(file.configuration), as: UTF8.self))

    let entries = file.checkpoint.entries
    try say(all ? Self.table(of: entries) : Self.table(ofPartsIn: file))
    try say("Total: \(entries.count) arrays, \(bytes(Int64(entries.map(\.byteCount).reduce(0, +))))")

    try list("Constants and unused parts of released checkpoints, ignored", names.ignored, brief: !all)
    try list("Not part of the network", names.unknown)
    try list("Missing", names.missing)
    try list("Of another shape than the network needs", names.misshapen)
    if !names.missing.isEmpty || !names.misshapen.isEmpty {
      throw CommandError(
        "\(model) does not fit the network: \(names.missing.count) parameters are missing and "
          + "\(names.misshapen.count) have another shape")
    }
  }

  private static func table(of entries: [CheckpointEntry]) -> String {
    let rows = entries.map {
      [$0.name, $0.type.rawValue, "\($0.shape)", bytes(Int64($0.byteCount))]
    }
    return glip.table([["parameter", "type", "shape", "size"]] + rows, rightAligned: [3])
  }

  private static func table(ofPartsIn file: ModelFile) -> String {
    let rows = file.parts.map { ["\($0.name)", "\($0.parameters)", "\($0.values)", bytes(Int64($0.bytes))] }
    return glip.table([["part", "parameters", "values", "size"]] + rows, rightAligned: [1, 2, 3])
  }

  private func list(_ title: String, _ names: [String], brief: Bool = false) throws {
    guard !names.isEmpty else { return }
    try say(
      (["\(title): \(names.count)"] + (brief ? [] : names.map { "  " + printable($0) })).joined(
        separator: "\n"))
  }
}
