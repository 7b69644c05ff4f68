// Kernels that are compiled several times, once for every instruction set, and chosen when they run.
//
// Their code is in Variants/*.h. All maps are rows of channels (NHWC). A kernel works on one part of the job (a
// tile), so that what it computes on the way stays in the cache of its core; the operators in *.cpp give out the
// tiles to threads.
#pragma once

#include "DeformableSampling.h"
#include "Matrix.h"

#include <cstdint>

namespace glip {

// Rows that are normalised before a product, or not where `weight` is null.
struct Norm {
  const float *weight = nullptr, *bias = nullptr;
  float epsilon = 0;
};

enum class Activation { none, gelu, relu, sigmoid };

// rows · matrix, [count, inputs] to [count, outputs].
struct LinearJob {
  Matrix matrix;
  Norm norm;
  Activation activation;
  const void *input;
  void *output;
  at::ScalarType input_type, output_type;  // kFloat or kBFloat16
  int64_t count, input_stride, output_stride;
};

// A block of the Swin transformer, in place: x += projection(attention(norm(x))), x += mlp(norm(x)).
struct SwinJob {
  // 16ths of the patches of a window, at most.
  static constexpr int64_t most_registers = 16;

  float *x;  // [batch, height, width, channels]
  int64_t batch, height, width, channels, heads;
  int64_t window, shift;
  int64_t rows, columns;  // of windows
  Norm norm1, norm2;
  Matrix qkv, projection, expand, contract;
  // [heads, area, padded_area]; very negative beyond `area`
  const float *relative_bias;
  int64_t area, padded_area;

  int64_t windows() const { return batch * rows * columns; }
};

// Bi-directional attention between positions and words, with everything of the words' side prepared.
struct FusionJob {
  // Positions that are worked on together.
  static constexpr int64_t tile = 128;

  const void *visual;  // [batch, positions, channels], kFloat or kBFloat16
  void *result;        // the same, another place
  at::ScalarType map_type, type;  // of the maps; of the products
  int64_t positions, channels, heads, words;
  int64_t padded_words;  // even
  Norm norm;
  const void *queries;   // [batch, heads · padded_words, channels] in `type`
  const float *offsets;  // [batch, heads · words], added to the scores
  const void *values;    // [batch, channels, heads · padded_words] in `type`
  const float *bias, *scale;  // [channels]: the update is scale · (readings + bias)
  float limit;           // of a score's magnitude
};

// What the words have read in a part of the positions: sums of exp(score - reference) · position, and of the factors
// alone, for every head and (padded) word.
struct FusionChunk {
  float *sums;       // [heads · padded_words, channels]
  float *total;      // [heads · padded_words]
  float *reference;  // [heads · padded_words]
};

// A 3x3 convolution of stride 1 over a map with a border of zeros.
struct ConvolutionJob {
  // Positions, those of the border's columns among them, that are worked on together.
  static constexpr int64_t tile = 96;

  Matrix matrix;
  const void *bordered;  // [height + 2, width + 2, channels] in the matrix's type, and a tile behind
  void *output;
  at::ScalarType output_type;
  bool planar;  // [outputs, height, width] instead of [height, width, outputs]
  int64_t height, width, channels;
};

// A map to be written with a border, as a convolution wants it.
struct BorderJob {
  const void *input;  // [height, width, channels], kFloat or kBFloat16
  at::ScalarType input_type;
  int64_t height, width, channels;
  void *bordered;
};

// A deformable convolution of some output positions, and the sums of what it puts out.
struct DeformableJob {
  // Output positions that are worked on together.
  static constexpr int64_t tile = 96;

  DeformableField field;
  Matrix matrix;
  const void *input;
  at::ScalarType map_type;  // of input and output
  void *output;             // [rows, outputs]
  const float *shares;      // [rows], or null for ones
  float *moments;           // [tiles, 3, outputs]: sums, sums of squares and sums of shares of each tile's rows
};

// The weighted sum of maps: Σ factor · map + constant, the last one perhaps of another size and resized with its
// corners aligned.
struct MixJob {
  static constexpr int64_t most = 3, most_channels = 1024;

  const void *maps[most];  // [batch, rows, columns, channels]
  const float *factors[most];  // [batch, channels]
  int64_t count;
  int64_t coarse_height, coarse_width;  // of the last map; 0 if it is of the common size
  const float *constant;  // [batch, channels]
  at::ScalarType type;
  int64_t batch, height, width, channels;
  void *output;            // [batch, height, width, channels], pictures `picture_stride` apart
  int64_t picture_stride;
  float *sums;  // [batch, height, channels], over each row of the output
};

// max(x · a + b, x · c + d) per channel, in place.
struct LinesJob {
  void *x;  // [batch, positions, channels], pictures `picture_stride` apart
  at::ScalarType type;
  int64_t positions, channels, picture_stride;
  const float *lines;  // [batch, 4, channels]
};

// One variant.
struct Kernels {
  void (*linear)(const LinearJob &, int64_t begin, int64_t end);
  void (*swin)(const SwinJob &, int64_t window, int64_t count);
  void (*fuse)(const FusionJob &, int64_t picture, int64_t begin, int64_t end, FusionChunk &);
  void (*border)(const BorderJob &, at::ScalarType type, const Matrix &, int64_t row);
  void (*convolution)(const ConvolutionJob &, int64_t tile);
  void (*deformable)(const DeformableJob &, int64_t tile);
  void (*mix)(const MixJob &, int64_t picture, int64_t row);
  void (*lines)(const LinesJob &, int64_t picture, int64_t begin, int64_t end);
  DeformableKernels<float> deformable_float;
  DeformableKernels<c10::BFloat16> deformable_bfloat16;
};

// The best one within `cpu_capability()`.
const Kernels &kernels();

}  // namespace glip
