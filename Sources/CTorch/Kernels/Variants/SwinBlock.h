// A block of the Swin transformer over a few windows: everything between reading and writing their rows stays in the
// cache.

// Where the patches of a tile of windows are; null beyond the picture. Shifted windows wrap around the padded map.
GLIP_INLINE void locate_windows(const SwinJob &job, int64_t first, int64_t count, float **rows,
                                int32_t *region) {
  const int64_t padded_height = job.rows * job.window, padded_width = job.columns * job.window;
  // Patches that the shift brought together from different sides of the picture do not attend to each other.
  const auto side = [&](int64_t place, int64_t length) {
    return place < length - job.window ? 0 : place < length - job.shift ? 1 : 2;
  };
  for (int64_t index = first; index < first + count; ++index) {
    const int64_t column = index % job.columns, row = index / job.columns % job.rows;
    const int64_t picture = index / (job.columns * job.rows);
    for (int64_t y = 0; y < job.window; ++y) {
      for (int64_t x = 0; x < job.window; ++x) {
        const int64_t shifted_y = row * job.window + y, shifted_x = column * job.window + x;
        const int64_t from_y = (shifted_y + job.shift) % padded_height;
        const int64_t from_x = (shifted_x + job.shift) % padded_width;
        const bool inside = from_y < job.height && from_x < job.width;
        *rows++ = inside ? job.x + ((picture * job.height + from_y) * job.width + from_x) * job.channels
                         : nullptr;
        *region++ = static_cast<int32_t>(3 * side(shifted_y, padded_height) + side(shifted_x, padded_width));
      }
    }
  }
}

// Keys [area, width] with a row stride to the layout that a product takes from the right, [width, padded] in groups;
// columns beyond the area keep what they hold.
GLIP_INLINE void transpose_keys(const float *keys, int64_t stride, int64_t area, int64_t padded, int64_t width,
                                float *out) {
  transpose(keys, stride, area, width, out, padded);
}
GLIP_INLINE void transpose_keys(const __bf16 *keys, int64_t stride, int64_t area, int64_t padded, int64_t width,
                                __bf16 *out) {
  // Two neighbouring channels are one number here.
  transpose(reinterpret_cast<const uint32_t *>(keys), stride / 2, area, width / 2,
            reinterpret_cast<uint32_t *>(out), padded);
}

// probabilities [area, padded] · values [area, width].
GLIP_INLINE void attend(const float *probabilities, const float *values, int64_t stride, int64_t area,
                        int64_t padded, int64_t width, float *, float *out) {
  brgemm(area, width, area, padded, stride, width, false, probabilities, values, out);
}
GLIP_INLINE void attend(const __bf16 *probabilities, const __bf16 *values, int64_t stride, int64_t area,
                        int64_t padded, int64_t width, __bf16 *pairs, float *out) {
  const int64_t even = (area + 1) / 2 * 2;
  for (int64_t i = 0; i < even; i += 2) {
    auto *__restrict to = reinterpret_cast<uint32_t *>(pairs + i * width);
    const __bf16 *one = values + i * stride;
    if (i + 1 < area) {
      for (int64_t c = 0; c < width; ++c) to[c] = paired(one[c], one[stride + c]);
    } else {
      for (int64_t c = 0; c < width; ++c) to[c] = paired(one[c], static_cast<__bf16>(0));
    }
  }
  brgemm(area, width, even, padded, width, width, false, probabilities, pairs, out);
}

// Scores [area, padded] to probabilities; `registers` are the 16ths of a padded row.
template <typename Attention>
GLIP_INLINE void softmax_rows(const SwinJob &job, const float *bias, const int32_t *region, const float *scores,
                              Attention *probabilities, int64_t registers) {
  using Region = Integers<Lanes>::Type;
  const float scale = 1.f / __builtin_sqrtf(static_cast<float>(job.channels / job.heads));
  const Lanes apart = -100.f;
  for (int64_t i = 0; i < job.area; ++i) {
    const int64_t row = i * job.padded_area;
    Lanes numbers[SwinJob::most_registers];
    Lanes best = -1e30f, sum = 0;
    for (int64_t k = 0; k < registers; ++k) {
      numbers[k] = lanes_at(scores + row + 16 * k) * scale + lanes_at(bias + row + 16 * k);
      if (region) {
        Region there;
        std::memcpy(&there, region + 16 * k, sizeof(there));
        numbers[k] += (there == region[i]) ? Lanes(0) : apart;
      }
      best = __builtin_elementwise_max(best, numbers[k]);
    }
    const float largest = most(best);
    for (int64_t k = 0; k < registers; ++k) {
      numbers[k] = exponential(numbers[k] - largest);
      sum += numbers[k];
    }
    const float share = 1.f / added(sum);
    for (int64_t k = 0; k < registers; ++k) {
      for (int64_t j = 0; j < 16; ++j) probabilities[row + 16 * k + j] = narrow<Attention>(numbers[k][j] * share);
    }
  }
}

