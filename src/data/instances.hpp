#pragma once
/// The instances of a bag: its files, or each tile or chosen frame of them.

#include <cstddef>

#include "data/cohort_impl.hpp"

namespace photo51::data {

struct Instance {
  size_t file = 0;  ///< index into Files::channels
  size_t part = 0;  ///< which tile or frame of it; 0 else
};

/// Opens slides to count their tiles.
size_t instance_count(const Cohort::Impl& cohort, size_t input, size_t row);
Instance instance_at(const Cohort::Impl& cohort, size_t input, size_t row, size_t index);

/// The tile that a slide's instance, or a row with a `center`, shows.
preprocess::Tile tile_of(const Cohort::Impl& cohort, size_t input, size_t row, const Instance& instance);
SlideFile slide_file(const Cohort::Impl& cohort, size_t input, size_t row, size_t file);

}  // namespace photo51::data
