// Rows `begin` ..< `end` of a linear layer.

template <Activation activation, typename Output, typename Element>
GLIP_INLINE void linear_product(const LinearJob &job, const Element *rows, int64_t begin, int64_t count) {
  Output *result = static_cast<Output *>(job.output) + begin * job.output_stride;
  multiply(rows, job.matrix.inputs, (count + 7) / 8 * 8, job.matrix,
           [&](int64_t row, int64_t first, int64_t wanted, const auto &values) {
             if (row >= count) return;
             Output *__restrict out = result + row * job.output_stride + first;
             for (int64_t i = 0; i < wanted; ++i) out[i] = narrow<Output>(activated<activation, Output>(values[i]));
           });
}

template <typename Element, typename Input, typename Output>
GLIP_INLINE void linear_rows(const LinearJob &job, int64_t begin, int64_t end) {
  const Matrix &matrix = job.matrix;
  const int64_t count = end - begin, width = matrix.inputs;
  // The product meets few numbers of rows, since it makes code for each.
  const int64_t padded = (count + 7) / 8 * 8;
  const Scratch<2> scratch({padded * width * static_cast<int64_t>(sizeof(Element)),
                            width * static_cast<int64_t>(sizeof(float))});
  auto *rows = static_cast<Element *>(scratch.part[0]);
  auto *wide = static_cast<float *>(scratch.part[1]);
  const Encoder<Element> encode(matrix);
  for (int64_t row = 0; row < count; ++row) {
    const Input *x = static_cast<const Input *>(job.input) + (begin + row) * job.input_stride;
    Element *__restrict out = rows + row * width;
    if (job.norm.weight) {
      for (int64_t i = 0; i < width; ++i) wide[i] = widen(x[i]);
      normalize(wide, job.norm, matrix, out);
    } else {
      for (int64_t i = 0; i < width; ++i) out[i] = encode(widen(x[i]), i);
    }
  }
  std::memset(rows + count * width, 0, (padded - count) * width * sizeof(Element));
  switch (job.activation) {
    case Activation::none: return linear_product<Activation::none, Output>(job, rows, begin, count);
    case Activation::gelu: return linear_product<Activation::gelu, Output>(job, rows, begin, count);
    case Activation::relu: return linear_product<Activation::relu, Output>(job, rows, begin, count);
    case Activation::sigmoid: return linear_product<Activation::sigmoid, Output>(job, rows, begin, count);
  }
}

template <typename Element>
GLIP_INLINE void linear_rows(const LinearJob &job, int64_t begin, int64_t end) {
  const bool from_float = job.input_type == at::kFloat, to_float = job.output_type == at::kFloat;
  if (from_float && to_float) return linear_rows<Element, float, float>(job, begin, end);
  if (from_float) return linear_rows<Element, float, __bf16>(job, begin, end);
  if (to_float) return linear_rows<Element, __bf16, float>(job, begin, end);
  return linear_rows<Element, __bf16, __bf16>(job, begin, end);
}
