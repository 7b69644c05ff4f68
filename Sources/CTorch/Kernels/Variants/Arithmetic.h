// Numbers: conversions, exponentials, what a product takes in and gives out.

template <typename Element>
struct Product;
template <>
struct Product<float> {
  using Attention = float;
  using Accumulator = float;
};
template <>
struct Product<__bf16> {
  using Attention = __bf16;
  using Accumulator = float;
};
// Attention stays in bfloat16 where the other products are int8.
template <>
struct Product<uint8_t> {
  using Attention = __bf16;
  using Accumulator = int32_t;
};

GLIP_INLINE float widen(float x) { return x; }
GLIP_INLINE float widen(__bf16 x) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(__builtin_bit_cast(uint16_t, x)) << 16);
}

template <typename Element>
GLIP_INLINE Element narrow(float x);
template <>
GLIP_INLINE float narrow<float>(float x) {
  return x;
}
template <>
GLIP_INLINE __bf16 narrow<__bf16>(float x) {
#if GLIP_NATIVE_BFLOAT16
  return static_cast<__bf16>(x);
#else
  // To the nearest, ties to even; not-a-number stays one.
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return __builtin_bit_cast(__bf16, static_cast<uint16_t>(x == x ? rounded : 0x7fc0));
#endif
}

// Two neighbours of a bfloat16 product, as one number.
GLIP_INLINE uint32_t paired(__bf16 one, __bf16 other) {
  return static_cast<uint32_t>(__builtin_bit_cast(uint16_t, one)) |
         static_cast<uint32_t>(__builtin_bit_cast(uint16_t, other)) << 16;
}

// Numbers as the product with a matrix takes them in, as its input `index`.
template <typename Element>
struct Encoder {
  GLIP_INLINE explicit Encoder(const Matrix &) {}
  GLIP_INLINE Element operator()(float x, int64_t) const { return narrow<Element>(x); }
};
template <>
struct Encoder<uint8_t> {
  const float *__restrict scale, *__restrict offset;

  GLIP_INLINE explicit Encoder(const Matrix &matrix) : scale(matrix.input_scale), offset(matrix.input_offset) {}
  GLIP_INLINE uint8_t operator()(float x, int64_t index) const {
    const float q = x * scale[index] + offset[index];
    const float bounded = q > 0.f ? (q < 255.f ? q : 255.f) : 0.f;
    return static_cast<uint8_t>(static_cast<int32_t>(bounded + 0.5f));
  }
};

// Registers of 16 numbers, where the compiler would not find them by itself.
using Lanes = float __attribute__((ext_vector_type(16)));

GLIP_INLINE Lanes lanes_at(const float *x) {
  Lanes lanes;
  std::memcpy(&lanes, x, sizeof(lanes));
  return lanes;
}

template <typename Numbers>
struct Integers {
  using Type = int32_t;
};
template <>
struct Integers<Lanes> {
  using Type = int32_t __attribute__((ext_vector_type(16)));
};

GLIP_INLINE int32_t truncated(float x) { return static_cast<int32_t>(x); }
GLIP_INLINE Integers<Lanes>::Type truncated(Lanes x) { return __builtin_convertvector(x, Integers<Lanes>::Type); }

// Relative error 2e-7 in the range of float, of a number or a register of them; e⁻⁸⁷, which is nothing, below.
template <typename Numbers>
GLIP_INLINE Numbers exponential(Numbers x) {
  x = __builtin_elementwise_min(__builtin_elementwise_max(x, Numbers(-87.f)), Numbers(88.f));
  const Numbers power = __builtin_elementwise_rint(x * 1.44269504088896f);
  const Numbers r = x - power * 0.693359375f + power * 2.12194440054e-4f;
  Numbers sum = 1.3981999507e-3f;
  sum = sum * r + 8.3334519073e-3f;
  sum = sum * r + 4.1665795894e-2f;
  sum = sum * r + 1.6666665459e-1f;
  sum = sum * r + 5.0000001201e-1f;
  sum = sum * r * r + r + 1.f;
  return sum * __builtin_bit_cast(Numbers, (truncated(power) + 127) << 23);
}

