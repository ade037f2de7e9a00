#pragma once
/// Which vector instructions this machine has. Kernels that gain from them are compiled for each.

namespace photo51::ops::cpu {

/// AVX2 and FMA (Haswell, Zen and later). The environment variable PHOTO51_NO_AVX2 hides them.
bool has_avx2();
/// AVX-512 with its byte, double and short vector parts (Skylake-SP, Zen 4 and later). PHOTO51_NO_AVX512 and
/// PHOTO51_NO_AVX2 hide them.
bool has_avx512();

}  // namespace photo51::ops::cpu
