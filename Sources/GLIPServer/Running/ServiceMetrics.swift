import Foundation
import Synchronization

/// What the server has done, for Prometheus.
final class ServiceMetrics: Sendable {
  private struct State {
    var requests: [RequestKind: Int] = [:]
    var requestSeconds: [String: Histogram] = [:]
    var waitingSeconds = Histogram(bounds: Histogram.seconds)
    var networkSeconds = Histogram(bounds: Histogram.seconds)
    var batchPictures = Histogram(bounds: [1, 2, 4, 8, 16])
  }

  private struct RequestKind: Hashable {
    let operation: String
    let status: Int
  }

  private let state = Mutex(State())
  private let start = Date()

  func request(_ operation: String, status: Int, seconds: Double) {
    state.withLock { state in
      state.requests[RequestKind(operation: operation, status: status), default: 0] += 1
      state.requestSeconds[operation, default: Histogram(bounds: Histogram.seconds)].note(seconds)
    }
  }

  /// A request that was answered before it could be read.
  func refused(status: Int) {
    state.withLock { $0.requests[RequestKind(operation: "none", status: status), default: 0] += 1 }
  }

  func batch(pictures: Int, seconds: Double) {
    state.withLock { state in
      state.batchPictures.note(Double(pictures))
      state.networkSeconds.note(seconds)
    }
  }

  func waited(seconds: Double) { state.withLock { $0.waitingSeconds.note(seconds) } }

  /// - Parameters:
  ///   - queued: pictures in the queue
  ///   - heldBytes: of bodies
  func text(queued: Int, heldBytes: Int) -> String {
    var page = PrometheusPage()
    state.withLock { state in
      page.begin("glip_requests_total", "counter", "Requests answered.")
      for (kind, count) in state.requests.sorted(by: {
        ($0.key.operation, $0.key.status) < ($1.key.operation, $1.key.status)
      }) {
        page.add(
          "glip_requests_total", ["operation": kind.operation, "status": "\(kind.status)"], Double(count))
      }
      page.begin("glip_request_seconds", "histogram", "From a request's header to its answer.")
      for (operation, times) in state.requestSeconds.sorted(by: { $0.key < $1.key }) {
        page.add("glip_request_seconds", ["operation": operation], times)
      }
      page.begin("glip_waiting_seconds", "histogram", "How long prepared pictures waited for the network.")
      page.add("glip_waiting_seconds", [:], state.waitingSeconds)
      page.begin("glip_network_seconds", "histogram", "How long the network took for each batch.")
      page.add("glip_network_seconds", [:], state.networkSeconds)
      page.begin("glip_batch_pictures", "histogram", "Pictures that ran together.")
      page.add("glip_batch_pictures", [:], state.batchPictures)
    }
    page.begin("glip_queued_pictures", "gauge", "Pictures admitted and not done.")
    page.add("glip_queued_pictures", [:], Double(queued))
    page.begin("glip_held_bytes", "gauge", "Bytes of request bodies in memory.")
    page.add("glip_held_bytes", [:], Double(heldBytes))
    page.begin("process_start_time_seconds", "gauge", "When the server began, in Unix time.")
    page.add("process_start_time_seconds", [:], start.timeIntervalSince1970)
    if let resident = Self.residentBytes {
      page.begin("process_resident_memory_bytes", "gauge", "Resident memory.")
      page.add("process_resident_memory_bytes", [:], resident)
    }
    return page.text
  }

  private static var residentBytes: Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    return text.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map {
      $0 * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
  }
}

/// How often values fell below each of some bounds.
struct Histogram {
  let bounds: [Double]
  private(set) var counts: [Int]
  private(set) var sum = 0.0

  static let seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = [Int](repeating: 0, count: bounds.count + 1)
  }

  mutating func note(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }
}

/// Prometheus's text format, version 0.0.4.
struct PrometheusPage {
  private(set) var text = ""

  mutating func begin(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  /// - Parameter labels: values without quotes, backslashes or line breaks.
  mutating func add(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: Double) {
    add(name, labels.map { ($0.key, $0.value) }, value)
  }

  mutating func add(_ name: String, _ labels: KeyValuePairs<String, String>, _ histogram: Histogram) {
    let labels = labels.map { ($0.key, $0.value) }
    var total = 0
    for (bound, count) in zip(histogram.bounds.map { "\($0)" } + ["+Inf"], histogram.counts) {
      total += count
      add(name + "_bucket", labels + [("le", bound)], Double(total))
    }
    add(name + "_sum", labels, histogram.sum)
    add(name + "_count", labels, Double(total))
  }

  private mutating func add(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let list = labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
    let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    text += name + (list.isEmpty ? "" : "{\(list)}") + " \(number)\n"
  }
}
