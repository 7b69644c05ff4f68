import Foundation

/// Writes safetensors files.
public enum SafetensorsWriter {
  /// An array to be written.
  public struct Array {
    /// Takes some bytes of the array.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    public let name: String
    public let type: ScalarType
    /// Sizes, outermost axis first.
    public let shape: [Int]
    let produce: (Sink) throws -> Void

    /// - Parameter produce: Hands the array's bytes (dense, C order, little-endian) to the sink, in one
    ///   or more pieces. It is called once, when the array's turn has come, so that the arrays need not be
    ///   in memory together.
    public init(
      name: String, type: ScalarType, shape: [Int], produce: @escaping (Sink) throws -> Void
    ) {
      self.name = name
      self.type = type
      self.shape = shape
      self.produce = produce
    }
  }

  /// Writes `arrays` to a temporary file beside `url`, which then takes its place.
  ///
  /// Equal input gives equal bytes. The data are ordered by falling width of the element, and else as
  /// given, so that every array is aligned in the file.
  ///
  /// - Throws: `CheckpointError`, or what a producer throws; `url` is then as it was before.
  public static func write(
    _ arrays: [Array], metadata: [String: String] = [:], to url: URL
  ) throws {
    // Swift's sort is stable, though not documented to be; the position makes it certain.
    let ordered = arrays.enumerated()
      .sorted { ($1.element.type.byteWidth, $0.offset) < ($0.element.type.byteWidth, $1.offset) }
      .map(\.element)
    let header = try header(of: ordered, metadata: metadata, url: url)
    let output = try ReplacementFile(for: url)
    try withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { try output.write($0) }
    var text = header
    try text.withUTF8 { try output.write(UnsafeRawBufferPointer($0)) }
    for array in ordered {
      var missing = array.type.byteCount(of: array.shape) ?? 0
      try array.produce { bytes in
        missing -= bytes.count
        if missing >= 0 { try output.write(bytes) }
      }
      guard missing == 0 else {
        let amount = missing > 0 ? "\(missing) bytes too few" : "\(-missing) bytes too many"
        throw CheckpointError(.malformed, file: url, "the array \(array.name.quoted) was given \(amount)")
      }
    }
    try output.commit()
  }

  private static func header(
    of arrays: [Array], metadata: [String: String], url: URL
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    func json(_ text: String) throws -> String {
      String(decoding: try encoder.encode(text), as: UTF8.self)
    }
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = try metadata.sorted { $0.key < $1.key }.map { "\(try json($0.key)):\(try json($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var names: Set<String> = ["__metadata__"]
    var begin = 0
    for array in arrays {
      guard names.insert(array.name).inserted else {
        throw CheckpointError(
          .malformed, file: url, "the name \(array.name.quoted) is reserved or given twice")
      }
      let size = array.type.byteCount(of: array.shape)
      guard let size, case (let end, let overflow) = begin.addingReportingOverflow(size), !overflow else {
        throw CheckpointError(.malformed, file: url, "the shape of \(array.name.quoted) is not valid")
      }
      let shape = array.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(try json(array.name)):{\"dtype\":\"\(array.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
      begin = end
    }
    let text = "{\(members.joined(separator: ","))}"
    guard text.utf8.count <= SafetensorsReader.maximumHeaderLength else {
      throw CheckpointError(.unsupported, file: url, "the header would be larger than the format allows")
    }
    return text + String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
  }
}
