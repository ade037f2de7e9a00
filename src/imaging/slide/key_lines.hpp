#pragma once
/// `key = value` lines, as the key files of slide scanners and the headers of MetaImage have them.

#include <string>

#include "photo51/core/text.hpp"

namespace photo51::imaging {

template <class Take>
void each_key_line(const std::string& text, const Take& take, const char* signs = "=") {
  for (const std::string& line : core::split(text, '\n')) {
    const size_t sign = line.find_first_of(signs);
    if (sign == std::string::npos) continue;
    take(std::string(core::trim(line.substr(0, sign))), std::string(core::trim(line.substr(sign + 1))));
  }
}

}  // namespace photo51::imaging
