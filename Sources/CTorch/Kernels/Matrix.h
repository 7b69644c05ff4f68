// A matrix that many rows are multiplied by, laid out once for the product.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace glip {

// x · Wᵀ + bias, with W [outputs, inputs] in panels of up to 64 columns: [inputs / group, width, group], group being
// how many inputs one instruction takes in (1 of float, 2 of bfloat16, 4 of int8).
//
// In int8 a row enters as q[i] = round(x[i] · input_scale[i] + input_offset[i]), 0…255, and leaves as
// product · scale + bias: what the scales and offsets of the inputs do to the sum is part of W and bias.
struct Matrix {
  at::ScalarType type = at::kFloat;  // kFloat, kBFloat16 or kChar
  const void *panels = nullptr;
  int64_t inputs = 0, outputs = 0;
  const float *bias = nullptr;
  const float *scale = nullptr;
  const float *input_scale = nullptr, *input_offset = nullptr;

  static constexpr int64_t panel = 64;
  // Outputs with the padding of the last panel.
  int64_t columns() const { return (outputs + 15) / 16 * 16; }

  // Some of the outputs; `first` begins a panel.
  Matrix columns_from(int64_t first, int64_t count) const {
    Matrix part = *this;
    const int64_t size = type == at::kFloat ? 4 : type == at::kBFloat16 ? 2 : 1;
    part.panels = static_cast<const char *>(panels) + first * inputs * size;
    part.outputs = count;
    part.bias = bias + first;
    if (scale) part.scale = scale + first;
    return part;
  }

  // What `glip::pack_matrix` made.
  explicit Matrix(const std::vector<at::Tensor> &packed);
  Matrix() = default;
};

// How many inputs of a type lie together.
inline int64_t group_of(at::ScalarType type) { return type == at::kFloat ? 1 : type == at::kBFloat16 ? 2 : 4; }

// [panels, bias] of `weight` [outputs, inputs] for kFloat or kBFloat16; `inputs` is a multiple of the group.
std::vector<at::Tensor> pack_matrix(const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                                    at::ScalarType dtype);

// The same of int8 numbers [outputs, taps · channels] that stand for number · weight_scale (per output) · input_scale (per
// channel), for inputs that are quantised with that scale and offset (see `Matrix`).
std::vector<at::Tensor> pack_int8_matrix(const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                                         const at::Tensor &weight_scale, const at::Tensor &input_scale,
                                         const at::Tensor &input_offset);

}  // namespace glip
