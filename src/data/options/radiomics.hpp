#pragma once
/// The part of an input's options that is for radiomics, and the filter that lesion has too.

#include "photo51/data/options/inputs.hpp"

namespace photo51::data {

/// Fills in `channels` from `from`.
void describe_radiomics_options(config::Fields& f, InputOptions& o);
/// Conditions on a whole input, of whatever modality.
void check_radiomics(config::Fields& f, const InputOptions& o);

}  // namespace photo51::data
