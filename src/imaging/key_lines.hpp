#pragma once
/// `key = value` lines, as the key files of slide scanners have them.

#include <string>

#include "photo51/core/text.hpp"

namespace photo51::imaging {

template <class Take>
void each_key_line(const std::string& text, const Take& take) {
  for (const std::string& line : core::split(text, '\n')) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    take(std::string(core::trim(line.substr(0, equals))), std::string(core::trim(line.substr(equals + 1))));
  }
}

}  // namespace photo51::imaging
