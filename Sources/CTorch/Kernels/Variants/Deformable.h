// The inner loops of the deformable convolution.

struct Position {
  int64_t batch, y, x;

  GLIP_INLINE Position(const DeformableGeometry &g, int64_t row)
      : batch(row / (g.output_height * g.output_width)),
        y(row / g.output_width % g.output_height),
        x(row % g.output_width) {}
};

// The four pixels around a deformed position: top left, top right, bottom left, bottom right.
struct Sample {
  int64_t pixel[4];   // index into the whole batch, or -1 outside the picture, where all is zero
  float weight[4];    // bilinear, without the mask
  float down, right;  // the position's fractional part
  float mask;
  bool inside;  // otherwise nothing above but the mask is set
};

GLIP_INLINE Sample locate(const DeformableField &field, Position at, int64_t tap) {
  const auto &g = field.geometry;
  Sample sample;
  sample.mask = field.mask.at(at.batch, tap, at.y, at.x);
  const float y = static_cast<float>(at.y * g.stride_y - g.padding_y + tap / g.kernel_width) +
                  field.offset.at(at.batch, 2 * tap, at.y, at.x);
  const float x = static_cast<float>(at.x * g.stride_x - g.padding_x + tap % g.kernel_width) +
                  field.offset.at(at.batch, 2 * tap + 1, at.y, at.x);
  // Written so that a position that is not a number is outside.
  sample.inside = y > -1 && x > -1 && y < static_cast<float>(g.height) && x < static_cast<float>(g.width);
  if (!sample.inside) return sample;
  const float top = __builtin_floorf(y), left = __builtin_floorf(x);
  const float down = y - top, right = x - left;
  const int64_t y0 = static_cast<int64_t>(top), x0 = static_cast<int64_t>(left);
  const int64_t first = at.batch * g.picture_pixels + y0 * g.width + x0;
  const bool has_top = y0 >= 0, has_bottom = y0 + 1 < g.height;
  const bool has_left = x0 >= 0, has_right = x0 + 1 < g.width;
  sample.pixel[0] = has_top && has_left ? first : -1;
  sample.pixel[1] = has_top && has_right ? first + 1 : -1;
  sample.pixel[2] = has_bottom && has_left ? first + g.width : -1;
  sample.pixel[3] = has_bottom && has_right ? first + g.width + 1 : -1;
  sample.weight[0] = (1 - down) * (1 - right);
  sample.weight[1] = (1 - down) * right;
  sample.weight[2] = down * (1 - right);
  sample.weight[3] = down * right;
  sample.down = down;
  sample.right = right;
  return sample;
}

// Outside the picture zeros are read, not multiplied in: zero times an infinity next door would not be zero.
template <typename Pixel>
GLIP_INLINE const Pixel *corner(const Sample &sample, int index, const Pixel *input, const Pixel *zeros,
                                int64_t channels) {
  return sample.pixel[index] < 0 ? zeros : input + sample.pixel[index] * channels;
}

// Columns as the product with `matrix` takes them in; its type is the pixels' where there is none.
template <typename Element, typename Pixel>
GLIP_INLINE void gather(const DeformableField &field, const Pixel *input, Rows rows, const Matrix &matrix,
                        Element *columns) {
  const Encoder<Element> encode(matrix);
  const int64_t channels = field.geometry.channels, taps = field.geometry.taps();
  const std::vector<Pixel> zeros(channels, narrow<Pixel>(0));
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const Position at(field.geometry, row);
    for (int64_t tap = 0; tap < taps; ++tap) {
      Element *__restrict out = columns + ((row - rows.begin) * taps + tap) * channels;
      const Sample sample = locate(field, at, tap);
      if (!sample.inside) {
        for (int64_t c = 0; c < channels; ++c) out[c] = encode(0.f, tap * channels + c);
        continue;
      }
      const Pixel *p0 = corner(sample, 0, input, zeros.data(), channels);
      const Pixel *p1 = corner(sample, 1, input, zeros.data(), channels);
      const Pixel *p2 = corner(sample, 2, input, zeros.data(), channels);
      const Pixel *p3 = corner(sample, 3, input, zeros.data(), channels);
      const float w0 = sample.weight[0] * sample.mask, w1 = sample.weight[1] * sample.mask;
      const float w2 = sample.weight[2] * sample.mask, w3 = sample.weight[3] * sample.mask;
      for (int64_t c = 0; c < channels; ++c) {
        const float value =
            w0 * widen(p0[c]) + w1 * widen(p1[c]) + w2 * widen(p2[c]) + w3 * widen(p3[c]);
        out[c] = encode(value, tap * channels + c);
      }
    }
  }
}

