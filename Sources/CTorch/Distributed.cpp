// Groups of processes over c10d, and its reducer of gradients.
#include "Shim.h"

#define USE_C10D_GLOO
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct CTGroup {
  c10::intrusive_ptr<c10d::ProcessGroup> group;
  std::string name;
};

namespace {

using Tensors = std::vector<at::Tensor>;

std::unique_ptr<c10d::Reducer> make_reducer(const Tensors &leaves,
                                            const c10::intrusive_ptr<c10d::ProcessGroup> &group) {
  constexpr int64_t first = c10d::kDefaultFirstBucketBytes, others = c10d::kDefaultBucketBytesCap;
  for (const auto &leaf : leaves) {
    TORCH_CHECK(leaf.is_leaf() && leaf.requires_grad(), "a tensor collects no gradient");
  }
  // The last leaves get their gradients first.
  const Tensors reversed(leaves.rbegin(), leaves.rend());
  auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(reversed, {first, others}));
  for (auto &bucket : buckets) {
    for (auto &index : bucket) index = leaves.size() - 1 - index;
  }
  return std::make_unique<c10d::Reducer>(
      leaves, std::move(buckets), group, std::vector<bool>(leaves.size(), false), others,
      /*find_unused_parameters=*/false, /*gradient_as_bucket_view=*/true,
      std::unordered_map<size_t, std::string>(), first, /*skip_all_reduce_unused_params=*/false,
      /*use_python_reducer=*/false, /*bucket_bytes_cap_list=*/std::vector<int64_t>());
}

}  // namespace

struct CTReducer {
  Tensors leaves;
  // Whether the backward pass has reached each.
  std::vector<char> reached;
  std::unique_ptr<c10d::Reducer> reducer;
  using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor &>()));
  std::vector<std::pair<Accumulator, uintptr_t>> hooks;

  CTReducer(Tensors tensors, const c10::intrusive_ptr<c10d::ProcessGroup> &group)
      : leaves(std::move(tensors)), reached(leaves.size(), 0), reducer(make_reducer(leaves, group)) {
    for (size_t i = 0; i < leaves.size(); ++i) {
      auto accumulator = torch::autograd::impl::grad_accumulator(leaves[i]);
      auto hook = std::make_unique<torch::autograd::utils::LambdaPostHook>(
          [this, i](const Tensors &outputs, const Tensors & /*inputs*/) {
            reached[i] = 1;
            return outputs;
          });
      const auto key = accumulator->add_post_hook(std::move(hook));
      hooks.emplace_back(std::move(accumulator), key);
    }
  }

  ~CTReducer() {
    for (auto &[accumulator, key] : hooks) accumulator->del_post_hook(key);
  }
};

extern "C" {

char *ct_group_make(const CTRendezvous *rendezvous, CTGroup **result) {
  return glip::guarded([&] {
    const auto &wanted = *rendezvous;
    const std::chrono::milliseconds timeout(wanted.milliseconds);
    c10d::TCPStoreOptions address;
    address.port = wanted.port;
    address.isServer = wanted.serves;
    address.numWorkers = wanted.size;
    address.waitWorkers = false;
    address.timeout = timeout;
    auto store = c10::make_intrusive<c10d::PrefixStore>(
        wanted.prefix, c10::make_intrusive<c10d::TCPStore>(wanted.host, address));
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    const std::string interface(wanted.interface ? wanted.interface : "");
    const bool is_address = interface.find_first_of(".:") != std::string::npos;
    options->devices.push_back(interface.empty() ? c10d::ProcessGroupGloo::createDefaultDevice()
                               : is_address ? c10d::ProcessGroupGloo::createDeviceForHostname(interface)
                                            : c10d::ProcessGroupGloo::createDeviceForInterface(interface));
    auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, wanted.rank, wanted.size, options);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(store, wanted.rank, wanted.size);
    constexpr auto backend = c10d::ProcessGroup::BackendType::GLOO;
    group->setDefaultBackend(backend);
    for (auto device : {at::kCPU, at::kCUDA}) group->setBackend(device, backend, gloo);
    static std::atomic<int> count{0};
    const std::string name = "glip-" + std::to_string(count.fetch_add(1));
    group->setGroupName(name);
    c10d::register_process_group(name, group);
    *result = new CTGroup{std::move(group), name};
  });
}

const char *ct_group_name(const CTGroup *group) { return group->name.c_str(); }

void ct_group_release(CTGroup *group) {
  if (!group) return;
  if (char *message = glip::guarded([&] { c10d::unregister_process_group(group->name); })) std::free(message);
  delete group;
}

char *ct_reducer_make(const CTGroup *group, const CTTensor *const *leaves, size_t count, CTReducer **result) {
  return glip::guarded([&] {
    Tensors tensors;
    for (size_t i = 0; i < count; ++i) tensors.push_back(leaves[i]->value);
    *result = new CTReducer(std::move(tensors), group->group);
  });
}

char *ct_reducer_begin(CTReducer *reducer) {
  return glip::guarded([&] {
    std::fill(reducer->reached.begin(), reducer->reached.end(), 0);
    // Once, after the first pass, in the order in which gradients came.
    reducer->reducer->rebuild_buckets();
    reducer->reducer->prepare_for_forward();
    reducer->reducer->prepare_for_backward({});
  });
}

char *ct_reducer_end(CTReducer *reducer) {
  return glip::guarded([&] {
    // The reducer waits for every leaf, so a small backward pass brings zeros to those that have had none.
    at::Tensor nothing;
    const at::AutoGradMode recording(true);
    for (size_t i = 0; i < reducer->leaves.size(); ++i) {
      if (reducer->reached[i]) continue;
      auto empty = reducer->leaves[i].reshape({-1}).slice(0, 0, 0).sum();
      nothing = nothing.defined() ? nothing + empty.to(nothing.options()) : empty;
    }
    if (nothing.defined()) nothing.backward();
  });
}

void ct_reducer_release(CTReducer *reducer) { delete reducer; }

}  // extern "C"
