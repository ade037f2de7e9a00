#pragma once
/// States of estimators in tests.

#include <ATen/ATen.h>

#include "photo51/learners/state.hpp"

namespace photo51::test {

/// The same tensors of the same names and types, to the last bit.
inline bool equal(const learners::State& one, const learners::State& other) {
  if (one.size() != other.size()) return false;
  for (const auto& [name, tensor] : one) {
    const auto found = other.find(name);
    if (found == other.end() || found->second.scalar_type() != tensor.scalar_type() ||
        !found->second.equal(tensor))
      return false;
  }
  return true;
}

}  // namespace photo51::test
