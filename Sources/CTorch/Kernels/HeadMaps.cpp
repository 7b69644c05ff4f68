// Convolutions of the pyramid and of the DyHead blocks, and what follows them, for inference on the CPU. Maps are
// [batch, channels, height, width], channels last in memory; the pictures of an input may lie apart.
#include "Checks.h"
#include "DeformableConvolution.h"
#include "Parallel.h"
#include "Variants.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include <cmath>

namespace glip {

namespace {

at::Tensor empty_map(at::IntArrayRef size, at::ScalarType type) {
  return at::empty(size, at::TensorOptions(type), at::MemoryFormat::ChannelsLast);
}

// Where a picture of a map begins.
template <typename Pointer>
Pointer *at_element(Pointer *data, int64_t index, at::ScalarType type) {
  using Byte = std::conditional_t<std::is_const_v<Pointer>, const char, char>;
  return static_cast<Byte *>(data) + index * static_cast<int64_t>(c10::elementSize(type));
}

at::Tensor conv3x3(const at::Tensor &input, const std::vector<at::Tensor> &packed, bool planar,
                   at::ScalarType dtype) {
  ConvolutionJob job;
  job.matrix = Matrix(packed);
  const int64_t stride = picture_stride(input), batch = input.size(0);
  job.channels = input.size(1), job.height = input.size(2), job.width = input.size(3);
  TORCH_CHECK(job.matrix.inputs == 9 * job.channels, "the weight of ", job.matrix.inputs,
              " inputs does not fit the map ", input.sizes());
  job.planar = planar, job.output_type = dtype;
  const std::array<int64_t, 4> size{batch, job.matrix.outputs, job.height, job.width};
  auto result = planar ? at::empty(size, at::TensorOptions(dtype)) : empty_map(size, dtype);
  map_type(result);
  const int64_t rows = job.height + 2, positions = job.height * (job.width + 2);
  const int64_t tiles = (positions + ConvolutionJob::tile - 1) / ConvolutionJob::tile;
  // Products read whole tiles, and each tap a little further on; what they find there is not used.
  const auto type = job.matrix.type == at::kChar ? at::kByte : job.matrix.type;
  const auto bordered =
      at::empty({(rows * (job.width + 2) + ConvolutionJob::tile + 2) * job.channels}, at::TensorOptions(type));
  job.bordered = bordered.const_data_ptr();
  BorderJob border{nullptr, map_type(input), job.height, job.width, job.channels, bordered.mutable_data_ptr()};
  const auto &run = kernels();
  for (int64_t picture = 0; picture < batch; ++picture) {
    border.input = at_element(input.const_data_ptr(), picture * stride * job.channels, border.input_type);
    job.output = at_element(result.mutable_data_ptr(), picture * job.matrix.outputs * job.height * job.width, dtype);
    for_each(rows, [&](int64_t row) { run.border(border, job.matrix.type, job.matrix, row); });
    for_each(tiles, [&](int64_t tile) { run.convolution(job, tile); });
  }
  return result;
}

// Output, and the sums [batch, 3, outputs] of its numbers, of their squares, and of its numbers times their shares.
std::tuple<at::Tensor, at::Tensor> deformable_conv3x3(const at::Tensor &input, const std::vector<at::Tensor> &packed,
                                                      const at::Tensor &offset, const at::Tensor &mask,
                                                      const std::optional<at::Tensor> &shares, int64_t stride) {
  DeformableJob job;
  job.matrix = Matrix(packed);
  const int64_t pixels = picture_stride(input), batch = input.size(0), channels = input.size(1);
  TORCH_CHECK(job.matrix.inputs == 9 * channels, "the weight of ", job.matrix.inputs,
              " inputs does not fit the map ", input.sizes());
  auto &g = job.field.geometry;
  g = {1, channels, input.size(2), input.size(3), 0, 0, 3, 3, stride, stride, 1, 1, pixels};
  g.output_height = (g.height - 1) / stride + 1, g.output_width = (g.width - 1) / stride + 1;
  const std::array<int64_t, 4> offset_size{batch, 18, g.output_height, g.output_width};
  const std::array<int64_t, 4> mask_size{batch, 9, g.output_height, g.output_width};
  TORCH_CHECK(offset.sizes() == at::IntArrayRef(offset_size) && mask.sizes() == at::IntArrayRef(mask_size) &&
                  offset.scalar_type() == at::kFloat && mask.scalar_type() == at::kFloat,
              "the offset ", offset.sizes(), " and mask ", mask.sizes(), " must be float32 ",
              at::IntArrayRef(offset_size), " and ", at::IntArrayRef(mask_size));
  job.map_type = map_type(input);
  TORCH_CHECK(job.matrix.type == job.map_type || job.matrix.type == at::kChar, "a map of ", job.map_type,
              " does not go with weights of ", job.matrix.type);
  job.shares = shares ? floats(*shares, g.rows(), "shares") : nullptr;
  auto result = empty_map({batch, job.matrix.outputs, g.output_height, g.output_width}, job.map_type);
  const int64_t tiles = (g.rows() + DeformableJob::tile - 1) / DeformableJob::tile;
  auto moments = at::empty({batch, tiles, 3, job.matrix.outputs}, at::TensorOptions(at::kFloat));
  for_each(batch * tiles, [&, run = kernels().deformable](int64_t index) {
    const int64_t picture = index / tiles;
    DeformableJob mine = job;
    mine.field.offset = {offset.const_data_ptr<float>() + picture * offset.stride(0), 0, offset.stride(1),
                         offset.stride(2), offset.stride(3)};
    mine.field.mask = {mask.const_data_ptr<float>() + picture * mask.stride(0), 0, mask.stride(1), mask.stride(2),
                       mask.stride(3)};
    mine.input = at_element(input.const_data_ptr(), picture * pixels * channels, job.map_type);
    mine.output = at_element(result.mutable_data_ptr(), picture * g.rows() * job.matrix.outputs, job.map_type);
    mine.moments = moments.data_ptr<float>() + picture * tiles * 3 * job.matrix.outputs;
    run(mine, index % tiles);
  });
  // In double, since the variance will be a difference of large numbers.
  return {result, moments.sum(1, false, at::kDouble)};
}

// What a group normalisation does to a map of `count` positions whose moments [batch, 3, channels] are known: per channel
// a factor and a shift, and the mean of the result, float32 [batch, channels] each.
std::tuple<at::Tensor, at::Tensor, at::Tensor> group_norm_factors(const at::Tensor &moments, const at::Tensor &weight,
                                                                  const at::Tensor &bias, int64_t groups,
                                                                  double epsilon, int64_t count) {
  const int64_t batch = moments.size(0), channels = weight.numel();
  TORCH_CHECK(moments.dim() == 3 && moments.scalar_type() == at::kDouble && moments.is_contiguous() &&
                  moments.size(1) == 3 && moments.size(2) == channels && groups > 0 && channels % groups == 0,
              "the moments ", moments.sizes(), " do not fit ", channels, " channels in ", groups, " groups");
  const float *w = floats(weight, channels, "weight of a norm"), *b = floats(bias, channels, "bias of a norm");
  auto factor = at::empty({batch, channels}, at::kFloat), shift = at::empty_like(factor), mean = at::empty_like(factor);
  const int64_t width = channels / groups;
  for (int64_t row = 0; row < batch * groups; ++row) {
    const int64_t picture = row / groups, first = row % groups * width;
    const double *sums = moments.const_data_ptr<double>() + picture * 3 * channels;
    const double *squares = sums + channels, *shared = squares + channels;
    double sum = 0, square = 0;
    for (int64_t c = first; c < first + width; ++c) sum += sums[c], square += squares[c];
    const double center = sum / (width * count);
    const double scale = 1 / std::sqrt(std::max(square / (width * count) - center * center, 0.0) + epsilon);
    for (int64_t c = first; c < first + width; ++c) {
      const int64_t i = picture * channels + c;
      factor.data_ptr<float>()[i] = static_cast<float>(w[c] * scale);
      shift.data_ptr<float>()[i] = static_cast<float>(b[c] - center * w[c] * scale);
      mean.data_ptr<float>()[i] = static_cast<float>((shared[c] / count - center) * w[c] * scale + b[c]);
    }
  }
  return {factor, shift, mean};
}

// Writes Σ factorᵢ · mapᵢ + constant to `output`, the last map resized where it is smaller, and returns the means over
// all positions, [batch, channels].
at::Tensor mix_maps_(at::Tensor output, const std::vector<at::Tensor> &maps, const std::vector<at::Tensor> &factors,
                     const at::Tensor &constant) {
  MixJob job;
  job.picture_stride = picture_stride(output) * output.size(1);
  job.type = map_type(output);
  job.batch = output.size(0), job.channels = output.size(1);
  job.height = output.size(2), job.width = output.size(3);
  job.count = static_cast<int64_t>(maps.size());
  TORCH_CHECK(job.count > 0 && job.count <= MixJob::most && factors.size() == maps.size() && job.channels <= MixJob::most_channels,
              "1 to ", MixJob::most, " maps of at most ", MixJob::most_channels,
              " channels are mixed, with a factor each");
  job.coarse_height = job.coarse_width = 0;
  for (int64_t i = 0; i < job.count; ++i) {
    const auto &map = maps[i];
    const int64_t pixels = picture_stride(map);
    const bool is_coarse = i > 0 && i + 1 == job.count && map.sizes() != output.sizes();
    TORCH_CHECK(map.size(0) == job.batch && map.size(1) == job.channels && map.scalar_type() == job.type &&
                    pixels == map.size(2) * map.size(3) && (is_coarse || map.sizes() == output.sizes()),
                "the map ", map.sizes(), " cannot be mixed into ", output.sizes());
    if (is_coarse) job.coarse_height = map.size(2), job.coarse_width = map.size(3);
    job.maps[i] = map.const_data_ptr();
    job.factors[i] = floats(factors[i], job.batch * job.channels, "factors");
  }
  job.constant = floats(constant, job.batch * job.channels, "constant");
  job.output = output.mutable_data_ptr();
  auto sums = at::empty({job.batch, job.height, job.channels}, at::TensorOptions(at::kFloat));
  job.sums = sums.data_ptr<float>();
  for_each(job.batch * job.height, [&, run = kernels().mix](int64_t index) {
    run(job, index / job.height, index % job.height);
  });
  return sums.sum(1) / static_cast<double>(job.height * job.width);
}

at::Tensor larger_line_(at::Tensor x, const at::Tensor &lines) {
  LinesJob job;
  job.channels = x.size(1), job.positions = x.size(2) * x.size(3);
  job.picture_stride = picture_stride(x) * job.channels;
  job.x = x.mutable_data_ptr(), job.type = map_type(x);
  job.lines = floats(lines, x.size(0) * 4 * job.channels, "lines");
  constexpr int64_t part = 512;
  const int64_t parts = (job.positions + part - 1) / part;
  for_each(x.size(0) * parts, [&, run = kernels().lines](int64_t index) {
    const int64_t begin = index % parts * part;
    run(job, index / parts, begin, std::min(begin + part, job.positions));
  });
  return x;
}

}  // namespace

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  library.def("conv3x3(Tensor input, Tensor[] matrix, bool planar, ScalarType dtype) -> Tensor");
  library.def(
      "deformable_conv3x3(Tensor input, Tensor[] matrix, Tensor offset, Tensor mask, Tensor? shares, int stride) "
      "-> (Tensor, Tensor)");
  library.def(
      "group_norm_factors(Tensor moments, Tensor weight, Tensor bias, int groups, float epsilon, int count) "
      "-> (Tensor, Tensor, Tensor)");
  library.def(
      "mix_maps_(Tensor(a!) output, Tensor[] maps, Tensor[] factors, Tensor constant) -> Tensor");
  library.def("larger_line_(Tensor(a!) x, Tensor lines) -> Tensor(a!)");
}

TORCH_LIBRARY_IMPL(glip, CPU, library) {
  library.impl("conv3x3", glip::conv3x3);
  library.impl("deformable_conv3x3", glip::deformable_conv3x3);
  library.impl("group_norm_factors", glip::group_norm_factors);
  library.impl("mix_maps_", glip::mix_maps_);
  library.impl("larger_line_", glip::larger_line_);
}
