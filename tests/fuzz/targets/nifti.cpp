#include <cmath>
#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "imaging/nifti/header.hpp"
#include "imaging/readers.hpp"

/// A header that is taken has sizes, and axes that can be inverted; the voxels are what it says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  using namespace photo51::imaging;
  fuzz::checked([&] {
    nifti::Layout layout = nifti::parse_header(fuzz::text_of(bytes, count));
    Volume volume;
    const Geometry geometry = nifti::place(layout, volume);
    nifti::place_in_time(layout, volume);
    for (size_t axis = 0; axis < 3; ++axis)
      if (geometry.size[axis] < 1 || !(geometry.spacing[axis] > 0) || !std::isfinite(geometry.spacing[axis]))
        std::abort();
    if (!(std::abs(geometry.handedness()) > 0)) std::abort();
  });
  return fuzz::checked([&] {
    const fuzz::MemoryFile file(bytes, count);
    const Volume volume = read_nifti(file.path());
    const auto& size = volume.geometry.size;
    if (volume.data.size(1) != size[2] || volume.data.size(2) != size[1] || volume.data.size(3) != size[0])
      std::abort();
  });
}
