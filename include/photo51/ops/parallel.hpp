#pragma once
/// Loops on the threads that LibTorch's own operators run on.

#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace photo51::ops {

using RangeWork = c10::function_ref<void(int64_t begin, int64_t end)>;

/// Calls `work` with parts of [begin, end) of at least `grain` (above 0) on at::get_num_threads() threads, in
/// the one that calls where there is little to do or a loop runs already. What `work` throws is thrown here.
///
/// at::parallel_for in any source compiled without OpenMP is a plain loop; so none of ours calls it itself.
void in_parallel(int64_t begin, int64_t end, int64_t grain, RangeWork work);

}  // namespace photo51::ops
