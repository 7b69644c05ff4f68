// A 3x3 convolution as nine products whose rows are read where they lie: with a border around the map, the taps of
// neighbouring positions are neighbouring rows.

// Row `row` of the bordered map, 0 ..< height + 2.
template <typename Element, typename Map>
GLIP_INLINE void border_row(const BorderJob &job, const Matrix &matrix, int64_t row) {
  const int64_t channels = job.channels, width = job.width;
  Element *__restrict out = static_cast<Element *>(job.bordered) + row * (width + 2) * channels;
  const Encoder<Element> encode(matrix);
  const bool is_border = row == 0 || row > job.height;
  const Map *x = static_cast<const Map *>(job.input) + (row - 1) * width * channels;
  for (int64_t column = 0; column < width + 2; ++column, out += channels) {
    if (is_border || column == 0 || column > width) {
      for (int64_t c = 0; c < channels; ++c) out[c] = encode(0.f, c);
    } else {
      for (int64_t c = 0; c < channels; ++c) out[c] = encode(widen(x[c]), c);
      x += channels;
    }
  }
}

template <typename Element, typename Output>
GLIP_INLINE void convolution_tile(const ConvolutionJob &job, int64_t index) {
  const int64_t row_length = job.width + 2, channels = job.channels;
  const int64_t begin = index * ConvolutionJob::tile;
  const int64_t outputs = job.matrix.outputs;
  int64_t offsets[9];
  for (int64_t tap = 0; tap < 9; ++tap) offsets[tap] = (tap / 3 * row_length + tap % 3) * channels;
  multiply(
      static_cast<const Element *>(job.bordered) + begin * channels, channels, ConvolutionJob::tile, job.matrix,
      [&](int64_t row, int64_t first, int64_t wanted, const auto &values) {
        const int64_t y = (begin + row) / row_length, x = (begin + row) % row_length;
        if (y >= job.height || x >= job.width) return;
        if (job.planar) {
          auto *out = static_cast<Output *>(job.output) + y * job.width + x;
          for (int64_t i = 0; i < wanted; ++i) {
            out[(first + i) * job.height * job.width] = narrow<Output>(values[i]);
          }
        } else {
          auto *__restrict out = static_cast<Output *>(job.output) + (y * job.width + x) * outputs + first;
          for (int64_t i = 0; i < wanted; ++i) out[i] = narrow<Output>(values[i]);
        }
      },
      9, offsets);
}