template <typename Attention>
GLIP_INLINE void window_softmax(const SwinJob &job, int64_t head, const int32_t *region, const float *scores,
                                Attention *probabilities) {
  const float *bias = job.relative_bias + head * job.area * job.padded_area;
  // Windows of 7 x 7 patches, so that their loops are unrolled.
  if (job.padded_area == 64) return softmax_rows(job, bias, region, scores, probabilities, 4);
  return softmax_rows(job, bias, region, scores, probabilities, job.padded_area / 16);
}

template <typename Element>
GLIP_INLINE void swin_windows(const SwinJob &job, int64_t first, int64_t count) {
  using Attention = typename Product<Element>::Attention;
  constexpr int64_t element = sizeof(Element), attention = sizeof(Attention);
  const int64_t area = job.area, padded = job.padded_area, channels = job.channels;
  const int64_t width = channels / job.heads, total = count * area;
  const Scratch<9> scratch({
      total * static_cast<int64_t>(sizeof(float *)), (total + padded) * 4, total * channels * element,
      total * 3 * channels * attention, total * job.expand.outputs * element, width * padded * attention,
      area * padded * 4, area * padded * attention, (area + 1) * width * (attention + 4)});
  auto **rows = static_cast<float **>(scratch.part[0]);
  auto *region = static_cast<int32_t *>(scratch.part[1]);
  auto *taken = static_cast<Element *>(scratch.part[2]);  // what the next product takes in
  auto *qkv = static_cast<Attention *>(scratch.part[3]);
  auto *hidden = static_cast<Element *>(scratch.part[4]);
  auto *keys = static_cast<Attention *>(scratch.part[5]);
  auto *scores = static_cast<float *>(scratch.part[6]);
  auto *probabilities = static_cast<Attention *>(scratch.part[7]);
  auto *attended = static_cast<float *>(scratch.part[8]);
  auto *pairs = reinterpret_cast<Attention *>(attended + (area + 1) * width);

  locate_windows(job, first, count, rows, region);
  const Encoder<Element> encode_padding(job.qkv), encode_attended(job.projection), encode_hidden(job.contract);
  // Padding is zero behind the norm, and takes part in the attention.
  for (int64_t row = 0; row < total; ++row) {
    Element *__restrict out = taken + row * channels;
    if (rows[row]) {
      normalize(rows[row], job.norm1, job.qkv, out);
    } else {
      for (int64_t c = 0; c < channels; ++c) out[c] = encode_padding(0.f, c);
    }
  }
  multiply(taken, channels, total, job.qkv,
           [&](int64_t row, int64_t from, int64_t wanted, const auto &values) {
             Attention *__restrict out = qkv + row * 3 * channels + from;
             for (int64_t i = 0; i < wanted; ++i) out[i] = narrow<Attention>(values[i]);
           });

  std::memset(keys, 0, width * padded * attention);
  for (int64_t window = 0; window < count; ++window) {
    const int64_t index = first + window;
    const bool is_border = job.shift > 0 && (index % job.columns == job.columns - 1 ||
                                             index / job.columns % job.rows == job.rows - 1);
    for (int64_t head = 0; head < job.heads; ++head) {
      const Attention *query = qkv + window * area * 3 * channels + head * width;
      transpose_keys(query + channels, 3 * channels, area, padded, width, keys);
      brgemm(area, padded, width, 3 * channels, padded, padded, false, query, keys, scores);
      window_softmax(job, head, is_border ? region + window * area : nullptr, scores, probabilities);
      attend(probabilities, query + 2 * channels, 3 * channels, area, padded, width, pairs, attended);
      for (int64_t i = 0; i < area; ++i) {
        Element *__restrict out = taken + (window * area + i) * channels + head * width;
        for (int64_t c = 0; c < width; ++c) out[c] = encode_attended(attended[i * width + c], head * width + c);
      }
    }
  }
  const auto add = [&](int64_t row, int64_t from, int64_t wanted, const auto &values) {
    if (!rows[row]) return;
    float *__restrict out = rows[row] + from;
    for (int64_t i = 0; i < wanted; ++i) out[i] += values[i];
  };
  multiply(taken, channels, total, job.projection, add);

  for (int64_t row = 0; row < total; ++row) {
    if (rows[row]) normalize(rows[row], job.norm2, job.expand, taken + row * channels);
  }
  multiply(taken, channels, total, job.expand,
           [&](int64_t row, int64_t from, int64_t wanted, const auto &values) {
             Element *__restrict out = hidden + row * job.expand.outputs + from;
             for (int64_t i = 0; i < wanted; ++i) out[i] = encode_hidden(gelu<Element>(values[i]), from + i);
           });
  multiply(hidden, job.expand.outputs, total, job.contract, add);
}
