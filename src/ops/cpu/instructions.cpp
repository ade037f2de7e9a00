#include "ops/cpu/instructions.hpp"

#include <cstdlib>

namespace photo51::ops::cpu {

bool has_avx2() {
  static const bool has = std::getenv("PHOTO51_NO_AVX2") == nullptr && __builtin_cpu_supports("avx2") != 0 &&
                          __builtin_cpu_supports("fma") != 0;
  return has;
}

bool has_avx512() {
  static const bool has = has_avx2() && std::getenv("PHOTO51_NO_AVX512") == nullptr &&
                          __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                          __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  return has;
}

}  // namespace photo51::ops::cpu
