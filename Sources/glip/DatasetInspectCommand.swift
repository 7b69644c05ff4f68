import ArgumentParser
import Foundation
import GroundingData
import RunLog

struct DatasetInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Read every record of a data set and list what is wrong with it.",
    discussion: "The exit code is 1 where anything is malformed, unless --skip is given.")

  @OptionGroup var dataset: DatasetOptions

  @Flag(help: "Decode every picture too, and compare its size with what the annotations say.")
  var pictures = false

  @Flag(help: "List everything that is wrong, however much it is.")
  var all = false

  func run() throws {
    let opened = try dataset.open(.skip)
    let progress = ProgressLine()
    let report = try opened.validate(readingPictures: pictures) {
      if $0 % 100 == 0 { progress.show($0, of: opened.count, unit: "records") }
    }
    progress.clear()
    try say(
      table([
        ["format", opened.format?.rawValue ?? "-"],
        ["records", "\(opened.count), \(report.records) of them sound"],
        ["classes", opened.classes.isEmpty ? "none, captions" : "\(opened.classes.count)"],
        ["objects", "\(report.objects)"], ["boxes partly outside", "\(report.boxesPartlyOutside)"],
        ["malformed", "\(report.faultCount)"],
      ]))
    let shown = report.faults.prefix(all ? report.faults.count : DatasetOptions.mostFaults)
    if !shown.isEmpty { try say("\n" + shown.map { printable(reason($0)) }.joined(separator: "\n")) }
    if shown.count < report.faultCount { try say("and \(report.faultCount - shown.count) more") }
    guard report.faultCount > 0, !dataset.skip else { return }
    throw CommandError("\(dataset.annotations): \(report.faultCount) records or objects are malformed")
  }
}
