/// The operators of libtorch that the project uses, looked up once.
enum ATen {
  static let empty = Operator("aten::empty.memory_format")
  static let full = Operator("aten::full")
  static let arange = Operator("aten::arange.start_step")
  static let randn = Operator("aten::randn.generator")
  static let rand = Operator("aten::rand.generator")
  static let contiguous = Operator("aten::contiguous")
  static let clone = Operator("aten::clone")
  static let detach = Operator("aten::detach")
  static let toOptions = Operator("aten::to.dtype_layout")
  static let copy = Operator("aten::copy_")
  static let addInPlace = Operator("aten::add_.Tensor")
  static let mulInPlace = Operator("aten::mul_.Scalar")

  static let reshape = Operator("aten::reshape")
  static let permute = Operator("aten::permute")
  static let transpose = Operator("aten::transpose.int")
  static let flatten = Operator("aten::flatten.using_ints")
  static let expand = Operator("aten::expand")
  static let unsqueeze = Operator("aten::unsqueeze")
  static let squeeze = Operator("aten::squeeze.dim")
  static let slice = Operator("aten::slice.Tensor")
  static let select = Operator("aten::select.int")
  static let split = Operator("aten::split_with_sizes")
  static let cat = Operator("aten::cat")
  static let stack = Operator("aten::stack")
  static let roll = Operator("aten::roll")
  static let pad = Operator("aten::constant_pad_nd")
  static let flip = Operator("aten::flip")
  static let indexSelect = Operator("aten::index_select")
  static let gather = Operator("aten::gather")
  static let `where` = Operator("aten::where.self")
  static let nonzero = Operator("aten::nonzero")
  static let topk = Operator("aten::topk")
  static let sort = Operator("aten::sort.stable")

  static let add = Operator("aten::add.Tensor")
  static let addScalar = Operator("aten::add.Scalar")
  static let sub = Operator("aten::sub.Tensor")
  static let mul = Operator("aten::mul.Tensor")
  static let mulScalar = Operator("aten::mul.Scalar")
  static let div = Operator("aten::div.Tensor")
  static let divScalar = Operator("aten::div.Scalar")
  static let neg = Operator("aten::neg")
  static let abs = Operator("aten::abs")
  static let exp = Operator("aten::exp")
  static let sqrt = Operator("aten::sqrt")
  static let floor = Operator("aten::floor")
  static let round = Operator("aten::round")
  static let maximum = Operator("aten::maximum")
  static let minimum = Operator("aten::minimum")
  static let clamp = Operator("aten::clamp")
  static let gtScalar = Operator("aten::gt.Scalar")
  static let geScalar = Operator("aten::ge.Scalar")
  static let ltScalar = Operator("aten::lt.Scalar")
  static let logicalAnd = Operator("aten::logical_and")
  static let sum = Operator("aten::sum.dim_IntList")
  static let sumAll = Operator("aten::sum")
  static let mean = Operator("aten::mean.dim")
  static let amax = Operator("aten::amax")
  static let vectorNorm = Operator("aten::linalg_vector_norm")

  static let matmul = Operator("aten::matmul")
  static let linear = Operator("aten::linear")
  static let conv2d = Operator("aten::conv2d")
  static let embedding = Operator("aten::embedding")
  static let layerNorm = Operator("aten::layer_norm")
  static let groupNorm = Operator("aten::group_norm")
  static let softmax = Operator("aten::softmax.int")
  static let gelu = Operator("aten::gelu")
  static let relu = Operator("aten::relu")
  static let sigmoid = Operator("aten::sigmoid")
  static let upsampleNearest = Operator("aten::upsample_nearest2d")
  static let upsampleBilinear = Operator("aten::upsample_bilinear2d")
}

// MARK: Making

extension Tensor {
  /// Uninitialised memory.
  public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try ATen.empty(shape, dtype, OperatorArgument.none, device)
  }

  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try ATen.full(shape, value, dtype, OperatorArgument.none, device)
  }

  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try full(shape, 0, dtype: dtype, device: device)
  }

  /// The integers of `range` as a tensor of rank one.
  public static func arange(
    _ range: Range<Int>, dtype: DType = .int64, device: Device = .cpu
  ) throws -> Tensor {
    try ATen.arange(range.lowerBound, range.upperBound, 1, dtype, OperatorArgument.none, device)
  }

  /// Draws from the standard normal distribution.
  public static func randomNormal(
    _ shape: [Int], generator: Generator? = nil, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try ATen.randn(shape, generator, dtype, OperatorArgument.none, device)
  }

  /// Draws uniformly from [0, 1).
  public static func randomUniform(
    _ shape: [Int], generator: Generator? = nil, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try ATen.rand(shape, generator, dtype, OperatorArgument.none, device)
  }
}

