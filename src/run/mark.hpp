#pragma once
/// What `photo51.lock` begins with, so that no file of another program is taken for it.

#include <string_view>

namespace photo51::run {

inline constexpr std::string_view lock_mark = "photo51 run folder\n";

}  // namespace photo51::run
