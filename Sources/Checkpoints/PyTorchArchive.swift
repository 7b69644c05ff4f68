/// The zip archive that `torch.save` writes: a pickle, and one member per storage.
///
///     <root>/data.pkl    the saved object, in which a tensor names its storage
///     <root>/data/<key>  the bytes of a storage
///     <root>/byteorder   "little"; older versions of PyTorch do not write it
struct PyTorchArchive {
  private let file: MappedFile
  private let root: String
  private let members: [String: ArchiveMember]

  /// The pickle of a model with a thousand tensors and its optimizer state has less than a megabyte.
  static let maximumPickleLength = 1 << 26

  init(file: MappedFile, verifyingChecksums: Bool) throws {
    self.file = file
    let members = try file.zipMembers(verifyingChecksums: verifyingChecksums)
    let roots = Set(members.keys.compactMap { $0.split(separator: "/").first.map(String.init) })
    let candidates = roots.filter { members["\($0)/data.pkl"] != nil }
    guard let root = candidates.first, candidates.count == 1 else {
      throw file.failure(.unrecognised, "the zip archive was not written by torch.save: it has no data.pkl")
    }
    self.root = root
    self.members = members
    guard !members.keys.contains(where: { $0.hasPrefix("\(root)/code/") || $0 == "\(root)/constants.pkl" })
    else {
      throw file.failure(
        .unsupported, "this is a TorchScript program; save the model's state_dict with torch.save instead")
    }
    if let order = try member("byteorder"), !order.elementsEqual("little".utf8) {
      throw file.failure(.unsupported, "its byte order is not little-endian")
    }
  }

  /// The tensors of the model's state dictionary, in its order.
  func entries() throws -> [CheckpointEntry] {
    guard let pickle = try member("data.pkl"), pickle.count <= Self.maximumPickleLength else {
      throw file.failure(
        .unsupported, "its data.pkl is larger than the \(Self.maximumPickleLength) bytes allowed")
    }
    var unpickler = Unpickler(file: file, bytes: pickle) { key in try range("data/\(key)") }
    let value = try unpickler.run()
    return try unpickler.objects.stateDictionary(in: value, file: file)
  }

  private func member(_ name: String) throws -> UnsafeRawBufferPointer? {
    try range(name).map { file.bytes(in: $0) }
  }

  private func range(_ name: String) throws -> Range<Int>? {
    switch members["\(root)/\(name)"] {
    case .stored(let range): return range
    case .scattered:
      throw file.failure(
        .unsupported, "its member \(name.quoted) is compressed, which PyTorch never does in checkpoints")
    case nil: return nil
    }
  }
}
