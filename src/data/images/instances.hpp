#pragma once
/// The instances of a bag: its files, or each tile or chosen frame of them.

#include <cstddef>
#include <string>
#include <vector>

#include "data/cohort/cohort_impl.hpp"
#include "photo51/data/load/loader.hpp"

namespace photo51::data {

struct Instance {
  size_t file = 0;  ///< index into RowFiles::channels
  size_t part = 0;  ///< which tile or frame of it; 0 else
};

/// How many instances one file makes, and all of a row. Slides are opened to count their tiles.
size_t part_count(const Cohort::Impl& cohort, size_t input, size_t row, size_t file);
size_t instance_count(const Cohort::Impl& cohort, size_t input, size_t row);
Instance instance_at(const Cohort::Impl& cohort, size_t input, size_t row, size_t index);

/// Numbers below `count`, ascending: all of them, or where `key` is random `limit` of them when
/// that is positive and fewer, drawn without replacement from the stream of `key` and `name`.
std::vector<size_t> drawn_instances(size_t count, int64_t limit, const core::SampleKey& key,
                                    const std::string& name);

}  // namespace photo51::data
