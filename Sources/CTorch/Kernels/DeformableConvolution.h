// What the files of the deformable convolution share.
#pragma once

#include "DeformableSampling.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <tuple>

namespace glip {

// input [B, C, H, W], weight [O, C, kh, kw], offset [B, 2·kh·kw, h, w], mask [B, kh·kw, h, w], bias [O] or
// none
// -> [B, O, h, w]
using DeformForward = at::Tensor(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &offset,
                                 const at::Tensor &mask, const std::optional<at::Tensor> &bias,
                                 at::IntArrayRef stride, at::IntArrayRef padding);

// Gradients of input, weight, offset, mask and bias, undefined where not wanted. Each has the data type of
// what it is the gradient of, but the bias's is of the input's.
using DeformGradients = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>;
using DeformBackward = DeformGradients(const at::Tensor &gradient, const at::Tensor &input,
                                       const at::Tensor &weight, const at::Tensor &offset,
                                       const at::Tensor &mask, at::IntArrayRef stride,
                                       at::IntArrayRef padding, std::array<bool, 5> wanted);

DeformForward deform_conv2d_cpu;
DeformBackward deform_conv2d_backward_cpu;

// Checks that the shapes fit together.
DeformableGeometry deformable_geometry(const at::Tensor &input, const at::Tensor &weight,
                                       const at::Tensor &offset, const at::Tensor &mask,
                                       at::IntArrayRef stride, at::IntArrayRef padding);

}  // namespace glip
