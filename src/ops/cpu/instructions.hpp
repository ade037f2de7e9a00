#pragma once
/// Which vector instructions this machine has. Kernels that gain from them are compiled for each.

namespace photo51::ops::cpu {

/// AVX2 and FMA (Haswell, Zen and later). The environment variable PHOTO51_NO_AVX2 hides them.
bool has_avx2();
/// AVX-512 with its byte, double and short vector parts (Skylake-SP, Zen 4 and later). PHOTO51_NO_AVX512 and
/// PHOTO51_NO_AVX2 hide them.
bool has_avx512();

/// What stands here, in the best set of instructions of those that ops/cpu/instruction_sets.inc compiles it
/// for.
#define PHOTO51_IN_BEST_SET(...) \
  (has_avx512() ? avx512::__VA_ARGS__ : has_avx2() ? avx2::__VA_ARGS__ : plain::__VA_ARGS__)

}  // namespace photo51::ops::cpu