template <typename Pixel>
GLIP_INLINE void differentiate(const DeformableField &field, const Pixel *input, Rows rows,
                               const Pixel *gradient, Field<float> offset_gradient,
                               Field<float> mask_gradient) {
  // Sums over channels may be taken in any order, which vector code needs.
#pragma clang fp reassociate(on)
  const int64_t channels = field.geometry.channels, taps = field.geometry.taps();
  const std::vector<Pixel> zeros(channels, narrow<Pixel>(0));
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const Position at(field.geometry, row);
    for (int64_t tap = 0; tap < taps; ++tap) {
      const Pixel *g = gradient + ((row - rows.begin) * taps + tap) * channels;
      const Sample sample = locate(field, at, tap);
      float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      float dy = 0, dx = 0, dm = 0;
      if (sample.inside) {
        const Pixel *p0 = corner(sample, 0, input, zeros.data(), channels);
        const Pixel *p1 = corner(sample, 1, input, zeros.data(), channels);
        const Pixel *p2 = corner(sample, 2, input, zeros.data(), channels);
        const Pixel *p3 = corner(sample, 3, input, zeros.data(), channels);
        for (int64_t c = 0; c < channels; ++c) {
          const float value = widen(g[c]);
          s0 += value * widen(p0[c]);
          s1 += value * widen(p1[c]);
          s2 += value * widen(p2[c]);
          s3 += value * widen(p3[c]);
        }
        const float down = sample.down, right = sample.right;
        dy = sample.mask * ((1 - right) * (s2 - s0) + right * (s3 - s1));
        dx = sample.mask * ((1 - down) * (s1 - s0) + down * (s3 - s2));
        dm = sample.weight[0] * s0 + sample.weight[1] * s1 + sample.weight[2] * s2 + sample.weight[3] * s3;
      }
      offset_gradient.at(at.batch, 2 * tap, at.y, at.x) = dy;
      offset_gradient.at(at.batch, 2 * tap + 1, at.y, at.x) = dx;
      mask_gradient.at(at.batch, tap, at.y, at.x) = dm;
    }
  }
}

template <typename Pixel>
GLIP_INLINE void scatter(const DeformableField &field, const Pixel *gradient, Rows rows, Channels channels,
                         float *input_gradient) {
  const int64_t stride = field.geometry.channels, taps = field.geometry.taps();
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const Position at(field.geometry, row);
    for (int64_t tap = 0; tap < taps; ++tap) {
      const Sample sample = locate(field, at, tap);
      if (!sample.inside) continue;
      const Pixel *g = gradient + ((row - rows.begin) * taps + tap) * stride;
      for (int index = 0; index < 4; ++index) {
        if (sample.pixel[index] < 0) continue;
        const float weight = sample.weight[index] * sample.mask;
        float *__restrict sum = input_gradient + sample.pixel[index] * stride;
        for (int64_t c = channels.begin; c < channels.end; ++c) sum[c] += weight * widen(g[c]);
      }
    }
  }
}

template <typename Element, typename Map>
GLIP_INLINE void deformable_tile(const DeformableJob &job, int64_t index) {
  const auto &g = job.field.geometry;
  const int64_t begin = index * DeformableJob::tile, end = std::min(begin + DeformableJob::tile, g.rows());
  const int64_t outputs = job.matrix.outputs;
  const Scratch<1> scratch({DeformableJob::tile * g.columns() * static_cast<int64_t>(sizeof(Element))});
  auto *columns = static_cast<Element *>(scratch.part[0]);
  gather(job.field, static_cast<const Map *>(job.input), {begin, end}, job.matrix, columns);
  float *sums = job.moments + index * 3 * outputs, *squares = sums + outputs, *shared = squares + outputs;
  for (int64_t i = 0; i < 3 * outputs; ++i) sums[i] = 0;
  // A whole tile is multiplied, so that the product meets one number of rows only; what lies behind the last row is
  // not used.
  multiply(columns, g.columns(), DeformableJob::tile, job.matrix,
           [&](int64_t row, int64_t first, int64_t wanted, const auto &values) {
             if (begin + row >= end) return;
             auto *__restrict out = static_cast<Map *>(job.output) + (begin + row) * outputs + first;
             float *__restrict sum = sums + first, *__restrict square = squares + first;
             float *__restrict part = shared + first;
             const float share = job.shares ? job.shares[begin + row] : 1.f;
             for (int64_t i = 0; i < wanted; ++i) {
               out[i] = narrow<Map>(values[i]);
               sum[i] += values[i];
               square[i] += values[i] * values[i];
               part[i] += values[i] * share;
             }
           });
}