// MARK: Copying and converting

extension Tensor {
  public func contiguous() throws -> Tensor { try ATen.contiguous(self) }
  public func clone() throws -> Tensor { try ATen.clone(self) }
  public func detached() throws -> Tensor { try ATen.detach(self) }

  /// Converted to an element type and device; the tensor itself where nothing changes.
  public func to(_ dtype: DType? = nil, device: Device? = nil) throws -> Tensor {
    try ATen.toOptions(self, dtype, OperatorArgument.none, device)
  }

  /// Overwrites the elements with those of a tensor of a broadcastable shape.
  public func copy(from source: Tensor) throws { try ATen.copy(self, source) }

  /// Adds `scale * other` to the elements.
  public func add(inPlace other: Tensor, scale: Double = 1) throws {
    // Integers refuse a factor that is a floating-point number, even 1.
    if scale == 1 { try ATen.addInPlace(self, other) } else { try ATen.addInPlace(self, other, scale) }
  }

  /// Multiplies the elements.
  public func multiply(inPlace factor: Double) throws { try ATen.mulInPlace(self, factor) }
}

// MARK: Shapes

extension Tensor {
  public func reshaped(_ shape: [Int]) throws -> Tensor { try ATen.reshape(self, shape) }
  public func reshaped(_ shape: Int...) throws -> Tensor { try ATen.reshape(self, shape) }
  public func permuted(_ order: Int...) throws -> Tensor { try ATen.permute(self, order) }
  public func transposed(_ first: Int, _ second: Int) throws -> Tensor {
    try ATen.transpose(self, first, second)
  }
  public func flattened(from first: Int = 0, through last: Int = -1) throws -> Tensor {
    try ATen.flatten(self, first, last)
  }
  /// Repeats dimensions of size one without copying; -1 keeps a size.
  public func expanded(_ shape: [Int]) throws -> Tensor { try ATen.expand(self, shape) }
  public func unsqueezed(_ dimension: Int) throws -> Tensor { try ATen.unsqueeze(self, dimension) }
  public func squeezed(_ dimension: Int) throws -> Tensor { try ATen.squeeze(self, dimension) }

  /// Part of a dimension, every `step`-th element.
  public func sliced(_ dimension: Int, _ range: Range<Int>, step: Int = 1) throws -> Tensor {
    try ATen.slice(self, dimension, range.lowerBound, range.upperBound, step)
  }
  /// One index of a dimension, which disappears.
  public func selected(_ dimension: Int, _ index: Int) throws -> Tensor {
    try ATen.select(self, dimension, index)
  }
  public func split(_ sizes: [Int], dimension: Int) throws -> [Tensor] {
    try ATen.split.tensors(self, sizes, dimension)
  }
  public static func concatenated(_ tensors: [Tensor], dimension: Int) throws -> Tensor {
    try ATen.cat(tensors, dimension)
  }
  public static func stacked(_ tensors: [Tensor], dimension: Int = 0) throws -> Tensor {
    try ATen.stack(tensors, dimension)
  }
  /// Cyclically shifted along the given dimensions.
  public func rolled(_ shifts: [Int], dimensions: [Int]) throws -> Tensor {
    try ATen.roll(self, shifts, dimensions)
  }
  /// Padded with a constant; pairs (before, after) from the last dimension backwards.
  public func padded(_ amounts: [Int], value: Double = 0) throws -> Tensor {
    try ATen.pad(self, amounts, value)
  }
  public func flipped(_ dimensions: [Int]) throws -> Tensor { try ATen.flip(self, dimensions) }
  /// Entries of a dimension picked by an int64 tensor of rank one.
  public func picked(_ indices: Tensor, dimension: Int) throws -> Tensor {
    try ATen.indexSelect(self, dimension, indices)
  }
  /// `output[i][j] = self[index[i][j]][j]` along `dimension`.
  public func gathered(_ index: Tensor, dimension: Int) throws -> Tensor {
    try ATen.gather(self, dimension, index)
  }
  /// Indices of the elements that are not zero: int64 [n, rank].
  public func nonzero() throws -> Tensor { try ATen.nonzero(self) }
  /// `self` (bool) picks from one or the other.
  public func choosing(_ one: Tensor, else other: Tensor) throws -> Tensor {
    try ATen.where(self, one, other)
  }
  /// The `count` largest along the last dimension and their indices, in no particular order unless `sorted`.
  public func largest(_ count: Int, sorted: Bool = true) throws -> (values: Tensor, indices: Tensor) {
    let results = try ATen.topk.tensors(self, count, -1, true, sorted)
    return (results[0], results[1])
  }
  /// Stably sorted along a dimension, with the indices the values came from.
  public func sorted(
    dimension: Int = -1, descending: Bool = false
  ) throws -> (values: Tensor, indices: Tensor) {
    let results = try ATen.sort.tensors(self, true, dimension, descending)
    return (results[0], results[1])
  }
}

