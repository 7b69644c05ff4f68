import Foundation

/// What there is to know about where a measurement was taken.
package enum Machine {
  /// The processor's name for itself, `nil` where the system does not tell.
  package static var processor: String? {
    #if canImport(Darwin)
      var name = [CChar](repeating: 0, count: 256)
      var size = name.count
      guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return nil }
      return String(cString: name)
    #else
      return field("model name", of: "/proc/cpuinfo")
    #endif
  }

  /// Threads that wanted to run in the last minute, on average; `nil` where the system does not tell.
  package static var load: Double? {
    var load = 0.0
    return getloadavg(&load, 1) == 1 ? load : nil
  }

  /// Bytes of this process that are in memory, mapped files included; `nil` where the system does not tell.
  package static var residentBytes: Int? { kilobytes("VmRSS") }

  /// The most bytes that were in memory since `resetPeak`; `nil` where the system does not tell.
  package static var peakBytes: Int? { kilobytes("VmHWM") }

  /// Makes `peakBytes` start anew.
  ///
  /// - Returns: whether it does; else it still tells of the whole life of the process.
  package static func resetPeak() -> Bool {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return false }
    // 5 is the kernel's code for the peak (proc_pid_clear_refs(5)); what it says comes with the flush.
    let written = fputs("5", file) >= 0
    return fclose(file) == 0 && written
  }

  private static func kilobytes(_ name: String) -> Int? {
    field(name, of: "/proc/self/status")?.split(separator: " ").first.flatMap { Int($0) }.map { $0 * 1024 }
  }

  /// The value of the first line `name: value`.
  private static func field(_ name: String, of path: String) -> String? {
    // Files of the kernel have no size, so they are read to their end.
    guard let data = FileHandle(forReadingAtPath: path)?.readDataToEndOfFile() else { return nil }
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return nil
  }
}
