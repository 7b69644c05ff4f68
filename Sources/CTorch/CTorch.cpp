#include "Shim.h"

#include "Kernels/Parallel.h"

#include <dlfcn.h>

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
#include <climits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

using glip::apply_thread_count;
using glip::guarded;
using glip::wrap;

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
std::atomic<int> wanted_threads{0};

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
      for (int64_t i = 0; i < argument.count; ++i) {
        values.push_back(tensor_at(pools, first + i));
        TORCH_CHECK(values.get(i).defined(), "a list of tensors has none at index ", i);
      }
      return values;
    }
    case CT_INT:
      if (type->kind() == c10::TypeKind::FloatType) return static_cast<double>(argument.integer);
      return argument.integer;
    case CT_INTS: {
      auto list = type->cast<c10::ListType>();
      if (list && list->getElementType()->kind() == c10::TypeKind::FloatType) {
        c10::List<double> values;
        values.reserve(argument.count);
        for (int64_t i = 0; i < argument.count; ++i) values.push_back(pools.integers[first + i]);
        return values;
      }
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

// Swift reads these element types, and no layouts but the plain one and oneDNN's, which it only passes on.
void check_known(const at::Tensor &tensor) {
  switch (tensor.scalar_type()) {
    case at::kByte: case at::kChar: case at::kShort: case at::kInt: case at::kLong: case at::kHalf:
    case at::kFloat: case at::kDouble: case at::kBool: case at::kBFloat16:
      break;
    default:
      TORCH_CHECK(false, "returned a tensor of ", tensor.scalar_type(), ", a type without a Swift name");
  }
  TORCH_CHECK(tensor.layout() == at::kStrided || tensor.layout() == at::kMkldnn,
              "returned a tensor of layout ", tensor.layout(), ", which Swift cannot read");
}

// What an operator returned, the tensors of lists one after the other.
std::vector<at::Tensor> tensors_of(const torch::jit::Stack &stack) {
  std::vector<at::Tensor> tensors;
  for (const auto &value : stack) {
    if (value.isTensor()) {
      tensors.push_back(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor &tensor : value.toTensorVector()) tensors.push_back(tensor);
    } else {
      TORCH_CHECK(value.isNone(), "returned a value of type ", value.tagKind(), ", which is not a tensor");
      tensors.emplace_back();
    }
  }
  for (const auto &tensor : tensors) {
    if (tensor.defined()) check_known(tensor);
  }
  return tensors;
}

}  // namespace

CTTensor *glip::wrap(at::Tensor tensor) {
  auto *result = new CTTensor{std::move(tensor)};
  live_tensors.fetch_add(1, std::memory_order_relaxed);
  return result;
}

void glip::apply_thread_count() {
  thread_local int applied = 0;
  const int wanted = wanted_threads.load(std::memory_order_relaxed);
  if (wanted == applied) return;
  at::set_num_threads(wanted);
  applied = wanted;
}

extern "C" {

char *ct_operator_find(const char *name, const char *overload, const CTOperator **result) {
  return guarded([&] {
    static std::mutex mutex;
    static auto &known = *new std::map<std::pair<std::string, std::string>, CTOperator>();
    std::lock_guard lock(mutex);
    const std::pair<std::string, std::string> key(name, overload);
    auto found = known.find(key);
    if (found == known.end()) {
      auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
      TORCH_CHECK(handle.has_value(), "libtorch ", TORCH_VERSION, " has no such operator");
      found = known.emplace(key, CTOperator{*handle}).first;
    }
    *result = &found->second;
  });
}

char *ct_operator_call(const CTOperator *op, const CTArgument *arguments, size_t argument_count,
                       CTPools pools, CTTensor ***results, size_t *result_count) {
  return guarded([&] {
    apply_thread_count();
    const auto &schema = op->handle.schema();
    const auto &expected = schema.arguments();
    TORCH_CHECK(argument_count <= expected.size(), "takes at most ", expected.size(), " arguments, not ",
                argument_count);
    torch::jit::Stack stack;
    stack.reserve(expected.size());
    for (size_t i = 0; i < argument_count; ++i) {
      stack.push_back(convert(arguments[i], pools, expected[i].type()));
    }
    // Kernels trust the types of a boxed call, so they are checked here. This also fills in the defaults.
    schema.checkAndNormalizeInputs(stack);
    op->handle.callBoxed(&stack);
    const auto tensors = tensors_of(stack);
    *results = static_cast<CTTensor **>(std::calloc(tensors.size() + 1, sizeof(CTTensor *)));
    TORCH_CHECK(*results, "no memory is left");
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].defined()) (*results)[i] = wrap(tensors[i]);
    }
    *result_count = tensors.size();
  });
}

