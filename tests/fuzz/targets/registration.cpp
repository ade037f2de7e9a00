#include <cmath>
#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "photo51/preprocess/geometry/registration.hpp"

/// A map that is taken has finite numbers.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  return fuzz::checked([&] {
    const fuzz::MemoryFile file(bytes, count);
    const ops::AffineMap map = preprocess::read_registration(file.path());
    for (const double value : map.matrix)
      if (!std::isfinite(value)) std::abort();
    for (const double value : map.offset)
      if (!std::isfinite(value)) std::abort();
  });
}
