#pragma once
/// The part of an input's options that is for images alone.

#include "photo51/data/options/inputs.hpp"

namespace photo51::data {

void describe_pictures(config::Fields& f, InputOptions& o);
/// Conditions between these options. The modality is a known one.
void check_pictures(config::Fields& f, const InputOptions& o);

}  // namespace photo51::data
