#include "photo51/ops/parallel.hpp"

#include <ATen/Parallel.h>

// Without it at::parallel_for compiles, runs everything on the thread that calls and says nothing.
#if defined(__GNUC__) && !defined(__clang__) && !defined(_OPENMP)
#error "compile with OpenMP: LibTorch's threads are OpenMP's"
#endif

namespace photo51::ops {

void in_parallel(int64_t begin, int64_t end, int64_t grain, RangeWork work) {
  at::parallel_for(begin, end, grain, work);
}

}  // namespace photo51::ops
