// A linear layer with its norm before and its activation behind it, for inference on the CPU.
#include "Checks.h"
#include "Parallel.h"
#include "Variants.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

namespace glip {

namespace {

Activation activation_named(std::string_view name) {
  if (name == "none") return Activation::none;
  if (name == "gelu") return Activation::gelu;
  if (name == "relu") return Activation::relu;
  TORCH_CHECK(name == "sigmoid", "there is no activation '", name, "'");
  return Activation::sigmoid;
}

// Rows that a thread takes at a time.
constexpr int64_t linear_rows = 112;

at::Tensor linear(const at::Tensor &input, const std::vector<at::Tensor> &packed,
                  const std::optional<at::Tensor> &norm_weight, const std::optional<at::Tensor> &norm_bias,
                  double epsilon, std::string_view activation, at::ScalarType dtype) {
  const Matrix matrix(packed);
  TORCH_CHECK(input.dim() > 0 && input.size(-1) == matrix.inputs, "the input ", input.sizes(), " must have ",
              matrix.inputs, " channels");
  const auto x = input.contiguous();
  auto size = input.sizes().vec();
  size.back() = matrix.outputs;
  auto result = at::empty(size, x.options().dtype(dtype));
  LinearJob job{matrix, norm_of(norm_weight, norm_bias, epsilon, matrix.inputs), activation_named(activation),
                x.const_data_ptr(), result.mutable_data_ptr(), map_type(x), map_type(result),
                x.numel() / matrix.inputs, matrix.inputs, matrix.outputs};
  const auto &run = kernels().linear;
  // Few rows are given out by columns instead, lest one thread do all of them.
  const int64_t blocks = (job.count + linear_rows - 1) / linear_rows;
  const int64_t threads = at::get_num_threads();
  const int64_t panels = (matrix.columns() + Matrix::panel - 1) / Matrix::panel;
  const int64_t parts = blocks >= threads ? 1 : std::min(panels, threads);
  const int64_t part = (panels + parts - 1) / parts * Matrix::panel;
  for_each(blocks * parts, [&](int64_t index) {
    const int64_t begin = index / parts * linear_rows, first = index % parts * part;
    LinearJob mine = job;
    mine.matrix = matrix.columns_from(first, std::min(part, matrix.outputs - first));
    mine.output = static_cast<char *>(job.output) + first * result.element_size();
    run(mine, begin, std::min(begin + linear_rows, job.count));
  });
  return result;
}

}  // namespace

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  library.def(
      "linear(Tensor input, Tensor[] matrix, Tensor? norm_weight, Tensor? norm_bias, float epsilon, "
      "str activation, ScalarType dtype) -> Tensor");
}

TORCH_LIBRARY_IMPL(glip, CPU, library) { library.impl("linear", glip::linear); }