// x · Φ(x). Absolute error below 2e-7 · |x| (Abramowitz and Stegun, 7.1.26).
template <typename Element>
GLIP_INLINE float gelu(float x) {
  const float z = __builtin_fabsf(x) * 0.70710678118654752f;
  const float t = 1.f / (1.f + 0.3275911f * z);
  float sum = 1.061405429f;
  sum = sum * t - 1.453152027f;
  sum = sum * t + 1.421413741f;
  sum = sum * t - 0.284496736f;
  sum = sum * t + 0.254829592f;
  const float complement = sum * t * exponential(-z * z);  // 1 - erf(z)
  return x * (x < 0 ? 0.5f * complement : 1.f - 0.5f * complement);
}

// Where the result is rounded to 8 bits, a polynomial for Φ within ±4 does: absolute error below 5e-5 there, and
// 4e-5 · |x| beyond. (Least squares, reweighted until the largest errors of x · Φ(x) were equal.)
GLIP_INLINE float rough_gelu(float x) {
  const float z = __builtin_fminf(__builtin_fmaxf(x, -4.f), 4.f), u = z * z;
  float sum = -1.301261209896154e-09f;
  sum = sum * u + 1.0419396545557902e-07f;
  sum = sum * u - 3.6570802421920234e-06f;
  sum = sum * u + 7.485436071874574e-05f;
  sum = sum * u - 1.006485428661108e-03f;
  sum = sum * u + 9.505379013717175e-03f;
  sum = sum * u - 6.588780879974365e-02f;
  sum = sum * u + 3.986733853816986e-01f;
  return x * __builtin_fminf(__builtin_fmaxf(0.5f + z * sum, 0.f), 1.f);
}
template <>
GLIP_INLINE float gelu<__bf16>(float x) {
  return rough_gelu(x);
}
template <>
GLIP_INLINE float gelu<uint8_t>(float x) {
  return rough_gelu(x);
}

template <Activation activation, typename Element>
GLIP_INLINE float activated(float x) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::gelu: return gelu<Element>(x);
    case Activation::relu: return __builtin_fmaxf(x, 0.f);
    case Activation::sigmoid: return 1.f / (1.f + exponential(-x));
  }
}

// Sums and maxima of rows: the compiler may not change their order by itself.

GLIP_INLINE float added(Lanes x) {
  const auto eight = x.lo + x.hi;
  const auto four = eight.lo + eight.hi;
  const auto two = four.lo + four.hi;
  return two.x + two.y;
}

GLIP_INLINE float most(Lanes x) {
  const auto eight = __builtin_elementwise_max(x.lo, x.hi);
  const auto four = __builtin_elementwise_max(eight.lo, eight.hi);
  const auto two = __builtin_elementwise_max(four.lo, four.hi);
  return __builtin_elementwise_max(two.x, two.y);
}

GLIP_INLINE float sum_of(const float *x, int64_t count) {
  Lanes one = 0, other = 0;
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    one += lanes_at(x + i);
    other += lanes_at(x + i + 16);
  }
  for (; i + 16 <= count; i += 16) one += lanes_at(x + i);
  float sum = added(one + other);
  for (; i < count; ++i) sum += x[i];
  return sum;
}

GLIP_INLINE float squared_distance(const float *x, float center, int64_t count) {
  Lanes one = 0, other = 0;
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const Lanes a = lanes_at(x + i) - center, b = lanes_at(x + i + 16) - center;
    one += a * a;
    other += b * b;
  }
  for (; i + 16 <= count; i += 16) one += (lanes_at(x + i) - center) * (lanes_at(x + i) - center);
  float sum = added(one + other);
  for (; i < count; ++i) sum += (x[i] - center) * (x[i] - center);
  return sum;
}

