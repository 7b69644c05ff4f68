#include "CTorch.h"

#include "Kernels/Parallel.h"

#include <dlfcn.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/native/DispatchStub.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

struct CTTensor {
  at::Tensor value;
};
struct CTOperator {
  c10::OperatorHandle handle;
};
struct CTGenerator {
  at::Generator value;
};
struct CTInferenceGuard {
  c10::InferenceMode mode{true};
};

namespace {

std::atomic<int64_t> live_tensors{0};

CTTensor *wrap(at::Tensor tensor) {
  live_tensors.fetch_add(1, std::memory_order_relaxed);
  return new CTTensor{std::move(tensor)};
}

char *copy_message(const char *text) { return strdup(text); }

// The one place where C++ exceptions end.
template <typename Body>
char *guarded(Body &&body) {
  try {
    body();
    return nullptr;
  } catch (const c10::Error &error) {
    return copy_message(error.what_without_backtrace());
  } catch (const std::exception &error) {
    return copy_message(error.what());
  } catch (...) {
    return copy_message("an exception that is not std::exception");
  }
}

at::Tensor tensor_at(const CTPools &pools, int64_t index) {
  const CTTensor *tensor = pools.tensors[index];
  return tensor ? tensor->value : at::Tensor();
}

// The schema decides what a value becomes: an int given where a float is wanted is a float, and so on.
c10::IValue convert(const CTArgument &argument, const CTPools &pools, const c10::TypePtr &type) {
  if (argument.tag == CT_NONE) {
    // An undefined tensor and None are the same to the kernels, but only the latter passes `Tensor?` checks.
    return c10::IValue();
  }
  if (auto optional = type->cast<c10::OptionalType>()) {
    return convert(argument, pools, optional->getElementType());
  }
  const int64_t first = argument.integer;
  switch (argument.tag) {
    case CT_TENSOR:
      return tensor_at(pools, first);
    case CT_TENSORS: {
      auto list = type->cast<c10::ListType>();
      if (list && list->getElementType()->kind() == c10::TypeKind::OptionalType) {
        c10::List<std::optional<at::Tensor>> values;
        values.reserve(argument.count);
        for (int64_t i = 0; i < argument.count; ++i) {
          auto tensor = tensor_at(pools, first + i);
          values.push_back(tensor.defined() ? std::optional(tensor) : std::nullopt);
        }
        return values;
      }
      c10::List<at::Tensor> values;
      values.reserve(argument.count);
      for (int64_t i = 0; i < argument.count; ++i) values.push_back(tensor_at(pools, first + i));
      return values;
    }
    case CT_INT:
      if (type->kind() == c10::TypeKind::FloatType) return static_cast<double>(argument.integer);
      return argument.integer;
    case CT_INTS: {
      c10::List<int64_t> values;
      values.reserve(argument.count);
      for (int64_t i = 0; i < argument.count; ++i) values.push_back(pools.integers[first + i]);
      return values;
    }
    case CT_DOUBLE:
      return argument.real;
    case CT_DOUBLES: {
      c10::List<double> values;
      values.reserve(argument.count);
      for (int64_t i = 0; i < argument.count; ++i) values.push_back(pools.reals[first + i]);
      return values;
    }
    case CT_BOOL:
      return argument.integer != 0;
    case CT_BOOLS: {
      c10::List<bool> values;
      values.reserve(argument.count);
      for (int64_t i = 0; i < argument.count; ++i) values.push_back(pools.integers[first + i] != 0);
      return values;
    }
    case CT_STRING: {
      std::string text(pools.characters + first, argument.count);
      if (type->kind() == c10::TypeKind::DeviceObjType) return c10::Device(text);
      return text;
    }
    case CT_GENERATOR:
      return reinterpret_cast<CTGenerator *>(argument.integer)->value;
    default:
      TORCH_CHECK(false, "unknown argument tag ", argument.tag);
  }
}

CTResult convert(const c10::IValue &value) {
  CTResult result{};
  if (value.isTensor()) {
    if (value.toTensor().defined()) {
      result.tag = CT_TENSOR;
      result.tensor = wrap(value.toTensor());
    }
  } else if (value.isTensorList()) {
    auto list = value.toTensorList();
    result.tag = CT_TENSORS;
    result.count = static_cast<int64_t>(list.size());
    result.tensors = static_cast<CTTensor **>(std::malloc(sizeof(CTTensor *) * (list.size() + 1)));
    for (size_t i = 0; i < list.size(); ++i) result.tensors[i] = wrap(list.get(i));
  } else if (value.isBool()) {
    result.tag = CT_BOOL;
    result.integer = value.toBool();
  } else if (value.isInt() || value.isSymInt()) {
    result.tag = CT_INT;
    result.integer = value.isInt() ? value.toInt() : value.toSymInt().expect_int();
  } else if (value.isDouble()) {
    result.tag = CT_DOUBLE;
    result.real = value.toDouble();
  } else if (!value.isNone()) {
    TORCH_CHECK(false, "a result of type ", value.tagKind(), " cannot be handed to Swift");
  }
  return result;
}

}  // namespace

