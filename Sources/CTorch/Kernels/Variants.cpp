#include "Variants.h"

#include "CPUCapability.h"
#include "Parallel.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

// Loops are plain C++ that the compiler turns into vector code; everything is inlined into the functions of a
// variant's table, which alone are compiled for its instructions.
#define GLIP_INLINE [[gnu::always_inline]] inline

#define GLIP_NATIVE_BFLOAT16 0
#define GLIP_VARIANT standard
#include "Variants/Variant.h"
#undef GLIP_VARIANT

#if defined(__x86_64__)

#define GLIP_VARIANT avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Variants/Variant.h"
#pragma clang attribute pop
#undef GLIP_VARIANT

#define GLIP_VARIANT avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "Variants/Variant.h"
#pragma clang attribute pop
#undef GLIP_VARIANT

#undef GLIP_NATIVE_BFLOAT16
#define GLIP_NATIVE_BFLOAT16 1
#define GLIP_VARIANT avx512_bfloat16
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), apply_to = function)
#include "Variants/Variant.h"
#pragma clang attribute pop
#undef GLIP_VARIANT

#endif

namespace glip {

const Kernels &kernels() {
#if defined(__x86_64__)
  switch (cpu_capability()) {
    case CPUCapability::avx512:
      return __builtin_cpu_supports("avx512bf16") ? avx512_bfloat16::table : avx512::table;
    case CPUCapability::avx2:
      return avx2::table;
    case CPUCapability::standard:
      break;
  }
#endif
  return standard::table;
}

}  // namespace glip
