// A matrix multiplied from the left by many blocks of rows.
#pragma once

#include <ATen/core/Tensor.h>

namespace glip {

// rows · weightᵀ + bias, through oneDNN with the weight packed once where that is available: on AMD it is a
// quarter faster than MKL in float. Otherwise through `addmm`. May be used by several threads at a time.
class PackedLinear {
 public:
  // `weight` [outputs, inputs], `bias` [outputs] or undefined, of one data type; `total` rows are to come.
  PackedLinear(at::Tensor weight, at::Tensor bias, int64_t total);

  // `rows` [n, inputs] to `result` [n, outputs], which is contiguous.
  void multiply(const at::Tensor &rows, at::Tensor result) const;

 private:
  at::Tensor weight_, bias_, packed_;
};

}  // namespace glip
