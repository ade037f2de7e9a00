#include "imaging/dicom/uid.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "photo51/core/files.hpp"

namespace photo51::imaging {

std::string uid_from(const std::string& text) {
  const std::string hex = core::hash_bytes(text);
  uint64_t high = 0, low = 0;
  std::from_chars(hex.data(), hex.data() + 16, high, 16);
  std::from_chars(hex.data() + 16, hex.data() + 32, low, 16);
  // Version 8 (custom) and the RFC 9562 variant, so that the number is a valid UUID.
  high = (high & ~uint64_t{0xF000}) | uint64_t{0x8000};
  low = (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  __extension__ using Wide = unsigned __int128;
  Wide number = (static_cast<Wide>(high) << 64) | low;
  std::string digits;
  for (; number > 0; number /= 10) digits += static_cast<char>('0' + static_cast<int>(number % 10));
  std::reverse(digits.begin(), digits.end());
  return "2.25." + digits;
}

}  // namespace photo51::imaging
