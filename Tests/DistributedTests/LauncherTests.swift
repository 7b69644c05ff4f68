import Foundation
import Testing
import Torch

@Suite(.serialized) struct LauncherTests {
  @Test("Processes of a run find each other and work together") func together() throws {
    let peer = try Peer("launch", "3", "sum")
    let lines = try peer.remainingLines()
    #expect(lines.dropLast().sorted() == ["0 has 6.0", "1 has 6.0", "2 has 6.0"])
    #expect(lines.last == "All processes finished.")
    #expect(peer.process.terminationStatus == 0)
  }

  @Test("When one fails the others are ended, and it is named") func failure() throws {
    let peer = try Peer("launch", "3", "fail")
    #expect(try peer.remainingLines() == ["Process 1 failed with exit status 7; all were ended."])
    #expect(peer.process.terminationStatus == 1)
  }

  @Test("Those that resist are ended by force") func resisting() throws {
    let peer = try Peer("launch", "2", "resist")
    #expect(try peer.remainingLines() == ["Process 1 failed with exit status 7; all were ended."])
  }

  @Test("Signals are handed on, and all may finish in their own way") func signals() throws {
    let peer = try Peer("launch", "2", "catch")
    _ = try peer.processes(2)
    peer.process.terminate()
    let lines = try peer.remainingLines()
    #expect(lines.dropLast().sorted() == ["0 got 15", "1 got 15"])
    #expect(lines.last == "All processes finished.")
  }

  @Test("A program that does not exist is named") func missing() {
    let launcher = Launcher(processes: 2, executable: "/does/not/exist", arguments: [])
    #expect {
      try launcher.run()
    } throws: { error in
      "\(error)" == "'/does/not/exist' could not be started: No such file or directory."
    }
  }
}

@Suite(.serialized) struct LostPeerTests {
  @Test("Killing one process ends the other with a sentence", arguments: [0, 1]) func killed(rank: Int) throws
  {
    let port = "\(try Launcher.freePort())"
    let peers = try (0..<2).map { rank in
      try Peer(
        "work",
        environment: [
          "RANK": "\(rank)", "WORLD_SIZE": "2", "LOCAL_RANK": "\(rank)", "MASTER_ADDR": "127.0.0.1",
          "MASTER_PORT": port,
        ])
    }
    for peer in peers { _ = try peer.processes(1) }
    kill(peers[rank].process.processIdentifier, SIGKILL)
    let survivor = peers[1 - rank]
    let lines = try survivor.remainingLines()
    let expected = "Process \(1 - rank) of 2 lost contact with another, which ended or did not answer: "
    #expect(lines.count == 1 && lines[0].hasPrefix(expected))
    #expect(survivor.process.terminationReason == .exit)
    #expect(survivor.process.terminationStatus == 3)
  }

  @Test("A launcher names the process that was killed") func launched() throws {
    let peer = try Peer("launch", "2", "work")
    let processes = try peer.processes(2)
    kill(try #require(processes[1]), SIGKILL)
    #expect(try peer.remainingLines().last == "Process 1 was ended by signal 9 (Killed); all were ended.")
    #expect(peer.process.terminationStatus == 1)
  }
}
