// The bi-directional attention between picture and words (GLIP, section 3.3), for inference on the CPU.
#include "Checks.h"
#include "Parallel.h"
#include "Variants.h"

#include <ATen/Functions.h>
#include <torch/library.h>

#include <ATen/TensorOperators.h>

namespace glip {

namespace {

// Parts of a picture that are summed up by themselves and then together, so that the result does not depend on the
// number of threads.
constexpr int64_t chunks = 8;

std::tuple<at::Tensor, at::Tensor> deep_fusion(const at::Tensor &visual, const at::Tensor &norm_weight,
                                               const at::Tensor &norm_bias, double epsilon,
                                               const at::Tensor &queries, const at::Tensor &offsets,
                                               const at::Tensor &values, const at::Tensor &bias,
                                               const at::Tensor &scale, double limit, at::ScalarType dtype) {
  TORCH_CHECK(visual.dim() == 3 && queries.dim() == 4 && values.sizes() == queries.sizes() &&
                  queries.size(0) == visual.size(0) && queries.size(3) == visual.size(2),
              "the queries ", queries.sizes(), " and values ", values.sizes(),
              " [batch, heads, words, channels] must fit the map ", visual.sizes());
  const int64_t batch = visual.size(0), heads = queries.size(1), words = queries.size(2);
  const auto x = visual.contiguous();
  auto result = at::empty_like(x);
  FusionJob job;
  job.visual = x.const_data_ptr(), job.result = result.mutable_data_ptr();
  job.map_type = map_type(x), job.type = dtype;
  TORCH_CHECK(dtype == at::kBFloat16 || (dtype == at::kFloat && job.map_type == at::kFloat),
              "a fusion does not compute in ", dtype);
  job.positions = x.size(1), job.channels = x.size(2), job.heads = heads, job.words = words;
  TORCH_CHECK(job.channels % 2 == 0, "the number of channels must be even, not ", job.channels);
  job.padded_words = (words + 1) / 2 * 2;
  job.norm = norm_of(norm_weight, norm_bias, epsilon, job.channels);
  const int64_t padding = job.padded_words - words, all = heads * job.padded_words;
  const auto padded = [&](const at::Tensor &t) {
    return at::constant_pad_nd(t.to(dtype), {0, 0, 0, padding}).view({batch, all, job.channels});
  };
  const auto padded_queries = padded(queries).contiguous();
  const auto padded_values = padded(values).transpose(1, 2).contiguous();
  const auto score_offsets = offsets.contiguous();
  job.queries = padded_queries.const_data_ptr(), job.values = padded_values.const_data_ptr();
  job.offsets = floats(score_offsets, batch * heads * words, "offsets");
  job.bias = floats(bias, job.channels, "bias"), job.scale = floats(scale, job.channels, "scale");
  job.limit = static_cast<float>(limit);

  auto sums = at::zeros({batch, chunks, all, job.channels}, at::kFloat);
  auto total = at::zeros({batch, chunks, all}, at::kFloat);
  auto reference = at::full({batch, chunks, all}, -1e30, at::kFloat);
  const int64_t tiles = (job.positions + FusionJob::tile - 1) / FusionJob::tile;
  for_each(batch * chunks, [&, run = kernels().fuse](int64_t index) {
    const int64_t picture = index / chunks, chunk = index % chunks;
    FusionChunk part{sums.data_ptr<float>() + index * all * job.channels, total.data_ptr<float>() + index * all,
                     reference.data_ptr<float>() + index * all};
    const int64_t begin = chunk * tiles / chunks * FusionJob::tile;
    const int64_t end = std::min((chunk + 1) * tiles / chunks * FusionJob::tile, job.positions);
    if (begin < end) run(job, picture, begin, end, part);
  });
  // A chunk without positions has a total of zero, and nothing to say.
  const auto factor = at::exp(reference - std::get<0>(reference.max(1, true)));
  const auto share = factor / (factor * total).sum(1, true);
  auto reading = (sums * share.unsqueeze(-1)).sum(1).view({batch, heads, job.padded_words, job.channels});
  return {result, reading.narrow(2, 0, words)};
}

}  // namespace

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  library.def(
      "deep_fusion(Tensor visual, Tensor norm_weight, Tensor norm_bias, float epsilon, Tensor queries, "
      "Tensor offsets, Tensor values, Tensor bias, Tensor scale, float limit, ScalarType dtype) "
      "-> (Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(glip, CPU, library) { library.impl("deep_fusion", glip::deep_fusion); }
