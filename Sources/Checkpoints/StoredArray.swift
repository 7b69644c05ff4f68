/// Where an array lies in a file. Whoever makes one has checked that it lies within the file.
struct StoredArray {
  let type: ScalarType
  let shape: [Int]
  /// Bytes of the dense array.
  let byteCount: Int
  /// Byte of the file at which the first element lies.
  let offset: Int
  /// Elements between neighbours along each axis; nil where the array is dense, in C order.
  let strides: [Int]?
}

extension MappedFile {
  /// The array, dense and aligned: straight from the map where it lies so already, else a copy.
  func contents(of array: StoredArray) -> TensorBytes {
    if array.strides == nil {
      let bytes = self.bytes(in: array.offset..<array.offset + array.byteCount)
      let address = UInt(bitPattern: bytes.baseAddress)
      if address.isMultiple(of: UInt(array.type.byteWidth)) {
        return TensorBytes(owner: self, bytes: bytes)
      }
    }
    let copy = HeapBytes(count: array.byteCount)
    let source = bytes(in: array.offset..<count)
    if let strides = array.strides {
      gather(from: source, into: copy.memory, array, strides)
    } else {
      copy.memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(array.byteCount)))
    }
    return TensorBytes(owner: copy, bytes: UnsafeRawBufferPointer(copy.memory))
  }

  /// Copies a strided array row by row (a row is the last axis), counting up the other axes.
  private func gather(
    from source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    _ array: StoredArray, _ strides: [Int]
  ) {
    guard let from = source.baseAddress, let to = target.baseAddress, let length = array.shape.last,
      let step = strides.last, array.byteCount > 0
    else { return }
    let width = array.type.byteWidth
    let outer = array.shape.indices.dropLast()
    var index = [Int](repeating: 0, count: outer.count)
    var row = 0
    for written in stride(from: 0, to: array.byteCount, by: length * width) {
      if step == 1 {
        (to + written).copyMemory(from: from + row * width, byteCount: length * width)
      } else {
        for i in 0..<length {
          (to + written + i * width).copyMemory(from: from + (row + i * step) * width, byteCount: width)
        }
      }
      for axis in outer.reversed() {
        index[axis] += 1
        row += strides[axis]
        guard index[axis] == array.shape[axis] else { break }
        row -= index[axis] * strides[axis]
        index[axis] = 0
      }
    }
  }
}

/// Memory that is filled by its maker and only read afterwards.
private final class HeapBytes: @unchecked Sendable {
  let memory: UnsafeMutableRawBufferPointer

  init(count: Int) {
    memory = .allocate(byteCount: count, alignment: 64)  // a cache line, as libtorch aligns its own
  }

  deinit { memory.deallocate() }
}
