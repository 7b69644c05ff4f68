// A process of a run, for tests that end some: `DistributedPeer ROLE` plays one role, `DistributedPeer launch N ROLE`
// starts N that do.
import Foundation
import Synchronization
import Torch

let caught = Atomic<Int32>(0)

/// Says something on a line of its own, at once.
func say(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

func play(_ role: String) throws {
  guard let place = try RunEnvironment(ProcessInfo.processInfo.environment) else { return say("alone") }
  switch role {
  case "sum":
    let numbers = try Tensor([Float(place.rank + 1)])
    try ProcessGroup(place).reduce([numbers], .sum)
    say("\(place.rank) has \(try numbers.item())")
  case "work":
    // Large enough that some is always on its way.
    let (group, numbers) = try (ProcessGroup(place), Tensor.zeros([4_000_000]))
    say("\(place.rank) is \(getpid())")
    while true { try group.reduce([numbers], .mean) }
  case "fail":
    if place.rank == 1 { exit(7) }
    sleep(600)
  case "resist":
    signal(SIGTERM, SIG_IGN)
    if place.rank == 1 {
      sleep(1)
      exit(7)
    }
    sleep(600)
  case "catch":
    signal(SIGTERM) { caught.store($0, ordering: .relaxed) }
    say("\(place.rank) is \(getpid())")
    while caught.load(ordering: .relaxed) == 0 { usleep(10_000) }
    say("\(place.rank) got \(caught.load(ordering: .relaxed))")
  default: say("no role '\(role)'")
  }
}

let arguments = CommandLine.arguments.dropFirst().map { $0 }
do {
  if arguments.count == 3, arguments[0] == "launch", let count = Int(arguments[1]) {
    let outcome = try Launcher(processes: count, arguments: [arguments[2]], grace: .seconds(2)).run()
    say("\(outcome)")
    if outcome != .finished { exit(1) }
  } else {
    try play(arguments.first ?? "")
  }
} catch {
  say("\(error)")
  exit(3)
}