char *ct_tensor_from_memory(void *data, const int64_t *sizes, size_t rank, int32_t dtype,
                            void (*release)(void *), void *context, CTTensor **result) {
  return guarded([&] {
    // Released exactly once, whether making the tensor fails or its storage goes.
    std::shared_ptr<void> owner(context, release);
    auto options = at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype));
    *result = wrap(at::from_blob(data, at::IntArrayRef(sizes, rank), [owner](void *) {}, options));
  });
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

char *ct_tensor_strides(const CTTensor *tensor, int64_t *strides) {
  return guarded([&] {
    TORCH_CHECK(tensor->value.layout() == at::kStrided, "the layout ", tensor->value.layout(), " has none");
    auto values = tensor->value.strides();
    std::copy(values.begin(), values.end(), strides);
  });
}

char *ct_tensor_data(const CTTensor *tensor, void **data) {
  return guarded([&] { *data = tensor->value.data_ptr(); });
}

void ct_tensor_device(const CTTensor *tensor, char *name, size_t capacity) {
  std::string text = tensor->value.device().str();
  std::snprintf(name, capacity, "%s", text.c_str());
}

int64_t ct_tensor_version(const CTTensor *tensor) {
  return tensor->value.is_inference() ? -1 : static_cast<int64_t>(tensor->value._version());
}

void ct_tensor_written(CTTensor *tensor) {
  if (!tensor->value.is_inference()) tensor->value.unsafeGetTensorImpl()->bump_version();
}

int64_t ct_tensor_count(void) { return live_tensors.load(std::memory_order_relaxed); }

bool ct_requires_grad(const CTTensor *tensor) { return tensor->value.requires_grad(); }

char *ct_set_requires_grad(CTTensor *tensor, bool value) {
  return guarded([&] { tensor->value.requires_grad_(value); });
}

char *ct_backward(CTTensor *root, const CTTensor *gradient, bool retain_graph) {
  return guarded([&] {
    apply_thread_count();
    root->value.backward(gradient ? gradient->value : at::Tensor(), retain_graph);
  });
}

CTTensor *ct_gradient(const CTTensor *tensor) {
  if (!tensor->value.is_leaf()) return nullptr;
  const auto &gradient = tensor->value.grad();
  return gradient.defined() ? wrap(gradient) : nullptr;
}

char *ct_set_gradient(CTTensor *tensor, const CTTensor *gradient) {
  return guarded([&] {
    const auto &value = tensor->value;
    TORCH_CHECK(!gradient || (gradient->value.sizes() == value.sizes() &&
                              gradient->value.scalar_type() == value.scalar_type() &&
                              gradient->value.device() == value.device()),
                "a gradient has its tensor's shape, type and device");
    value.mutable_grad() = gradient ? gradient->value : at::Tensor();
  });
}

bool ct_grad_mode(bool enabled) {
  bool previous = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled);
  return previous;
}

bool ct_inference_mode(void) { return c10::InferenceMode::is_enabled(); }
CTInferenceGuard *ct_inference_enter(void) { return new CTInferenceGuard(); }
void ct_inference_leave(CTInferenceGuard *guard) { delete guard; }

bool ct_autocast_enabled(const char *device_type) {
  return at::autocast::is_autocast_enabled(c10::Device(device_type).type());
}

