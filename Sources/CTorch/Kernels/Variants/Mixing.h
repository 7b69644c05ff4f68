// What follows the convolutions of a DyHead block: maps are weighed, added and sent through an activation of two lines.

template <typename Map>
GLIP_INLINE void mix_row(const MixJob &job, int64_t picture, int64_t y) {
  const int64_t channels = job.channels, width = job.width;
  const bool resizes = job.coarse_height > 0;
  const int64_t coarse = job.coarse_width * channels;
  const Scratch<2> scratch({coarse * static_cast<int64_t>(sizeof(float)),
                            channels * static_cast<int64_t>(sizeof(float))});
  auto *blended = static_cast<float *>(scratch.part[0]);
  auto *sum = static_cast<float *>(scratch.part[1]);
  const float *factors[MixJob::most];
  for (int64_t k = 0; k < job.count; ++k) factors[k] = job.factors[k] + picture * channels;
  const float *constant = job.constant + picture * channels;
  const int64_t fine = resizes ? job.count - 1 : job.count;

  if (resizes) {
    const float step = job.height > 1 ? static_cast<float>(job.coarse_height - 1) / (job.height - 1) : 0.f;
    const float place = step * static_cast<float>(y);
    const int64_t above = std::min(static_cast<int64_t>(place), job.coarse_height - 1);
    const int64_t below = std::min(above + 1, job.coarse_height - 1);
    const float down = place - static_cast<float>(above);
    const Map *map = static_cast<const Map *>(job.maps[fine]) + picture * job.coarse_height * coarse;
    const Map *one = map + above * coarse, *other = map + below * coarse;
    for (int64_t i = 0; i < coarse; ++i) blended[i] = (1 - down) * widen(one[i]) + down * widen(other[i]);
  }
  for (int64_t c = 0; c < channels; ++c) sum[c] = 0;
  const float step = resizes && width > 1 ? static_cast<float>(job.coarse_width - 1) / (width - 1) : 0.f;
  const int64_t first = (picture * job.height + y) * width * channels;
  Map *out = static_cast<Map *>(job.output) + picture * job.picture_stride + y * width * channels;
  for (int64_t x = 0; x < width; ++x, out += channels) {
    alignas(64) float mixed[MixJob::most_channels];
    for (int64_t c = 0; c < channels; ++c) mixed[c] = constant[c];
    for (int64_t k = 0; k < fine; ++k) {
      const Map *map = static_cast<const Map *>(job.maps[k]) + first + x * channels;
      const float *factor = factors[k];
      for (int64_t c = 0; c < channels; ++c) mixed[c] += widen(map[c]) * factor[c];
    }
    if (resizes) {
      const float place = step * static_cast<float>(x);
      const int64_t left = std::min(static_cast<int64_t>(place), job.coarse_width - 1);
      const int64_t right = std::min(left + 1, job.coarse_width - 1);
      const float share = place - static_cast<float>(left);
      const float *one = blended + left * channels, *other = blended + right * channels;
      const float *factor = factors[fine];
      for (int64_t c = 0; c < channels; ++c) {
        mixed[c] += ((1 - share) * one[c] + share * other[c]) * factor[c];
      }
    }
    for (int64_t c = 0; c < channels; ++c) {
      sum[c] += mixed[c];
      out[c] = narrow<Map>(mixed[c]);
    }
  }
  float *sums = job.sums + (picture * job.height + y) * channels;
  for (int64_t c = 0; c < channels; ++c) sums[c] = sum[c];
}

template <typename Map>
GLIP_INLINE void apply_lines(const LinesJob &job, int64_t picture, int64_t begin, int64_t end) {
  const int64_t channels = job.channels;
  const float *a = job.lines + picture * 4 * channels, *b = a + channels, *c = b + channels, *d = c + channels;
  for (int64_t position = begin; position < end; ++position) {
    Map *__restrict x = static_cast<Map *>(job.x) + picture * job.picture_stride + position * channels;
    for (int64_t i = 0; i < channels; ++i) {
      const float value = widen(x[i]), one = value * a[i] + b[i], other = value * c[i] + d[i];
      x[i] = narrow<Map>(one > other ? one : other);
    }
  }
}
