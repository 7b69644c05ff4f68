// The few calls that a pickle may make.

extension Unpickler {
  func global(module: String, name: String) throws -> PickleValue {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw file.failure(
        .forbidden,
        "it refers to \("\(module).\(name)".quoted), which a checkpoint may not contain; nothing was executed"
      )
    }
    return .global(global)
  }

  mutating func call(_ function: PickleValue, _ arguments: PickleValue) throws -> PickleValue {
    guard case .global(let function) = function, case .tuple(let index) = arguments else {
      throw failure("calls what cannot be called")
    }
    let arguments = objects.sequences[index]
    switch (function, arguments.first) {
    case (.dictionary, nil): return objects.dictionary()
    case (.dictionary, .dictionary?): return arguments[0]
    case (.set, nil): return objects.list()
    case (.set, .list?): return arguments[0]
    case (.rebuildTensor, .storage?): return try tensor(arguments)
    case (.rebuildParameter, .tensor?): return arguments[0]
    case (.opaque, _): return .opaque
    default: throw failure("calls a constructor with wrong arguments")
    }
  }

  /// The storage that a tensor refers to: ("storage", class, key, device, number of elements).
  mutating func storage(_ identifier: PickleValue) throws -> PickleValue {
    guard case .tuple(let index) = identifier, case let fields = objects.sequences[index],
      fields.count == 5, case .string("storage") = fields[0],
      case .global(.storage(let type)) = fields[1], case .string(let key) = fields[2],
      case .int(let count) = fields[4]
    else { throw failure("refers to a storage in an unknown way") }
    guard let range = try storageBytes(key) else {
      throw failure("refers to the storage \(key.quoted), which the archive lacks")
    }
    guard type.byteCount(of: [count]) == range.count else {
      throw failure(
        "gives the storage \(key.quoted) \(count) elements of \(type.rawValue), but the archive holds "
          + "\(range.count) bytes of it")
    }
    objects.storages.append(PickleStorage(type: type, count: count, range: range))
    return .storage(objects.storages.count - 1)
  }

  /// A tensor from (storage, offset, shape, strides, …), all in elements.
  private mutating func tensor(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count >= 4, case .storage(let index) = arguments[0],
      case .int(let offset) = arguments[1], let shape = integers(arguments[2]),
      let strides = integers(arguments[3]), shape.count == strides.count
    else { throw failure("makes a tensor of wrong arguments") }
    let storage = objects.storages[index]
    guard let byteCount = storage.type.byteCount(of: shape) else {
      throw failure("makes a tensor of the impossible shape \(shape.prefix(64))")
    }
    guard let end = end(offset: offset, shape: shape, strides: strides), end <= storage.count else {
      throw failure(
        "makes a tensor of shape \(shape), strides \(strides) and offset \(offset), which lies outside "
          + "of its storage of \(storage.count) elements")
    }
    // A stride of 0 repeats elements: a few bytes may stand for a tensor of any size.
    let width = storage.type.byteWidth
    guard byteCount <= max(storage.range.count, Self.maximumExpandedLength) else {
      throw failure("expands \(storage.range.count) bytes to a tensor of \(byteCount) bytes", .unsupported)
    }
    objects.tensors.append(
      StoredArray(
        type: storage.type, shape: shape, byteCount: byteCount,
        offset: storage.range.lowerBound + (byteCount == 0 ? 0 : offset * width),
        strides: isDense(shape, strides) ? nil : strides))
    return .tensor(objects.tensors.count - 1)
  }

  private static var maximumExpandedLength: Int { 1 << 26 }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let index) = value, objects.sequences[index].count <= 64 else { return nil }
    let values = objects.sequences[index].compactMap { value in
      if case .int(let number) = value { number } else { nil }
    }
    return values.count == objects.sequences[index].count ? values : nil
  }

  /// One more than the last element touched, or nil where that is not a sensible number.
  private func end(offset: Int, shape: [Int], strides: [Int]) -> Int? {
    guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else { return nil }
    if shape.contains(0) { return 0 }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (distance, tooFar) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow) = last.addingReportingOverflow(distance)
      guard !tooFar, !overflow, sum < Int.max else { return nil }
      last = sum
    }
    return last + 1
  }

  private func isDense(_ shape: [Int], _ strides: [Int]) -> Bool {
    if shape.contains(0) { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size > 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}
