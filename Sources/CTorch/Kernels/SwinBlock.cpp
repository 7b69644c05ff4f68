// A block of the Swin transformer (Liu et al., ICCV 2021), for inference on the CPU.
#include "Checks.h"
#include "Parallel.h"
#include "Variants.h"

#include <ATen/Functions.h>
#include <torch/library.h>

namespace glip {

namespace {

// Patches that a thread takes at a time, about.
constexpr int64_t tile_rows = 196;

at::Tensor swin_block_(at::Tensor x, int64_t window, int64_t shift, int64_t heads, const at::Tensor &norm1_weight,
                 const at::Tensor &norm1_bias, const std::vector<at::Tensor> &qkv,
                 const at::Tensor &relative_bias, const std::vector<at::Tensor> &projection,
                 const at::Tensor &norm2_weight, const at::Tensor &norm2_bias,
                 const std::vector<at::Tensor> &expand, const std::vector<at::Tensor> &contract,
                 double epsilon) {
  TORCH_CHECK(x.dim() == 4 && x.is_contiguous() && x.scalar_type() == at::kFloat,
              "the patches must be contiguous float32 [batch, height, width, channels], not ", x.sizes());
  SwinJob job;
  job.x = x.mutable_data_ptr<float>();
  job.batch = x.size(0), job.height = x.size(1), job.width = x.size(2), job.channels = x.size(3);
  job.heads = heads, job.window = window, job.shift = shift;
  TORCH_CHECK(window > 0 && shift >= 0 && shift < window && heads > 0 && job.channels % (2 * heads) == 0,
              "windows of ", window, ", shift ", shift, " and ", heads, " heads do not fit ", x.sizes());
  job.rows = (job.height + window - 1) / window, job.columns = (job.width + window - 1) / window;
  job.norm1 = norm_of(norm1_weight, norm1_bias, epsilon, job.channels);
  job.norm2 = norm_of(norm2_weight, norm2_bias, epsilon, job.channels);
  job.qkv = Matrix(qkv), job.projection = Matrix(projection);
  job.expand = Matrix(expand), job.contract = Matrix(contract);
  const auto type = job.qkv.type;
  TORCH_CHECK(job.qkv.inputs == job.channels && job.qkv.outputs == 3 * job.channels &&
                  job.projection.inputs == job.channels && job.projection.outputs == job.channels &&
                  job.expand.inputs == job.channels && job.contract.inputs == job.expand.outputs &&
                  job.contract.outputs == job.channels && job.projection.type == type &&
                  job.expand.type == type && job.contract.type == type,
              "the weights do not fit ", job.channels, " channels");
  job.area = window * window, job.padded_area = (job.area + 15) / 16 * 16;
  TORCH_CHECK(job.padded_area <= 16 * SwinJob::most_registers, "windows of ", window, " patches are too large");
  job.relative_bias = floats(relative_bias, heads * job.area * job.padded_area, "relative bias");
  const int64_t windows = job.windows(), count = std::max<int64_t>(1, tile_rows / job.area);
  for_each((windows + count - 1) / count, [&, run = kernels().swin](int64_t tile) {
    run(job, tile * count, std::min(count, windows - tile * count));
  });
  return x;
}

}  // namespace

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  library.def(
      "swin_block_(Tensor(a!) x, int window, int shift, int heads, Tensor norm1_weight, Tensor norm1_bias, "
      "Tensor[] qkv, Tensor relative_bias, Tensor[] projection, Tensor norm2_weight, Tensor norm2_bias, "
      "Tensor[] expand, Tensor[] contract, float epsilon) -> Tensor(a!)");
}

TORCH_LIBRARY_IMPL(glip, CPU, library) { library.impl("swin_block_", glip::swin_block_); }
