#pragma once
/// What a stranger's kernel ridge may ask for.

#include "photo51/learners/state.hpp"

namespace photo51::learners {

/// The random features of `kernel_ridge` are drawn anew, [features, components]: a small file may ask for a
/// large map. Error (data) at `components` of `state` when it takes more than half of the `available` bytes.
void require_room(int64_t components, int64_t features, int64_t available, const StateReader& state);

}  // namespace photo51::learners
