import Foundation

/// What can go wrong between the processes of a run.
public enum DistributedError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case missingVariable(String)
  case wrongVariable(String, value: String, wanted: ClosedRange<Int>)
  /// The processes did not find each other.
  case noMeeting(RunEnvironment, message: String)
  /// Another process ended, or did not answer in time.
  case lostContact(rank: Int, size: Int, message: String)
  /// A process could not be started.
  case noStart(String, reason: String)

  public var description: String {
    switch self {
    case .missingVariable(let name):
      "The environment speaks of several processes, but \(name) is not set."
    case .wrongVariable(let name, let value, let wanted):
      "\(name)='\(value)' in the environment is no whole number from \(wanted.lowerBound) to \(wanted.upperBound)."
    case .noMeeting(let place, let message):
      "Process \(place.rank) of \(place.size) did not meet the others at \(place.address):\(place.port): \(message)"
    case .lostContact(let rank, let size, let message):
      "Process \(rank) of \(size) lost contact with another, which ended or did not answer: \(message)"
    case .noStart(let executable, let reason): "'\(executable)' could not be started: \(reason)."
    }
  }

  public var errorDescription: String? { description }
}
