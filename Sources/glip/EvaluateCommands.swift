import ArgumentParser

struct EvaluateCommands: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure how well a network finds what it is asked for, as the benchmarks do.",
    discussion: """
      Examples:
        glip evaluate --data instances_val2017.json --images val2017 --results runs/coco
        glip evaluate odinw --tasks configs/odinw_13 --root DATASET --results runs/odinw
      Options without a subcommand are those of 'data', which 'glip evaluate data --help' lists.
      """,
    subcommands: [EvaluateCommand.self, EvaluateODinWCommand.self], defaultSubcommand: EvaluateCommand.self)
}
