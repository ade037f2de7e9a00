#pragma once
/// Images that stay the bytes that their files hold until a model sees them.

#include <ATen/core/Tensor.h>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// Whether the images of an input do (ImageModality::stays_bytes). The preparation of any other image gives
/// float32.
bool stays_bytes(const Cohort::Impl& cohort, size_t input);
/// What the bytes mean (Case::Input::lookup); undefined unless they stay.
at::Tensor lookup_of(const Cohort::Impl& cohort, size_t input);

}  // namespace photo51::data
