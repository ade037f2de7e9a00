#pragma once
/// Damage to a file, the same for the same random stream.

#include <string>

#include "fuzz/mutants/fields.hpp"
#include "photo51/core/random.hpp"

namespace photo51::fuzz {

struct Mutant {
  std::string what;  ///< was done to it, for messages
  Bytes bytes;
};

/// One of: bits flipped (in the whole file or in its header's fields), cut off, a run zeroed, a run repeated,
/// a field taken out, a dimension made absurd, a length made absurd. `file` must not be empty.
Mutant mutate(const Bytes& file, core::Random& random);

}  // namespace photo51::fuzz
