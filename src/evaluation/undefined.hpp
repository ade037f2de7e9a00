#pragma once

#include <limits>

namespace photo51::evaluation {

/// What a metric yields where its definition has no value: one class alone, no pairs to compare, no events.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace photo51::evaluation
