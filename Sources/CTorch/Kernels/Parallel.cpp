#include "Parallel.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace glip {

// An elementwise operation is what libtorch runs in parallel for others: ours visits `count` bytes, and only
// looks at where they are.
void parallel_for(int64_t count, const std::function<void(int64_t begin, int64_t end)> &body) {
  auto bytes = at::empty({count}, at::kByte);
  const char *start = static_cast<const char *>(bytes.const_data_ptr());
  auto iterator = at::TensorIterator::nullary_op(bytes);
  iterator.for_each(
      [&](char **data, const int64_t *, int64_t size) { body(data[0] - start, data[0] - start + size); }, 1);
}

void for_each(int64_t count, const std::function<void(int64_t index)> &body) {
  std::atomic<int64_t> next{0};
  parallel_for(std::min<int64_t>(at::get_num_threads(), std::max<int64_t>(count, 1)), [&](int64_t, int64_t) {
    // Worker threads have the defaults, not our caller's.
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast{c10::autocast_dispatch_keyset};
    for (int64_t index; (index = next.fetch_add(1)) < count;) body(index);
  });
}

void *scratch(int64_t bytes) {
  struct Release {
    void operator()(void *memory) const { std::free(memory); }
  };
  thread_local std::unique_ptr<void, Release> memory;
  thread_local int64_t size = 0;
  if (bytes > size) {
    constexpr int64_t page = 4096;
    const int64_t rounded = (bytes + page - 1) / page * page;
    memory.reset();
    size = 0;
    memory.reset(std::aligned_alloc(page, rounded));
    if (!memory) throw std::bad_alloc();
    size = rounded;
  }
  return memory.get();
}

}  // namespace glip
