extension PickleObjects {
  /// The tensors of the state dictionary, which is the value of "model" or "state_dict", or the outermost
  /// dictionary. Whatever else a dictionary holds is passed over.
  func stateDictionary(in value: PickleValue, file: MappedFile) throws -> [CheckpointEntry] {
    guard case .dictionary(let outermost) = value else {
      throw file.failure(.unsupported, "it does not hold a dictionary of tensors")
    }
    let chosen = member("model", of: outermost) ?? member("state_dict", of: outermost) ?? outermost
    var names: Set<String> = []
    var found: [(name: String, array: StoredArray)] = []
    for case (.string(let name), .tensor(let index)) in dictionaries[chosen] {
      guard names.insert(name).inserted else {
        throw file.failure(.malformed, "its state dictionary names \(name.quoted) twice")
      }
      found.append((name, tensors[index]))
    }
    guard !found.isEmpty else { throw file.failure(.unsupported, "its state dictionary holds no tensors") }
    let prefix = "module."
    let isParallel = found.allSatisfy { $0.name.hasPrefix(prefix) }
    return found.map { name, array in
      CheckpointEntry(name: isParallel ? String(name.dropFirst(prefix.count)) : name, array: array)
    }
  }

  private func member(_ name: String, of dictionary: Int) -> Int? {
    for case (.string(name), .dictionary(let index)) in dictionaries[dictionary] { return index }
    return nil
  }
}
