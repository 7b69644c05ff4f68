// What the files of the C interface share: the handles' insides, and the way C++ exceptions end.
#pragma once

#include "CTorch.h"

#include <ATen/ATen.h>

#include <cstring>
#include <exception>
#include <utility>

struct CTTensor {
  at::Tensor value;
};

namespace glip {

// A handle that the caller owns.
CTTensor *wrap(at::Tensor tensor);

// libtorch keeps the number of threads per calling thread, and Swift's tasks move between threads: every call
// that may use several first takes over the number that was set last.
void apply_thread_count();

// The one way in which C++ exceptions end.
template <typename Body>
char *guarded(Body &&body) {
  try {
    body();
    return nullptr;
  } catch (const c10::Error &error) {
    return strdup(error.what_without_backtrace());
  } catch (const std::exception &error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("an exception that is not std::exception");
  }
}

}  // namespace glip
