#include "Matrix.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

namespace glip {

Matrix::Matrix(const std::vector<at::Tensor> &packed) {
  TORCH_CHECK(packed.size() == 2 || packed.size() == 5, "a packed matrix has 2 or 5 parts, not ", packed.size());
  type = packed[0].scalar_type();
  TORCH_CHECK(packed[0].dim() == 2 && packed[0].is_contiguous() && (type == at::kChar) == (packed.size() == 5) &&
                  (type == at::kFloat || type == at::kBFloat16 || type == at::kChar),
              "this is no packed matrix: ", packed[0].sizes(), " of ", type);
  panels = packed[0].const_data_ptr();
  inputs = packed[0].size(1);
  outputs = packed[1].size(0);
  TORCH_CHECK(packed[0].size(0) == columns(), "the bias of a packed matrix does not fit");
  for (size_t i = 1; i < packed.size(); ++i) {
    TORCH_CHECK(packed[i].dim() == 1 && packed[i].is_contiguous() && packed[i].scalar_type() == at::kFloat &&
                    packed[i].size(0) == (i < 3 ? outputs : inputs),
                "part ", i, " of a packed matrix does not fit");
  }
  bias = packed[1].const_data_ptr<float>();
  if (packed.size() == 5) {
    scale = packed[2].const_data_ptr<float>();
    input_scale = packed[3].const_data_ptr<float>();
    input_offset = packed[4].const_data_ptr<float>();
  }
}

namespace {

// [outputs, inputs] to panels, the outputs that fill up the last one zero.
at::Tensor panels_of(const at::Tensor &weight, int64_t group) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  TORCH_CHECK(inputs % group == 0, "a matrix with ", inputs, " inputs cannot be packed in groups of ", group);
  const int64_t columns = (outputs + 15) / 16 * 16;
  auto result = at::empty({columns, inputs}, weight.options());
  const auto padded = columns == outputs ? weight : at::constant_pad_nd(weight, {0, 0, 0, columns - outputs});
  for (int64_t first = 0; first < columns; first += Matrix::panel) {
    const int64_t width = std::min(Matrix::panel, columns - first);
    result.narrow(0, first, width)
        .view({inputs / group, width, group})
        .copy_(padded.narrow(0, first, width).view({width, inputs / group, group}).transpose(0, 1));
  }
  return result;
}

}  // namespace

std::vector<at::Tensor> pack_matrix(const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                                    at::ScalarType dtype) {
  TORCH_CHECK(weight.dim() == 2 && (!bias || bias->sizes() == at::IntArrayRef{weight.size(0)}),
              "a weight [outputs, inputs] and a bias [outputs] are packed, not ", weight.sizes());
  TORCH_CHECK(dtype == at::kFloat || dtype == at::kBFloat16, "a matrix is not packed as ", dtype);
  return {panels_of(weight.to(dtype).contiguous(), group_of(dtype)),
          bias ? bias->to(at::kFloat).contiguous() : at::zeros({weight.size(0)}, at::kFloat)};
}

std::vector<at::Tensor> pack_int8_matrix(const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                                         const at::Tensor &weight_scale, const at::Tensor &input_scale,
                                         const at::Tensor &input_offset) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1), channels = input_scale.numel();
  TORCH_CHECK(weight.dim() == 2 && weight.scalar_type() == at::kChar && weight_scale.numel() == outputs &&
                  channels > 0 && inputs % channels == 0 && input_offset.numel() == channels &&
                  (!bias || bias->numel() == outputs),
              "the scales of a quantised weight ", weight.sizes(), " do not fit");
  const auto scale = weight_scale.to(at::kFloat).contiguous();
  const auto per_input = [&](const at::Tensor &t) {
    return t.to(at::kFloat).repeat({inputs / channels}).contiguous();
  };
  const auto offset = per_input(input_offset);
  const auto shift = at::mv(weight.to(at::kFloat), offset) * scale;
  return {panels_of(weight.contiguous(), group_of(at::kChar)), bias ? bias->to(at::kFloat) - shift : -shift, scale,
          per_input(input_scale), offset};
}

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  library.def("pack_matrix(Tensor weight, Tensor? bias, ScalarType dtype) -> Tensor[]");
  library.def(
      "pack_int8_matrix(Tensor weight, Tensor? bias, Tensor weight_scale, Tensor input_scale, "
      "Tensor input_offset) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(glip, CPU, library) {
  library.impl("pack_matrix", glip::pack_matrix);
  library.impl("pack_int8_matrix", glip::pack_int8_matrix);
}
