#pragma once
/// Counter-based random streams (Philox-4x32-10; Salmon et al., SC 2011). A stream is named by what it is
/// for: `Random({seed, epoch, hash_key("case P7"), hash_key("flip")})` yields the same numbers whatever ran
/// before, on any number of workers or machines.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace photo51::core {

/// A stable 64-bit key of a name (FNV-1a, then mixed).
uint64_t hash_key(std::string_view name);

/// Ten rounds of Philox-4x32: 128 random bits from a counter and a key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class Random {
 public:
  explicit Random(std::initializer_list<uint64_t> keys);

  uint32_t next_u32();
  uint64_t next_u64();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller).
  double normal();
  /// Uniform in 0..bound-1, unbiased. `bound` > 0.
  uint64_t below(uint64_t bound);
  bool chance(double probability) { return uniform() < probability; }
  /// 0..count-1 in random order (Fisher-Yates).
  std::vector<int64_t> permutation(int64_t count);

 private:
  void refill();

  std::array<uint32_t, 2> key_{};
  std::array<uint32_t, 4> counter_{};
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

}  // namespace photo51::core
