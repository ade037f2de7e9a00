#pragma once

#include <array>
#include <cstdint>

namespace photo51::ops::cpu {

/// Fills `squared` with the squared distances of `objects`, both `size` z, y, x; `spacing` z, y, x.
template <class Float>
void squared_distance(const uint8_t* objects, Float* squared, const std::array<int64_t, 3>& size,
                      const std::array<double, 3>& spacing);

}  // namespace photo51::ops::cpu
