// All kernels once, in the namespace GLIP_VARIANT.

namespace glip::GLIP_VARIANT {
namespace {

#include "Arithmetic.h"
#include "Vectors.h"
#include "Linear.h"
#include "SwinBlock.h"
#include "DeepFusion.h"
#include "Convolution.h"
#include "Deformable.h"
#include "Mixing.h"

void linear(const LinearJob &job, int64_t begin, int64_t end) {
  switch (job.matrix.type) {
    case at::kFloat: return linear_rows<float>(job, begin, end);
    case at::kBFloat16: return linear_rows<__bf16>(job, begin, end);
    default: return linear_rows<uint8_t>(job, begin, end);
  }
}

void swin(const SwinJob &job, int64_t window, int64_t count) {
  switch (job.qkv.type) {
    case at::kFloat: return swin_windows<float>(job, window, count);
    case at::kBFloat16: return swin_windows<__bf16>(job, window, count);
    default: return swin_windows<uint8_t>(job, window, count);
  }
}

void fusion(const FusionJob &job, int64_t picture, int64_t begin, int64_t end, FusionChunk &chunk) {
  if (job.type == at::kFloat) return fuse<float, float>(job, picture, begin, end, chunk);
  return job.map_type == at::kFloat ? fuse<__bf16, float>(job, picture, begin, end, chunk)
                                    : fuse<__bf16, __bf16>(job, picture, begin, end, chunk);
}

template <typename Element>
GLIP_INLINE void border_row(const BorderJob &job, const Matrix &matrix, int64_t row) {
  return job.input_type == at::kFloat ? border_row<Element, float>(job, matrix, row)
                                      : border_row<Element, __bf16>(job, matrix, row);
}

void border(const BorderJob &job, at::ScalarType type, const Matrix &matrix, int64_t row) {
  switch (type) {
    case at::kFloat: return border_row<float>(job, matrix, row);
    case at::kBFloat16: return border_row<__bf16>(job, matrix, row);
    default: return border_row<uint8_t>(job, matrix, row);
  }
}

template <typename Element>
GLIP_INLINE void convolution_tile(const ConvolutionJob &job, int64_t tile) {
  return job.output_type == at::kFloat ? convolution_tile<Element, float>(job, tile)
                                       : convolution_tile<Element, __bf16>(job, tile);
}

void convolution(const ConvolutionJob &job, int64_t tile) {
  switch (job.matrix.type) {
    case at::kFloat: return convolution_tile<float>(job, tile);
    case at::kBFloat16: return convolution_tile<__bf16>(job, tile);
    default: return convolution_tile<uint8_t>(job, tile);
  }
}

void deformable(const DeformableJob &job, int64_t tile) {
  switch (job.matrix.type) {
    case at::kFloat: return deformable_tile<float, float>(job, tile);
    case at::kBFloat16: return deformable_tile<__bf16, __bf16>(job, tile);
    default: return deformable_tile<uint8_t, __bf16>(job, tile);
  }
}

void mix(const MixJob &job, int64_t picture, int64_t row) {
  return job.type == at::kFloat ? mix_row<float>(job, picture, row) : mix_row<__bf16>(job, picture, row);
}

void lines(const LinesJob &job, int64_t picture, int64_t begin, int64_t end) {
  return job.type == at::kFloat ? apply_lines<float>(job, picture, begin, end)
                                : apply_lines<__bf16>(job, picture, begin, end);
}

// For the operator that trains: pixels and columns are of one type, and columns as they come.
template <typename Pixel, typename Given>
struct Sampling {
  static void gather_rows(const DeformableField &field, const Given *input, Rows rows, Given *out) {
    gather(field, reinterpret_cast<const Pixel *>(input), rows, Matrix(), reinterpret_cast<Pixel *>(out));
  }
  static void differentiate_rows(const DeformableField &field, const Given *input, Rows rows,
                                 const Given *gradient, Field<float> offset, Field<float> mask) {
    differentiate(field, reinterpret_cast<const Pixel *>(input), rows,
                  reinterpret_cast<const Pixel *>(gradient), offset, mask);
  }
  static void scatter_rows(const DeformableField &field, const Given *gradient, Rows rows, Channels channels,
                           float *out) {
    scatter(field, reinterpret_cast<const Pixel *>(gradient), rows, channels, out);
  }
  static constexpr DeformableKernels<Given> table{gather_rows, differentiate_rows, scatter_rows};
};

}  // namespace

static const Kernels table{linear, swin, fusion, border, convolution, deformable, mix, lines,
                           Sampling<float, float>::table, Sampling<__bf16, c10::BFloat16>::table};

}  // namespace glip::GLIP_VARIANT
