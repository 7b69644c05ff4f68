// What operators ask of their arguments.
#pragma once

#include "Variants.h"

#include <ATen/core/Tensor.h>

#include <optional>

namespace glip {

// float32 or bfloat16: what maps are made of.
inline at::ScalarType map_type(const at::Tensor &map) {
  const auto type = map.scalar_type();
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "a map is float32 or bfloat16, not ", type);
  return type;
}

// The numbers of a contiguous float32 tensor of that many.
inline const float *floats(const at::Tensor &tensor, int64_t count, const char *name) {
  TORCH_CHECK(tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.numel() == count, "the ",
              name, " must be ", count, " contiguous numbers of float32, not ", tensor.sizes(), " of ",
              tensor.scalar_type());
  return tensor.const_data_ptr<float>();
}

inline Norm norm_of(const std::optional<at::Tensor> &weight, const std::optional<at::Tensor> &bias, double epsilon,
                    int64_t channels) {
  if (!weight || !bias) return {};
  return {floats(*weight, channels, "weight of a norm"), floats(*bias, channels, "bias of a norm"),
          static_cast<float>(epsilon)};
}

// Pixels from one picture to the next in `map` [batch, channels, height, width], whose pictures are rows of channels
// without gaps.
inline int64_t picture_stride(const at::Tensor &map) {
  TORCH_CHECK(map.dim() == 4, "a map is [batch, channels, height, width], not ", map.sizes());
  const int64_t channels = map.size(1), width = map.size(3);
  TORCH_CHECK((map.stride(1) == 1 || channels == 1) && (map.stride(3) == channels || width == 1) &&
                  (map.stride(2) == channels * width || map.size(2) == 1),
              "the map ", map.sizes(), " must be channels last, not of strides ", map.strides());
  return map.size(0) > 1 ? map.stride(0) / channels : map.size(2) * width;
}

}  // namespace glip
