#pragma once
/// The segmenter of an image input: its region, and what is done with it.

#include <optional>
#include <string>

#include "data/images/read_input.hpp"
#include "photo51/config/node.hpp"
#include "photo51/data/segmenters/segmenter.hpp"

namespace photo51::data {

/// Error (usage): there is no such row.
const SegmenterRow& segmenter_row(const config::Choice& segmenter);
/// Null where there is none.
const SegmenterOptions* segmenter_options(const config::Choice& segmenter);
/// Whether its region is the input's mask.
bool makes_mask(const config::Choice& segmenter);

/// Finds the region in the study's images, and strips and crops them or makes it their mask; nothing where
/// the input has no segmenter. Errors (data): the case has none of the segmenter's channels, the region is
/// empty, the program fails; (usage): a program that cannot be loaded or is no segmenter. The result is the
/// frame's grid before it was cut, where it was.
std::optional<imaging::Geometry> apply_segmenter(const Cohort::Impl& cohort, size_t input,
                                                 InputVolumes& study);

/// For keys of the cache: the content of its programs, whose paths are left out of the options.
std::string program_texts(const Cohort::Impl& cohort, size_t input);
void leave_out_programs(const config::Choice& input, config::Node& options);

}  // namespace photo51::data
