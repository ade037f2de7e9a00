#pragma once
/// What this machine has, and what this process uses of it.

#include <cstdint>

namespace photo51::core {

int64_t available_memory_bytes();  ///< that can be taken without swapping
int64_t peak_resident_bytes();     ///< of this process so far

}  // namespace photo51::core
