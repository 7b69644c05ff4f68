// Activation checkpointing: a part of the network is run without recording, and once more, recorded, when the
// backward pass comes to it. Only its inputs are kept in between (Chen et al., "Training Deep Nets with Sublinear
// Memory Cost", 2016).
#include "Shim.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Tensors = std::vector<at::Tensor>;

// Default generators of the CPU and of the devices of some tensors, in the state that they had.
class Randomness {
 public:
  explicit Randomness(at::TensorList tensors) {
    add(at::kCPU);
    for (const auto &tensor : tensors) {
      if (!tensor.is_cpu()) add(tensor.device());
    }
  }

  // In the state that they have now.
  Randomness now() const {
    Randomness result = *this;
    for (auto &[generator, state] : result.generators_) state = read(generator);
    return result;
  }

  void restore() const {
    for (auto [generator, state] : generators_) {
      std::lock_guard lock(generator.mutex());
      generator.set_state(state);
    }
  }

 private:
  void add(c10::Device device) {
    const auto &generator = at::globalContext().defaultGenerator(device);
    for (const auto &known : generators_) {
      if (known.first == generator) return;
    }
    generators_.emplace_back(generator, read(generator));
  }

  static at::Tensor read(at::Generator generator) {
    std::lock_guard lock(generator.mutex());
    return generator.get_state();
  }

  std::vector<std::pair<at::Generator, at::Tensor>> generators_;
};

// The autocast of the thread, for the CPU and the devices of some tensors.
class Autocast {
 public:
  explicit Autocast(at::TensorList tensors) {
    add(at::kCPU);
    for (const auto &tensor : tensors) add(tensor.device().type());
  }

  Autocast now() const {
    Autocast result;
    for (const auto &setting : settings_) result.add(setting.device);
    return result;
  }

  void restore() const {
    for (const auto &setting : settings_) {
      at::autocast::set_autocast_dtype(setting.device, setting.dtype);
      at::autocast::set_autocast_enabled(setting.device, setting.enabled);
    }
    at::autocast::clear_cache();
  }

 private:
  struct Setting {
    c10::DeviceType device;
    bool enabled;
    at::ScalarType dtype;
  };

  Autocast() = default;

  void add(c10::DeviceType device) {
    for (const auto &setting : settings_) {
      if (setting.device == device) return;
    }
    settings_.push_back(
        {device, at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device)});
  }

  std::vector<Setting> settings_;
};

// What was there comes back at the end of the scope.
template <typename State>
class Restored {
 public:
  explicit Restored(const State &wanted) : previous_(wanted.now()) { wanted.restore(); }
  ~Restored() { previous_.restore(); }
  Restored(const Restored &) = delete;
  Restored &operator=(const Restored &) = delete;

 private:
  const State previous_;
};

// The caller's function, and its context for as long as it may be called.
struct Body {
  CTBody function;
  std::shared_ptr<void> context;

  Tensors operator()(at::TensorList inputs) const {
    std::vector<CTTensor *> handles;
    for (const auto &input : inputs) handles.push_back(glip::wrap(input));
    CTTensor **results = nullptr;
    size_t count = 0;
    if (char *message = function(context.get(), handles.data(), handles.size(), &results, &count)) {
      const std::string text(message);
      std::free(message);
      throw std::runtime_error(text);
    }
    Tensors outputs;
    for (size_t i = 0; i < count; ++i) {
      outputs.push_back(results[i]->value);
      ct_tensor_release(results[i]);
    }
    std::free(results);
    return outputs;
  }
};

// What the second run needs beside the inputs.
struct FirstRun : torch::CustomClassHolder {
  Body body;
  Randomness randomness;
  Autocast autocast;

  FirstRun(Body body, at::TensorList inputs) : body(std::move(body)), randomness(inputs), autocast(inputs) {}
};

struct Checkpoint : torch::autograd::Function<Checkpoint> {
  // `anchor` requires a gradient, so that the backward pass comes here also where no input requires one: the body
  // may use parameters that do.
  static Tensors forward(torch::autograd::AutogradContext *context, const Body &body,
                         const at::Tensor & /*anchor*/, at::TensorList inputs) {
    auto first = c10::make_intrusive<FirstRun>(body, inputs);
    auto outputs = body(inputs);
    // Weights cast without recording must not serve those who record.
    at::autocast::clear_cache();
    // What the body hands through would otherwise be given this function's history in its owner's eyes too.
    for (auto &output : outputs) output = output.detach();
    context->set_materialize_grads(false);
    context->save_for_backward(inputs.vec());
    context->saved_data["first"] = c10::IValue::make_capsule(std::move(first));
    return outputs;
  }

  static Tensors backward(torch::autograd::AutogradContext *context, const Tensors &gradients) {
    const auto capsule = context->saved_data["first"].toCapsule();
    const auto &first = static_cast<const FirstRun &>(*capsule);
    const auto saved = context->get_saved_variables();
    Tensors inputs;
    for (const auto &input : saved) {
      inputs.push_back(input.detach().set_requires_grad(input.requires_grad()));
    }
    Tensors outputs;
    {
      const at::AutoGradMode recording(true);
      const Restored<Randomness> randomness(first.randomness);
      const Restored<Autocast> autocast(first.autocast);
      outputs = first.body(inputs);
    }
    TORCH_CHECK(outputs.size() == gradients.size(), "a checkpointed part gave ", gradients.size(),
                " tensors at first and ", outputs.size(), " when it was run again");
    Tensors roots, weights;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!gradients[i].defined() || !outputs[i].requires_grad()) continue;
      roots.push_back(outputs[i]);
      weights.push_back(gradients[i]);
    }
    if (!roots.empty()) torch::autograd::backward(roots, weights);
    Tensors results(2);  // of the body and the anchor
    for (const auto &input : inputs) results.push_back(input.grad());
    return results;
  }
};

}  // namespace

extern "C" char *ct_checkpoint(CTBody function, void (*release)(void *), void *context,
                               const CTTensor *const *inputs, size_t input_count, CTTensor ***results,
                               size_t *result_count) {
  // Outside, so that the context is released whatever happens.
  std::shared_ptr<void> owner(context, release);
  return glip::guarded([&] {
    const Body body{function, owner};
    Tensors values;
    for (size_t i = 0; i < input_count; ++i) values.push_back(inputs[i]->value);
    Tensors outputs;
    if (at::GradMode::is_enabled()) {
      const auto anchor = at::empty({0}).requires_grad_();
      outputs = Checkpoint::apply(body, anchor, at::TensorList(values));
    } else {
      outputs = body(values);
    }
    *results = static_cast<CTTensor **>(std::calloc(outputs.size() + 1, sizeof(CTTensor *)));
    TORCH_CHECK(*results, "no memory is left");
    for (size_t i = 0; i < outputs.size(); ++i) (*results)[i] = glip::wrap(outputs[i]);
    *result_count = outputs.size();
  });
}
