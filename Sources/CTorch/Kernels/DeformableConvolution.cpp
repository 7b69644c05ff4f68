// Modulated deformable convolution (Zhu et al., "Deformable ConvNets v2", CVPR 2019) as an operator of
// libtorch: its schema, what it accepts, and its place in autograd.
#include "DeformableConvolution.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace glip {

DeformableGeometry deformable_geometry(const at::Tensor &input, const at::Tensor &weight,
                                       const at::Tensor &offset, const at::Tensor &mask,
                                       at::IntArrayRef stride, at::IntArrayRef padding) {
  constexpr auto name = "deform_conv2d: ";
  TORCH_CHECK(input.dim() == 4, name, "the input must be [batch, channels, height, width], not ",
              input.sizes());
  TORCH_CHECK(weight.dim() == 4 && weight.numel() > 0 && weight.size(1) == input.size(1), name, "the weight ",
              weight.sizes(), " must be [outputs, ", input.size(1), ", height, width] for the input ",
              input.sizes());
  TORCH_CHECK(input.size(2) > 0 && input.size(3) > 0, name, "the input ", input.sizes(), " has no pixels");
  TORCH_CHECK(stride.size() == 2 && stride[0] > 0 && stride[1] > 0, name, "the stride ", stride,
              " must be two positive numbers");
  TORCH_CHECK(padding.size() == 2 && padding[0] >= 0 && padding[1] >= 0, name, "the padding ", padding,
              " must be two numbers of at least 0");
  DeformableGeometry g;
  g.batch = input.size(0), g.channels = input.size(1), g.height = input.size(2), g.width = input.size(3);
  g.picture_pixels = g.height * g.width;
  g.kernel_height = weight.size(2), g.kernel_width = weight.size(3);
  g.stride_y = stride[0], g.stride_x = stride[1], g.padding_y = padding[0], g.padding_x = padding[1];
  const int64_t free_y = g.height + 2 * g.padding_y - g.kernel_height;
  const int64_t free_x = g.width + 2 * g.padding_x - g.kernel_width;
  TORCH_CHECK(free_y >= 0 && free_x >= 0, name, "the kernel ", weight.sizes(),
              " is larger than the padded input ", input.sizes());
  g.output_height = free_y / g.stride_y + 1, g.output_width = free_x / g.stride_x + 1;
  const std::array<int64_t, 4> offset_size{g.batch, 2 * g.taps(), g.output_height, g.output_width};
  const std::array<int64_t, 4> mask_size{g.batch, g.taps(), g.output_height, g.output_width};
  TORCH_CHECK(offset.sizes() == at::IntArrayRef(offset_size), name, "the offset ", offset.sizes(),
              " must be ", at::IntArrayRef(offset_size), " for the input ", input.sizes());
  TORCH_CHECK(mask.sizes() == at::IntArrayRef(mask_size), name, "the mask ", mask.sizes(), " must be ",
              at::IntArrayRef(mask_size), " for the input ", input.sizes());
  return g;
}

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class DeformableConvolution : public torch::autograd::Function<DeformableConvolution> {
 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
                            const at::Tensor &offset, const at::Tensor &mask,
                            const std::optional<at::Tensor> &bias, at::IntArrayRef stride,
                            at::IntArrayRef padding) {
    static const auto operation =
        c10::Dispatcher::singleton().findSchemaOrThrow("glip::deform_conv2d", "").typed<DeformForward>();
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    context->save_for_backward({input, weight, offset, mask});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    if (bias) context->saved_data["bias"] = bias->scalar_type();
    return operation.call(input, weight, offset, mask, bias, stride, padding);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    static const auto operation = c10::Dispatcher::singleton()
                                      .findSchemaOrThrow("glip::deform_conv2d_backward", "")
                                      .typed<DeformBackward>();
    const auto saved = context->get_saved_variables();
    const auto bias = context->saved_data.find("bias");
    std::array<bool, 5> wanted;
    for (size_t i = 0; i < 4; ++i) wanted[i] = context->needs_input_grad(i);
    wanted[4] = bias != context->saved_data.end() && context->needs_input_grad(4);
    auto [input, weight, offset, mask, of_bias] = operation.call(
        gradients[0], saved[0], saved[1], saved[2], saved[3], context->saved_data["stride"].toIntVector(),
        context->saved_data["padding"].toIntVector(), wanted);
    if (of_bias.defined()) of_bias = of_bias.to(bias->second.toScalarType());
    return {input, weight, offset, mask, of_bias, at::Tensor(), at::Tensor()};
  }
};

at::Tensor differentiable(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &offset,
                          const at::Tensor &mask, const std::optional<at::Tensor> &bias,
                          at::IntArrayRef stride, at::IntArrayRef padding) {
  return DeformableConvolution::apply(input, weight, offset, mask, bias, stride, padding);
}

}  // namespace

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  library.def(
      "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor? bias, int[2] stride, "
      "int[2] padding) -> Tensor");
  library.def(
      "deform_conv2d_backward(Tensor gradient, Tensor input, Tensor weight, Tensor offset, Tensor mask, "
      "int[2] stride, int[2] padding, bool[5] wanted) -> (Tensor, Tensor, Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(glip, CPU, library) {
  library.impl("deform_conv2d", glip::deform_conv2d_cpu);
  library.impl("deform_conv2d_backward", glip::deform_conv2d_backward_cpu);
}

TORCH_LIBRARY_IMPL(glip, Autograd, library) {
  library.impl("deform_conv2d", glip::differentiable);
  // Second derivatives are refused, rather than taken for zero.
  library.impl("deform_conv2d_backward", torch::autograd::autogradNotImplementedFallback());
}