char *ct_autocast(const char *device_type, int32_t dtype, int32_t *previous) {
  return guarded([&] {
    auto device = c10::Device(device_type).type();
    const auto type = static_cast<c10::ScalarType>(dtype);
    TORCH_CHECK(dtype < 0 || type == at::kBFloat16 || type == at::kHalf,
                "autocast is to bfloat16 or float16, not ", type);
    bool enabled = at::autocast::is_autocast_enabled(device);
    *previous = enabled ? static_cast<int32_t>(at::autocast::get_autocast_dtype(device)) : -1;
    if (dtype >= 0) at::autocast::set_autocast_dtype(device, type);
    at::autocast::set_autocast_enabled(device, dtype >= 0);
    // Casts of weights are cached, whatever their type, and must not outlive the mode they were made in.
    at::autocast::clear_cache();
  });
}

char *ct_seed(uint64_t seed) {
  return guarded([&] { at::manual_seed(seed); });
}

char *ct_generator_make(const char *device, uint64_t seed, CTGenerator **result) {
  return guarded([&] {
    auto source = at::globalContext().defaultGenerator(c10::Device(device));
    std::unique_lock lock(source.mutex());
    auto generator = source.clone();
    lock.unlock();
    generator.set_current_seed(seed);
    *result = new CTGenerator{generator};
  });
}

char *ct_generator_default(const char *device, CTGenerator **result) {
  return guarded([&] { *result = new CTGenerator{at::globalContext().defaultGenerator(c10::Device(device))}; });
}

char *ct_generator_state(const CTGenerator *generator, CTTensor **result) {
  return guarded([&] {
    auto source = generator->value;
    std::lock_guard lock(source.mutex());
    *result = wrap(source.get_state());
  });
}

char *ct_set_generator_state(CTGenerator *generator, const CTTensor *state) {
  return guarded([&] {
    std::lock_guard lock(generator->value.mutex());
    generator->value.set_state(state->value);
  });
}

void ct_generator_release(CTGenerator *generator) { delete generator; }

char *ct_threads(int64_t *count) {
  return guarded([&] {
    apply_thread_count();
    *count = at::get_num_threads();
  });
}

char *ct_set_threads(int64_t count) {
  return guarded([&] {
    // OpenMP ends the process where the system refuses it a thread.
    TORCH_CHECK(count > 0 && count <= 1024, "the number of threads is 1 to 1024, not ", count);
    wanted_threads.store(static_cast<int>(count), std::memory_order_relaxed);
    apply_thread_count();
  });
}

char *ct_parallel_for(int64_t begin, int64_t end, int64_t grain,
                      void (*body)(void *context, int64_t begin, int64_t end), void *context) {
  return guarded([&] {
    apply_thread_count();
    int64_t count;
    TORCH_CHECK(!__builtin_sub_overflow(end, begin, &count), "the range is too long");
    if (count <= 0) return;
    const int64_t step = std::clamp<int64_t>(grain, 1, count);
    const int64_t pieces = (count - 1) / step + 1;
    glip::parallel_for(pieces, [&](int64_t from, int64_t to) {
      body(context, begin + from * step, to == pieces ? end : begin + to * step);
    });
  });
}

bool ct_cuda_available(void) {
  // Nothing refers to a symbol of the CUDA library, so the linker leaves it out; loading it registers its
  // kernels.
  static void *library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  try {
    return library && at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  } catch (...) {
    return false;
  }
}

const char *ct_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
  static const std::string name = at::get_cpu_capability();
  return name.c_str();
}

#if defined(__x86_64__)
bool ct_cpu_has_bfloat16(void) {
  return at::get_cpu_capability() == "AVX512" && __builtin_cpu_supports("avx512bf16");
}
bool ct_cpu_has_int8(void) { return at::get_cpu_capability() == "AVX512" && __builtin_cpu_supports("avx512vnni"); }
#else
bool ct_cpu_has_bfloat16(void) { return false; }
bool ct_cpu_has_int8(void) { return false; }
#endif

void ct_free(void *memory) { std::free(memory); }

}  // extern "C"
