#pragma once
/// The inputs of a config by name, for headers that only pass them on.

#include <string>
#include <utility>
#include <vector>

namespace photo51::data {

struct InputOptions;
using Inputs = std::vector<std::pair<std::string, InputOptions>>;

}  // namespace photo51::data
