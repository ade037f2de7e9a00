#pragma once
/// What this machine has, and what this process uses of it.

#include <cstdint>

namespace photo51::core {

int64_t available_memory_bytes();  ///< that can be taken without swapping
int64_t peak_resident_bytes();     ///< of this process so far
int64_t resident_bytes();          ///< of this process now

/// From now on a large block goes back to the system when it is freed, instead of waiting to be used again.
/// For a process that does one thing and ends; one that goes on pays for it with page faults.
void return_freed_memory();
/// Drops the resident pages of the shared libraries' code: most of them ran at start-up only (LibTorch
/// registering its operators), and the system maps a page again, from its cache, when it is needed.
void drop_start_up_code();

}  // namespace photo51::core
