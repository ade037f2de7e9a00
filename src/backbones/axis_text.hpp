#pragma once
/// Sizes by axis as configs write them in lists: "3" for all axes, or one an axis, "1x3x3" (z, y, x).

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// The numbers of a text; empty where it is none of these.
std::vector<int64_t> axis_sizes(const std::string& text);
/// Of each text one number an axis. Errors (usage) that name `what`: not a size, or of other dimensions.
std::vector<std::vector<int64_t>> axis_sizes(const std::vector<std::string>& texts, int64_t dims,
                                             const std::string& what);
/// For a `describe`: each is 1 or more and, of `odd`, odd.
void check_axis_texts(config::Fields& f, const std::vector<std::string>& texts, const char* name, bool odd);

}  // namespace photo51::backbones
