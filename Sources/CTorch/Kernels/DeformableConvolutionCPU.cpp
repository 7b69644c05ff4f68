// The deformable convolution on the CPU: blocks of output positions are gathered into a matrix [positions,
// taps · channels], which the weight multiplies. All is NHWC inside, so that a sample is four contiguous
// vectors.
#include "DeformableConvolution.h"
#include "PackedLinear.h"
#include "Parallel.h"
#include "Variants.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <atomic>

namespace glip {

namespace {

// Rows that one thread gathers and multiplies at a time: enough for the product's full speed, few enough that
// the columns (0.6 MB in bf16 for 3x3 taps of 256 channels) stay in the cache between the two.
constexpr int64_t forward_rows = 128;
// All threads work on one block of the backward pass, which holds two matrices of this many rows.
constexpr int64_t backward_rows = 1024;
// What one of them multiplies at a time.
constexpr int64_t backward_part = 128;
// Channels that a thread has to itself: a cache line of floats.
constexpr int64_t channel_group = 16;
// oneDNN makes code for each number of rows it meets, so we let it meet few.
constexpr int64_t row_multiple = 16;

int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Inside a kernel nothing is recorded or cast, on worker threads neither (they have the defaults, not our
// caller's).
struct KernelMode {
  at::AutoDispatchBelowADInplaceOrView below_autograd;
  c10::impl::ExcludeDispatchKeyGuard no_autocast{c10::autocast_dispatch_keyset};
};

// Float16 is computed in float.
at::ScalarType working_type(const at::Tensor &input) {
  const auto dtype = input.scalar_type();
  TORCH_CHECK(dtype == at::kFloat || dtype == at::kBFloat16 || dtype == at::kHalf,
              "deform_conv2d: the input must be float32, bfloat16 or float16 on the CPU, not ", dtype);
  return dtype == at::kBFloat16 ? dtype : at::kFloat;
}

at::Tensor channels_last(const at::Tensor &tensor, at::ScalarType dtype) {
  return tensor.to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
}

// [outputs, channels, kh, kw] to the [outputs, taps · channels] that matches the columns.
at::Tensor matrix(const at::Tensor &weight, at::ScalarType dtype) {
  return weight.to(dtype).permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
}

template <typename Pixel>
const DeformableKernels<Pixel> &deformable_kernels() {
  if constexpr (std::is_same_v<Pixel, float>) {
    return kernels().deformable_float;
  } else {
    return kernels().deformable_bfloat16;
  }
}

template <typename Number>
Field<Number> field_of(const at::Tensor &map) {
  return {map.data_ptr<float>(), map.stride(0), map.stride(1), map.stride(2), map.stride(3)};
}

template <typename Pixel>
void forward(const DeformableField &field, const at::Tensor &input, const PackedLinear &linear,
             at::Tensor result) {
  const auto &g = field.geometry;
  const auto &kernels = deformable_kernels<Pixel>();
  const int64_t threads = at::get_num_threads();
  // As many blocks for each thread, taken as they come: the threads need not be equally fast.
  const int64_t blocks = divided_up(divided_up(g.rows(), forward_rows), threads) * threads;
  const int64_t size = divided_up(divided_up(g.rows(), blocks), row_multiple) * row_multiple;
  std::atomic<int64_t> next{0};
  parallel_for(threads, [&](int64_t, int64_t) {
    const KernelMode mode;
    auto columns = at::empty({size, g.columns()}, input.options());
    for (;;) {
      const int64_t begin = next.fetch_add(size), end = std::min(begin + size, g.rows());
      if (begin >= end) break;
      kernels.gather(field, input.const_data_ptr<Pixel>(), {begin, end}, columns.data_ptr<Pixel>());
      linear.multiply(columns.narrow(0, 0, end - begin), result.narrow(0, begin, end - begin));
    }
  });
}

// The gradient of the input is summed by one thread per group of channels, that of the weight by one product:
// there is nothing to race for, and the result does not depend on timing.
template <typename Pixel>
void backward(const DeformableField &field, const at::Tensor &input, const PackedLinear &transposed,
              const at::Tensor &gradient, at::Tensor of_input, at::Tensor of_weight, at::Tensor of_offset,
              at::Tensor of_mask) {
  const auto &g = field.geometry;
  const auto &kernels = deformable_kernels<Pixel>();
  const int64_t size = std::min(backward_rows, g.rows());
  const auto of_columns = at::empty({size, g.columns()}, input.options());
  const auto columns = of_weight.defined() ? at::empty_like(of_columns) : at::Tensor();
  for (int64_t begin = 0; begin < g.rows(); begin += size) {
    const int64_t count = std::min(size, g.rows() - begin);
    parallel_for(divided_up(count, backward_part), [&](int64_t from, int64_t to) {
      const KernelMode mode;
      for (int64_t part = from; part < to; ++part) {
        const int64_t first = part * backward_part, length = std::min(backward_part, count - first);
        const Rows rows{begin + first, begin + first + length};
        const auto part_of_columns = of_columns.narrow(0, first, length);
        transposed.multiply(gradient.narrow(0, rows.begin, length), part_of_columns);
        if (of_offset.defined()) {
          kernels.differentiate(field, input.const_data_ptr<Pixel>(), rows,
                                part_of_columns.template const_data_ptr<Pixel>(), field_of<float>(of_offset),
                                field_of<float>(of_mask));
        }
        if (columns.defined()) {
          kernels.gather(field, input.const_data_ptr<Pixel>(), rows,
                         columns.data_ptr<Pixel>() + first * g.columns());
        }
      }
    });
    if (of_input.defined()) {
      parallel_for(divided_up(g.channels, channel_group), [&](int64_t from, int64_t to) {
        kernels.scatter(field, of_columns.const_data_ptr<Pixel>(), {begin, begin + count},
                        {from * channel_group, std::min(to * channel_group, g.channels)},
                        of_input.data_ptr<float>());
      });
    }
    if (of_weight.defined()) {
      of_weight.add_(at::mm(gradient.narrow(0, begin, count).t(), columns.narrow(0, 0, count)));
    }
  }
}

}  // namespace

at::Tensor deform_conv2d_cpu(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &offset,
                             const at::Tensor &mask, const std::optional<at::Tensor> &bias,
                             at::IntArrayRef stride, at::IntArrayRef padding) {
  const auto g = deformable_geometry(input, weight, offset, mask, stride, padding);
  TORCH_CHECK(!bias || bias->sizes() == at::IntArrayRef{weight.size(0)}, "deform_conv2d: the bias ",
              bias->sizes(), " must be [", weight.size(0), "]");
  const KernelMode mode;
  const auto dtype = working_type(input);
  auto result = at::empty({g.batch, weight.size(0), g.output_height, g.output_width},
                          input.options().dtype(dtype), at::MemoryFormat::ChannelsLast);
  if (g.rows() == 0) return result.to(input.scalar_type());
  const auto pixels = channels_last(input, dtype);
  const auto offsets = offset.to(at::kFloat), masks = mask.to(at::kFloat);
  const DeformableField field{g, field_of<const float>(offsets), field_of<const float>(masks)};
  const PackedLinear linear(matrix(weight, dtype), bias ? bias->to(dtype) : at::Tensor(), g.rows());
  const auto rows = result.permute({0, 2, 3, 1}).view({g.rows(), weight.size(0)});
  if (dtype == at::kFloat) {
    forward<float>(field, pixels, linear, rows);
  } else {
    forward<c10::BFloat16>(field, pixels, linear, rows);
  }
  return result.to(input.scalar_type());
}

DeformGradients deform_conv2d_backward_cpu(const at::Tensor &gradient, const at::Tensor &input,
                                           const at::Tensor &weight, const at::Tensor &offset,
                                           const at::Tensor &mask, at::IntArrayRef stride,
                                           at::IntArrayRef padding, std::array<bool, 5> wanted) {
  const auto g = deformable_geometry(input, weight, offset, mask, stride, padding);
  const std::array<int64_t, 4> size{g.batch, weight.size(0), g.output_height, g.output_width};
  TORCH_CHECK(gradient.sizes() == at::IntArrayRef(size), "deform_conv2d: the gradient ", gradient.sizes(),
              " must be ", at::IntArrayRef(size));
  const KernelMode mode;
  const auto dtype = working_type(input);
  const auto single = input.options().dtype(at::kFloat);
  const auto gradients =
      channels_last(gradient, dtype).permute({0, 2, 3, 1}).view({g.rows(), weight.size(0)});

  at::Tensor of_input, of_weight, of_offset, of_mask, of_bias;
  if (wanted[0]) of_input = at::zeros(input.sizes(), single).contiguous(at::MemoryFormat::ChannelsLast);
  if (wanted[1]) of_weight = at::zeros({weight.size(0), g.columns()}, single);
  if (wanted[2] || wanted[3]) {
    of_offset = at::empty(offset.sizes(), single);
    of_mask = at::empty(mask.sizes(), single);
  }
  if (wanted[4]) of_bias = at::sum(gradients, {0}, false, at::kFloat).to(input.scalar_type());

  if (g.rows() > 0 && (wanted[0] || wanted[1] || wanted[2] || wanted[3])) {
    const auto pixels = channels_last(input, dtype);
    const auto offsets = offset.to(at::kFloat), masks = mask.to(at::kFloat);
    const DeformableField field{g, field_of<const float>(offsets), field_of<const float>(masks)};
    const PackedLinear transposed(matrix(weight, dtype).t().contiguous(), {}, g.rows());
    if (dtype == at::kFloat) {
      backward<float>(field, pixels, transposed, gradients, of_input, of_weight, of_offset, of_mask);
    } else {
      backward<c10::BFloat16>(field, pixels, transposed, gradients, of_input, of_weight, of_offset, of_mask);
    }
  }
  if (wanted[0]) of_input = of_input.to(input.scalar_type());
  if (wanted[1]) {
    of_weight = of_weight.view({weight.size(0), g.kernel_height, g.kernel_width, g.channels})
                    .permute({0, 3, 1, 2})
                    .to(weight.scalar_type(), false, false, at::MemoryFormat::Contiguous);
  }
  of_offset = wanted[2] ? of_offset.to(offset.scalar_type()) : at::Tensor();
  of_mask = wanted[3] ? of_mask.to(mask.scalar_type()) : at::Tensor();
  return {of_input, of_weight, of_offset, of_mask, of_bias};
}

}  // namespace glip
