#pragma once
/// Which instances of a bag a training case shows.

#include <cstddef>
#include <string>
#include <vector>

#include "photo51/data/dataset.hpp"

namespace photo51::data {

/// Numbers below `count`, ascending: all of them, or in training (`draw.epoch` >= 0) `limit` of them when
/// that is positive and fewer, drawn without replacement from the stream of (seed, epoch, `name`).
std::vector<size_t> drawn_instances(size_t count, int64_t limit, const Draw& draw, const std::string& name);

}  // namespace photo51::data
