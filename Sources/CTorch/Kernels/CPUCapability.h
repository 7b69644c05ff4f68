// Which instructions the kernels may use.
#pragma once

namespace glip {

enum class CPUCapability { standard, avx2, avx512 };

// What ATen found on this processor (its variable ATEN_CPU_CAPABILITY lowers it), unless the operator
// `glip::limit_cpu_capability` lowered it further.
CPUCapability cpu_capability();

}  // namespace glip
