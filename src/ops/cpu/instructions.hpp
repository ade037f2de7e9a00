#pragma once
/// Which vector instructions this machine has. Kernels that gain from them are compiled twice.

namespace photo51::ops::cpu {

/// AVX2 and FMA (Haswell, Zen and later). The environment variable PHOTO51_NO_AVX2 hides them.
bool has_avx2();

}  // namespace photo51::ops::cpu
