// Square blocks of 32-bit numbers turned over in registers.

using Block = uint32_t __attribute__((ext_vector_type(16)));

// Elements `distance` apart change places between neighbouring rows `distance` apart; doing so for 8, 4, 2 and 1 turns
// a block of 16 x 16 over.
template <int distance, int... index>
GLIP_INLINE void exchange(Block *rows, std::integer_sequence<int, index...>) {
  for (int base = 0; base < 16; base += 2 * distance) {
    for (int i = base; i < base + distance; ++i) {
      const Block one = rows[i], other = rows[i + distance];
      rows[i] = __builtin_shufflevector(one, other, ((index & distance) ? 16 + index - distance : index)...);
      rows[i + distance] =
          __builtin_shufflevector(one, other, ((index & distance) ? 16 + index : index + distance)...);
    }
  }
}

// [height, width] with a row stride to [width, height] with another; numbers of 32 bits.
template <typename Number>
GLIP_INLINE void transpose(const Number *from, int64_t from_stride, int64_t height, int64_t width, Number *to,
                           int64_t to_stride) {
  static_assert(sizeof(Number) == 4);
  constexpr auto sequence = std::make_integer_sequence<int, 16>();
  const int64_t whole_height = height / 16 * 16, whole_width = width / 16 * 16;
  for (int64_t y = 0; y < whole_height; y += 16) {
    for (int64_t x = 0; x < whole_width; x += 16) {
      Block rows[16];
      for (int i = 0; i < 16; ++i) std::memcpy(&rows[i], from + (y + i) * from_stride + x, sizeof(Block));
      exchange<8>(rows, sequence);
      exchange<4>(rows, sequence);
      exchange<2>(rows, sequence);
      exchange<1>(rows, sequence);
      for (int i = 0; i < 16; ++i) std::memcpy(to + (x + i) * to_stride + y, &rows[i], sizeof(Block));
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = y < whole_height ? whole_width : 0; x < width; ++x) {
      to[x * to_stride + y] = from[y * from_stride + x];
    }
  }
}
