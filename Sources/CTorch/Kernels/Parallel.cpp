#include "Parallel.h"

#include <ATen/Functions.h>
#include <ATen/TensorIterator.h>

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

}  // namespace glip