GLIP_INLINE float largest(const float *x, int64_t count) {
  float best = x[0];
  int64_t i = 0;
  if (count >= 16) {
    Lanes lanes = lanes_at(x);
    for (i = 16; i + 16 <= count; i += 16) lanes = __builtin_elementwise_max(lanes, lanes_at(x + i));
    best = most(lanes);
  }
  for (; i < count; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

// The mean of a row and the inverse of its deviation.
GLIP_INLINE std::pair<float, float> moments(const float *x, int64_t count, float epsilon) {
  const float mean = sum_of(x, count) / static_cast<float>(count);
  const float variance = squared_distance(x, mean, count) / static_cast<float>(count);
  return {mean, 1.f / __builtin_sqrtf(variance + epsilon)};
}

// A row normalised in place.
GLIP_INLINE void normalize_row(float *x, const Norm &norm, int64_t count) {
  const auto [mean, scale] = moments(x, count, norm.epsilon);
  for (int64_t i = 0; i < count; ++i) x[i] = (x[i] - mean) * scale * norm.weight[i] + norm.bias[i];
}

// A normalised row as the product with `matrix` takes it in.
template <typename Element>
GLIP_INLINE void normalize(const float *x, const Norm &norm, const Matrix &matrix, Element *__restrict out) {
  const auto [mean, scale] = moments(x, matrix.inputs, norm.epsilon);
  const Encoder<Element> encode(matrix);
  const float *weight = norm.weight, *bias = norm.bias;
  const int64_t count = matrix.inputs;
  for (int64_t i = 0; i < count; ++i) out[i] = encode((x[i] - mean) * scale * weight[i] + bias[i], i);
}

GLIP_INLINE void brgemm(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, bool add,
                        const float *a, const float *b, float *c) {
  at::native::cpublas::brgemm(m, n, k, lda, ldb, ldc, add, a, b, c, false);
}
GLIP_INLINE void brgemm(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, bool add,
                        const __bf16 *a, const __bf16 *b, float *c) {
  at::native::cpublas::brgemm(m, n, k, lda, ldb, ldc, add, reinterpret_cast<const c10::BFloat16 *>(a),
                              reinterpret_cast<const c10::BFloat16 *>(b), c, true);
}
GLIP_INLINE void brgemm(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, bool add,
                        const uint8_t *a, const int8_t *b, int32_t *c) {
  at::native::cpublas::brgemm(m, n, k, lda, ldb, ldc, add, a, b, c, true);
}

// What a product has summed up for some outputs of a row, brought to their scale.
template <typename Accumulator>
struct Sums {
  const Accumulator *sums;
  const float *bias, *scale;

  GLIP_INLINE Sums(const Accumulator *sums, const Matrix &matrix, int64_t first)
      : sums(sums), bias(matrix.bias + first), scale(matrix.scale ? matrix.scale + first : nullptr) {}
  GLIP_INLINE float operator[](int64_t i) const {
    if constexpr (std::is_same_v<Accumulator, float>) {
      return sums[i] + bias[i];
    } else {
      return static_cast<float>(sums[i]) * scale[i] + bias[i];
    }
  }
};

// The weights of a matrix in the type that goes with rows of `Element`.
template <typename Element>
using Weight = std::conditional_t<std::is_same_v<Element, uint8_t>, int8_t, Element>;

// Rows that are multiplied at a time: the sums of a panel stay in the first-level cache.
constexpr int64_t product_rows = 112;

// Every row of `rows · matrixᵀ + bias`, in pieces: `take(row, first, count, sums)` gets the outputs
// first ..< first + count of a row. `steps` products are summed, step i of rows that begin at
// `rows + offsets[i]` and of the inputs i · inputs / steps … of the matrix.
template <typename Element, typename Take>
GLIP_INLINE void multiply(const Element *rows, int64_t stride, int64_t count, const Matrix &matrix, Take take,
                          int64_t steps = 1, const int64_t *offsets = nullptr) {
  using Accumulator = typename Product<Element>::Accumulator;
  alignas(64) Accumulator sums[product_rows * Matrix::panel];
  const int64_t blocks = (count + product_rows - 1) / product_rows;
  const int64_t size = (count + blocks - 1) / blocks, columns = matrix.columns();
  const int64_t depth = matrix.inputs / steps;
  for (int64_t first = 0; first < columns; first += Matrix::panel) {
    const int64_t width = std::min(Matrix::panel, columns - first);
    const int64_t wanted = std::min(width, matrix.outputs - first);
    const auto *panel = static_cast<const Weight<Element> *>(matrix.panels) + first * matrix.inputs;
    for (int64_t begin = 0; begin < count; begin += size) {
      const int64_t length = std::min(size, count - begin);
      for (int64_t step = 0; step < steps; ++step) {
        const Element *from = rows + begin * stride + (offsets ? offsets[step] : 0);
        brgemm(length, width, depth, stride, width, Matrix::panel, step > 0, from,
               panel + step * depth * width, sums);
      }
      for (int64_t row = 0; row < length; ++row) {
        take(begin + row, first, wanted, Sums<Accumulator>(sums + row * Matrix::panel, matrix, first));
      }
    }
  }
}
