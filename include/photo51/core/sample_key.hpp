#pragma once
/// What the random numbers of one pass over cases are drawn for.

#include <cstdint>
#include <string_view>

#include "photo51/core/random.hpp"

namespace photo51::core {

struct SampleKey {
  int64_t seed = 0;
  int64_t epoch = -1;  ///< below 0: nothing is random, as in prediction
  int64_t view = 0;    ///< which of several random looks at a case in the same epoch

  bool is_random() const { return epoch >= 0; }
  /// The stream of `purpose` for one case: it does not depend on how a batch is cut, nor on workers.
  Random stream(std::string_view case_name, std::string_view purpose) const {
    return Random({static_cast<uint64_t>(seed), static_cast<uint64_t>(epoch),
                   hash_key(case_name) + static_cast<uint64_t>(view), hash_key(purpose)});
  }
};

}  // namespace photo51::core