extern "C" {

char *ct_operator_find(const char *name, const char *overload, CTOperator **result) {
  return guarded([&] {
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(handle.has_value(), "libtorch ", TORCH_VERSION, " has no such operator");
    *result = new CTOperator{*handle};
  });
}

char *ct_operator_call(CTOperator *op, const CTArgument *arguments, size_t argument_count, CTPools pools,
                       CTResult *results, size_t capacity, size_t *result_count) {
  return guarded([&] {
    const auto &schema = op->handle.schema();
    const auto &expected = schema.arguments();
    TORCH_CHECK(argument_count <= expected.size(), "takes at most ", expected.size(), " arguments, not ",
                argument_count);
    torch::jit::Stack stack;
    stack.reserve(expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      if (i < argument_count) {
        stack.push_back(convert(arguments[i], pools, expected[i].type()));
      } else if (expected[i].default_value()) {
        stack.push_back(*expected[i].default_value());
      } else {
        TORCH_CHECK(false, "argument '", expected[i].name(), "' is missing");
      }
    }
    op->handle.callBoxed(&stack);
    TORCH_CHECK(stack.size() <= capacity, "returns ", stack.size(), " values; ", capacity, " fit");
    for (size_t i = 0; i < stack.size(); ++i) results[i] = convert(stack[i]);
    *result_count = stack.size();
  });
}

char *ct_tensor_from_memory(void *data, const int64_t *sizes, size_t rank, int32_t dtype,
                            void (*release)(void *), void *context, CTTensor **result) {
  bool owned = false;
  char *message = guarded([&] {
    auto options = at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype));
    auto deleter = [release, context](void *) { release(context); };
    auto tensor = at::from_blob(data, at::IntArrayRef(sizes, rank), deleter, options);
    owned = true;
    *result = wrap(std::move(tensor));
  });
  if (!owned) release(context);
  return message;
}

CTTensor *ct_tensor_retain(const CTTensor *tensor) { return wrap(tensor->value); }

void ct_tensor_release(CTTensor *tensor) {
  if (!tensor) return;
  live_tensors.fetch_sub(1, std::memory_order_relaxed);
  delete tensor;
}

int32_t ct_tensor_dtype(const CTTensor *tensor) { return static_cast<int32_t>(tensor->value.scalar_type()); }
int64_t ct_tensor_rank(const CTTensor *tensor) { return tensor->value.dim(); }

void ct_tensor_sizes(const CTTensor *tensor, int64_t *sizes) {
  auto values = tensor->value.sizes();
  std::copy(values.begin(), values.end(), sizes);
}

