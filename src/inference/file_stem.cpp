#include "inference/file_stem.hpp"

#include <cctype>

namespace photo51::inference {

std::string file_stem(const std::string& case_id) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string name;
  for (const char letter : case_id) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte < 128 && std::isalnum(byte) != 0) || letter == '_' || letter == '-' ||
                       (letter == '.' && !name.empty());
    if (plain)
      name += letter;
    else
      name += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return name;
}

}  // namespace photo51::inference
