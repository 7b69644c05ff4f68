#include "CPUCapability.h"

#include <ATen/Version.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <string>

namespace glip {

namespace {

CPUCapability detected() {
#if defined(__x86_64__)
  static const CPUCapability capability = [] {
    const std::string name = at::get_cpu_capability();
    if (name == "AVX512") return CPUCapability::avx512;
    if (name == "AVX2") return CPUCapability::avx2;
    return CPUCapability::standard;
  }();
  return capability;
#else
  return CPUCapability::standard;
#endif
}

std::atomic<CPUCapability> limit{CPUCapability::avx512};

void limit_cpu_capability(std::string name) {
  if (name == "AVX512") {
    limit = CPUCapability::avx512;
  } else if (name == "AVX2") {
    limit = CPUCapability::avx2;
  } else {
    TORCH_CHECK(name == "DEFAULT", "the CPU capability is AVX512, AVX2 or DEFAULT, not '", name, "'");
    limit = CPUCapability::standard;
  }
}

}  // namespace

CPUCapability cpu_capability() { return std::min(detected(), limit.load(std::memory_order_relaxed)); }

}  // namespace glip

TORCH_LIBRARY_FRAGMENT(glip, library) {
  // For tests and measurements: every kernel can be had on a machine that would choose the best one.
  library.def("limit_cpu_capability(str name) -> ()", glip::limit_cpu_capability);
}
