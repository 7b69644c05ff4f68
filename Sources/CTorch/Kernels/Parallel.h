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

// Runs `body` for every index below `count`, each thread taking the next one as it comes: the threads need not be
// equally fast, nor the indices equally much work. Nothing is recorded or cast inside.
void for_each(int64_t count, const std::function<void(int64_t index)> &body);

// Memory of the calling thread for work that is over when the kernel returns; it is kept for the next kernel.
// `parts` are sizes in bytes, the result their addresses, each on a cache line of its own.
template <size_t count>
struct Scratch {
  void *part[count];
  explicit Scratch(const int64_t (&bytes)[count]);
};

void *scratch(int64_t bytes);

template <size_t count>
Scratch<count>::Scratch(const int64_t (&bytes)[count]) {
  constexpr int64_t line = 64;
  int64_t total = 0;
  for (int64_t size : bytes) total += (size + line - 1) / line * line;
  char *memory = static_cast<char *>(scratch(total));
  for (size_t i = 0; i < count; ++i) {
    part[i] = memory;
    memory += (bytes[i] + line - 1) / line * line;
  }
}

}  // namespace glip
