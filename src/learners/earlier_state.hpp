#pragma once
/// States of estimators in weights of the format `photo51 member 1`: JSON in the metadata.

#include <string_view>

#include "photo51/learners/state.hpp"

namespace photo51::learners {

/// The state that a head of today has (heads/head.hpp, `learned`): `estimator`, `features`, `fits.0.columns`
/// and `fits.0.state.…`, of what stood there under `learner`, `names` and `fits`. Numbers stay what they are
/// to the last bit. Error (data) that names the field: nothing that was a state. Whether it is one of this
/// head, and whether it is sound, says whoever loads it.
State state_of_earlier(std::string_view json);

}  // namespace photo51::learners