// MARK: Arithmetic

extension Tensor {
  public static func + (left: Tensor, right: Tensor) throws -> Tensor { try ATen.add(left, right) }
  public static func + (left: Tensor, right: Double) throws -> Tensor { try ATen.addScalar(left, right) }
  public static func - (left: Tensor, right: Tensor) throws -> Tensor { try ATen.sub(left, right) }
  public static func - (left: Tensor, right: Double) throws -> Tensor { try ATen.addScalar(left, -right) }
  public static func * (left: Tensor, right: Tensor) throws -> Tensor { try ATen.mul(left, right) }
  public static func * (left: Tensor, right: Double) throws -> Tensor { try ATen.mulScalar(left, right) }
  public static func * (left: Double, right: Tensor) throws -> Tensor { try ATen.mulScalar(right, left) }
  public static func / (left: Tensor, right: Tensor) throws -> Tensor { try ATen.div(left, right) }
  public static func / (left: Tensor, right: Double) throws -> Tensor { try ATen.divScalar(left, right) }
  public static prefix func - (tensor: Tensor) throws -> Tensor { try ATen.neg(tensor) }

  /// To the nearest integer, ties to even.
  public func rounded() throws -> Tensor { try ATen.round(self) }
  public func absolute() throws -> Tensor { try ATen.abs(self) }
  public func exponential() throws -> Tensor { try ATen.exp(self) }
  public func squareRoot() throws -> Tensor { try ATen.sqrt(self) }
  public func floored() throws -> Tensor { try ATen.floor(self) }
  public func clamped(min: Double? = nil, max: Double? = nil) throws -> Tensor {
    try ATen.clamp(self, min, max)
  }
  public static func maximum(_ left: Tensor, _ right: Tensor) throws -> Tensor {
    try ATen.maximum(left, right)
  }
  public static func minimum(_ left: Tensor, _ right: Tensor) throws -> Tensor {
    try ATen.minimum(left, right)
  }

  public static func > (left: Tensor, right: Double) throws -> Tensor { try ATen.gtScalar(left, right) }
  public static func >= (left: Tensor, right: Double) throws -> Tensor { try ATen.geScalar(left, right) }
  public static func < (left: Tensor, right: Double) throws -> Tensor { try ATen.ltScalar(left, right) }
  public static func && (left: Tensor, right: Tensor) throws -> Tensor { try ATen.logicalAnd(left, right) }

  public func sum() throws -> Tensor { try ATen.sumAll(self) }
  public func sum(_ dimensions: [Int], keepingRank: Bool = false) throws -> Tensor {
    try ATen.sum(self, dimensions, keepingRank)
  }
  public func mean(_ dimensions: [Int], keepingRank: Bool = false) throws -> Tensor {
    try ATen.mean(self, dimensions, keepingRank)
  }
  public func maximum(_ dimensions: [Int], keepingRank: Bool = false) throws -> Tensor {
    try ATen.amax(self, dimensions, keepingRank)
  }
  /// The Euclidean length along a dimension.
  public func norm(_ dimension: Int, keepingRank: Bool = false) throws -> Tensor {
    try ATen.vectorNorm(self, 2, [dimension], keepingRank)
  }
}

// MARK: Networks

extension Tensor {
  public func matmul(_ other: Tensor) throws -> Tensor { try ATen.matmul(self, other) }
  public func softmax(_ dimension: Int) throws -> Tensor { try ATen.softmax(self, dimension) }
  /// The exact (erf) form.
  public func gelu() throws -> Tensor { try ATen.gelu(self) }
  public func relu() throws -> Tensor { try ATen.relu(self) }
  public func sigmoid() throws -> Tensor { try ATen.sigmoid(self) }
  /// relu6(x + 3) / 6, the piecewise linear stand-in for a sigmoid.
  public func hardSigmoid() throws -> Tensor { try (self + 3).clamped(min: 0, max: 6) / 6 }

  /// [B, C, h, w] enlarged to a size by repeating the nearest element.
  public func upsampledNearest(_ size: [Int]) throws -> Tensor {
    try ATen.upsampleNearest(self, size)
  }
  /// [B, C, h, w] resampled bilinearly to a size.
  public func upsampledBilinear(_ size: [Int], alignCorners: Bool) throws -> Tensor {
    try ATen.upsampleBilinear(self, size, alignCorners)
  }
}
