#pragma once
/// One character of UTF-8 text after the other.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace photo51::core {

struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
  bool valid = false;  ///< else it is one byte that is not UTF-8
};

/// The character at the front of `text`, which is not empty.
Character first_of(std::string_view text);

/// Characters that command a terminal: C0 (with tab and line ends), delete and C1.
bool is_control(const Character& character);

}  // namespace photo51::core
