#include "imaging/orientation.hpp"

#include <ATen/ATen.h>

namespace photo51::imaging {

int exif_orientation(std::span<const uint8_t> block) {
  if (block.size() < 14) return 1;
  const bool big = block[0] == 'M';
  if (block[1] != block[0] || (!big && block[0] != 'I')) return 1;
  const auto number = [&](size_t at, size_t bytes) {
    size_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | block[at + (big ? i : bytes - 1 - i)];
    return value;
  };
  const size_t directory = number(4, 4);
  if (directory > block.size() - 2) return 1;
  const size_t count = number(directory, 2);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > block.size()) return 1;
    if (number(entry, 2) != 274) continue;
    const size_t value = number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

at::Tensor upright(const at::Tensor& picture, int orientation) {
  // Orientations from 5 on have rows where columns belong.
  const at::Tensor turned = orientation >= 5 ? picture.transpose(-1, -2) : picture;
  switch (orientation) {
    case 2:
    case 6:
      return turned.flip({-1});
    case 3:
    case 7:
      return turned.flip({-2, -1});
    case 4:
    case 8:
      return turned.flip({-2});
    default:
      return turned.contiguous();
  }
}

}  // namespace photo51::imaging
