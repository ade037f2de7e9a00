#pragma once
/// What this machine has, and what this process uses of it.

#include <cstdint>
#include <exception>

namespace photo51::core {

/// That can be taken without swapping and without passing a limit of the container (core/limits.hpp) or of
/// the process (`ulimit -v`).
int64_t available_memory_bytes();
int64_t peak_resident_bytes();  ///< of this process so far
/// From now on `peak_resident_bytes` is that of what comes. Where the system does not let a process do so the
/// peak stays what it was: false.
bool forget_peak_resident_bytes();
int64_t resident_bytes();  ///< of this process now

/// Whether an exception of LibTorch or of the standard library says that memory could not be had.
bool is_out_of_memory(const std::exception& error);

/// From now on a large block goes back to the system when it is freed, instead of waiting to be used again.
/// For a process that does one thing and ends; one that goes on pays for it with page faults. Not after
/// `keep_freed_memory`.
void return_freed_memory();
/// From now on all memory that is freed waits to be used again. For a process that asks for blocks of the
/// same sizes over and over, as steps of training do: a large block that went back to the system would come
/// again as pages that are not there, each of which the system first clears.
void keep_freed_memory();
/// Drops the resident pages of the shared libraries' code: most of them ran at start-up only (LibTorch
/// registering its operators), and the system maps a page again, from its cache, when it is needed.
void drop_start_up_code();

}  // namespace photo51::core
