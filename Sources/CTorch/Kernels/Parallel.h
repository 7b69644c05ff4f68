// Loops over several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace glip {

// Like `at::parallel_for` with a grain of 1, on libtorch's own threads. (`at::parallel_for` itself is a
// template that silently becomes a plain loop where it is compiled without OpenMP, as here; and a second
// OpenMP runtime would not know libtorch's, so that products within the loop would start threads of their
// own.)
void parallel_for(int64_t count, const std::function<void(int64_t begin, int64_t end)> &body);

}  // namespace glip
