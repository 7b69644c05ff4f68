// The bi-directional attention for a range of positions. Everything is held turned over, [channels or words,
// positions], so that a vector register holds neighbouring positions.

// Rows [count, width] of a tile to the layout that a product takes from the right: [count / group, width, group].
GLIP_INLINE void pair_rows(const float *rows, int64_t count, int64_t width, float *out) {
  std::memcpy(out, rows, count * width * sizeof(float));
}
GLIP_INLINE void pair_rows(const float *rows, int64_t count, int64_t width, __bf16 *out) {
  for (int64_t row = 0; row < count; row += 2) {
    const float *one = rows + row * width, *other = one + width;
    auto *__restrict to = reinterpret_cast<uint32_t *>(out + row * width);
    for (int64_t i = 0; i < width; ++i) to[i] = paired(narrow<__bf16>(one[i]), narrow<__bf16>(other[i]));
  }
}

// exp(scores - reference) for the words that read the picture, and their sums.
template <typename Element>
GLIP_INLINE void read_picture(const float *scores, int64_t count, FusionChunk &chunk, int64_t word,
                              int64_t channels, Element *out) {
  constexpr int64_t tile = FusionJob::tile;
  // Any reference will do that keeps exponentials in range, so it changes seldom.
  constexpr float slack = 30;
  const float best = largest(scores, count);
  if (best > chunk.reference[word] + slack) {
    const float factor = exponential(chunk.reference[word] - best);
    float *sums = chunk.sums + word * channels;
    for (int64_t c = 0; c < channels; ++c) sums[c] *= factor;
    chunk.total[word] *= factor;
    chunk.reference[word] = best;
  }
  const float reference = chunk.reference[word];
  alignas(64) float shares[tile];
  for (int64_t i = 0; i < count; ++i) shares[i] = exponential(scores[i] - reference);
  for (int64_t i = count; i < tile; ++i) shares[i] = 0;
  chunk.total[word] += sum_of(shares, count);
  for (int64_t i = 0; i < tile; ++i) out[i] = narrow<Element>(shares[i]);
}

// Softmax over the words of one head, for every position; in place.
GLIP_INLINE void read_words(float *scores, int64_t words) {
  constexpr int64_t tile = FusionJob::tile;
  alignas(64) float best[tile], total[tile];
  for (int64_t i = 0; i < tile; ++i) best[i] = scores[i];
  for (int64_t word = 1; word < words; ++word) {
    const float *row = scores + word * tile;
    for (int64_t i = 0; i < tile; ++i) best[i] = row[i] > best[i] ? row[i] : best[i];
  }
  for (int64_t i = 0; i < tile; ++i) total[i] = 0;
  for (int64_t word = 0; word < words; ++word) {
    float *__restrict row = scores + word * tile;
    for (int64_t i = 0; i < tile; ++i) row[i] = exponential(row[i] - best[i]);
    for (int64_t i = 0; i < tile; ++i) total[i] += row[i];
  }
  for (int64_t i = 0; i < tile; ++i) total[i] = 1.f / total[i];
  for (int64_t word = 0; word < words; ++word) {
    float *__restrict row = scores + word * tile;
    for (int64_t i = 0; i < tile; ++i) row[i] *= total[i];
  }
}

template <typename Element, typename Map>
GLIP_INLINE void fuse(const FusionJob &job, int64_t picture, int64_t begin, int64_t end, FusionChunk &chunk) {
  constexpr int64_t tile = FusionJob::tile, number = sizeof(float), element = sizeof(Element);
  const int64_t channels = job.channels, padded = job.padded_words, all = job.heads * padded;
  const Scratch<9> scratch({tile * channels * number, channels * tile * number, tile * channels * element,
                            channels * tile * element, padded * tile * number, padded * tile * element,
                            all * tile * element, channels * tile * number, channels * element});
  auto *rows = static_cast<float *>(scratch.part[0]);           // normalised, [tile, channels]
  auto *turned = static_cast<float *>(scratch.part[1]);         // [channels, tile]
  auto *row_pairs = static_cast<Element *>(scratch.part[2]);    // rows, as the right side of a product
  auto *turned_pairs = static_cast<Element *>(scratch.part[3]); // turned, likewise
  auto *scores = static_cast<float *>(scratch.part[4]);         // of one head, [words, tile]
  auto *shares = static_cast<Element *>(scratch.part[5]);       // for the words, [words, tile]
  auto *readings = static_cast<Element *>(scratch.part[6]);     // for the positions, all heads, as a right side
  auto *update = static_cast<float *>(scratch.part[7]);         // [channels, tile]
  const auto *queries = static_cast<const Element *>(job.queries) + picture * all * channels;
  const auto *values = static_cast<const Element *>(job.values) + picture * channels * all;
  const float *offsets = job.offsets + picture * job.heads * job.words;
  const auto *visual = static_cast<const Map *>(job.visual) + picture * job.positions * channels;
  auto *result = static_cast<Map *>(job.result) + picture * job.positions * channels;

  for (int64_t position = begin; position < end; position += tile) {
    const int64_t count = std::min(tile, end - position);
    for (int64_t row = 0; row < count; ++row) {
      const Map *x = visual + (position + row) * channels;
      float *__restrict out = rows + row * channels;
      for (int64_t c = 0; c < channels; ++c) out[c] = widen(x[c]);
      normalize_row(out, job.norm, channels);
    }
    std::memset(rows + count * channels, 0, (tile - count) * channels * number);
    transpose(rows, channels, tile, channels, turned, tile);
    pair_rows(rows, tile, channels, row_pairs);
    pair_rows(turned, channels, tile, turned_pairs);

    for (int64_t head = 0; head < job.heads; ++head) {
      brgemm(padded, tile, channels, channels, tile, tile, false, queries + head * padded * channels, turned_pairs,
             scores);
      for (int64_t word = 0; word < job.words; ++word) {
        float *__restrict row = scores + word * tile;
        const float offset = offsets[head * job.words + word];
        for (int64_t i = 0; i < tile; ++i) {
          row[i] = __builtin_fminf(__builtin_fmaxf(row[i] + offset, -job.limit), job.limit);
        }
        read_picture(row, count, chunk, head * padded + word, channels, shares + word * tile);
      }
      // A word that only fills up a pair reads nothing, and is not read.
      for (int64_t i = job.words * tile; i < padded * tile; ++i) shares[i] = narrow<Element>(0.f);
      brgemm(padded, channels, tile, tile, channels, channels, true, shares, row_pairs,
             chunk.sums + head * padded * channels);
      read_words(scores, job.words);
      for (int64_t i = job.words * tile; i < padded * tile; ++i) scores[i] = 0;
      pair_rows(scores, padded, tile, readings + head * padded * tile);
    }

    brgemm(channels, tile, all, all, tile, tile, false, values, readings, update);
    transpose(update, tile, channels, tile, turned, channels);  // [tile, channels] now
    for (int64_t row = 0; row < count; ++row) {
      const float *x = rows + row * channels, *change = turned + row * channels;
      Map *__restrict out = result + (position + row) * channels;
      for (int64_t c = 0; c < channels; ++c) {
        out[c] = narrow<Map>(x[c] + job.scale[c] * (change[c] + job.bias[c]));
      }
    }
  }
}
