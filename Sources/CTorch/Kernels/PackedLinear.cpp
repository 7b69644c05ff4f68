#include "PackedLinear.h"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <optional>

namespace glip {

namespace {

// Boxed, because these operators are not part of the public interface and their C++ types could change.
at::Tensor call(const c10::OperatorHandle &operation, torch::jit::Stack stack) {
  operation.callBoxed(&stack);
  return stack.at(0).toTensor();
}

at::Tensor pack(const at::Tensor &weight, int64_t rows) {
  static const auto operation =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_reorder_linear_weight", "");
  return call(operation, {weight, rows});
}

at::Tensor packed_product(const at::Tensor &rows, const at::Tensor &packed, const at::Tensor &bias) {
  static const auto operation =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "");
  return call(operation, {rows, packed, bias.defined() ? c10::IValue(bias) : c10::IValue(), "none",
                          c10::List<std::optional<at::Scalar>>(), c10::IValue("")});
}

// Whether this build of libtorch has oneDNN, and oneDNN this data type on this processor, is found by trying.
bool works(at::ScalarType dtype) {
  try {
    const auto weight = at::zeros({16, 16}, dtype);
    packed_product(weight, pack(weight, 16), {});
    return true;
  } catch (const c10::Error &) {
    return false;
  }
}

bool has_packed(at::ScalarType dtype) {
  static const bool single = works(at::kFloat), half = works(at::kBFloat16);
  return dtype == at::kFloat ? single : dtype == at::kBFloat16 && half;
}

// Packing costs about as much as is gained over this many rows.
constexpr int64_t worth_packing = 1024;
// The number of rows for which oneDNN chooses the layout.
constexpr int64_t typical_rows = 128;

}  // namespace

PackedLinear::PackedLinear(at::Tensor weight, at::Tensor bias, int64_t total)
    : weight_(std::move(weight)), bias_(std::move(bias)) {
  if (total >= worth_packing && has_packed(weight_.scalar_type())) packed_ = pack(weight_, typical_rows);
}

void PackedLinear::multiply(const at::Tensor &rows, at::Tensor result) const {
  if (packed_.defined()) {
    result.copy_(packed_product(rows, packed_, bias_));
  } else if (bias_.defined()) {
    at::addmm_out(result, bias_, rows, weight_.t());
  } else {
    at::mm_out(result, rows, weight_.t());
  }
}

}  // namespace glip