void ct_tensor_strides(const CTTensor *tensor, int64_t *strides) {
  auto values = tensor->value.strides();
  std::copy(values.begin(), values.end(), strides);
}

void *ct_tensor_data(const CTTensor *tensor) { return tensor->value.data_ptr(); }
bool ct_tensor_is_contiguous(const CTTensor *tensor) { return tensor->value.is_contiguous(); }

void ct_tensor_device(const CTTensor *tensor, char *name, size_t capacity) {
  std::string text = tensor->value.device().str();
  std::snprintf(name, capacity, "%s", text.c_str());
}

int64_t ct_tensor_count(void) { return live_tensors.load(std::memory_order_relaxed); }

bool ct_requires_grad(const CTTensor *tensor) { return tensor->value.requires_grad(); }

char *ct_set_requires_grad(CTTensor *tensor, bool value) {
  return guarded([&] { tensor->value.requires_grad_(value); });
}

char *ct_backward(CTTensor *root, const CTTensor *gradient, bool retain_graph) {
  return guarded([&] { root->value.backward(gradient ? gradient->value : at::Tensor(), retain_graph); });
}

CTTensor *ct_gradient(const CTTensor *tensor) {
  const auto &gradient = tensor->value.grad();
  return gradient.defined() ? wrap(gradient) : nullptr;
}

void ct_set_gradient(CTTensor *tensor, const CTTensor *gradient) {
  tensor->value.mutable_grad() = gradient ? gradient->value : at::Tensor();
}

bool ct_grad_mode(bool enabled) {
  bool previous = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled);
  return previous;
}

CTInferenceGuard *ct_inference_enter(void) { return new CTInferenceGuard(); }
void ct_inference_leave(CTInferenceGuard *guard) { delete guard; }

char *ct_autocast(const char *device_type, int32_t dtype, int32_t *previous) {
  return guarded([&] {
    auto device = c10::Device(device_type).type();
    bool enabled = at::autocast::is_autocast_enabled(device);
    *previous = enabled ? static_cast<int32_t>(at::autocast::get_autocast_dtype(device)) : -1;
    if (dtype >= 0) at::autocast::set_autocast_dtype(device, static_cast<c10::ScalarType>(dtype));
    at::autocast::set_autocast_enabled(device, dtype >= 0);
    // Casts of weights are cached while autocast is on, and must not outlive it.
    if (dtype < 0) at::autocast::clear_cache();
  });
}

void ct_seed(uint64_t seed) { at::manual_seed(seed); }

char *ct_generator_make(const char *device, uint64_t seed, CTGenerator **result) {
  return guarded([&] {
    auto generator = at::globalContext().defaultGenerator(c10::Device(device)).clone();
    generator.set_current_seed(seed);
    *result = new CTGenerator{generator};
  });
}

void ct_generator_release(CTGenerator *generator) { delete generator; }

int32_t ct_threads(void) { return at::get_num_threads(); }
char *ct_set_threads(int32_t count) {
  return guarded([&] { at::set_num_threads(count); });
}

char *ct_parallel_for(int64_t begin, int64_t end, int64_t grain,
                      void (*body)(void *context, int64_t begin, int64_t end), void *context) {
  return guarded([&] {
    const int64_t step = std::max<int64_t>(grain, 1);
    const int64_t pieces = end > begin ? (end - begin + step - 1) / step : 0;
    glip::parallel_for(pieces, [&](int64_t from, int64_t to) {
      body(context, begin + from * step, std::min(begin + to * step, end));
    });
  });
}

bool ct_cuda_available(void) {
  // Nothing refers to a symbol of the CUDA library, so the linker leaves it out; loading it registers its kernels.
  static void *library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  try {
    return library && at::hasCUDA() && at::globalContext().hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  } catch (...) {
    return false;
  }
}

const char *ct_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
  static const std::string name = at::get_cpu_capability();
  return name.c_str();
}

void ct_free(void *memory) { std::free(memory); }

}  // extern "C"
