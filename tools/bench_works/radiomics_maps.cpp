#include "bench.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/voxelwise/voxelwise.hpp"

namespace photo51::bench {

/// Maps of every feature in cubes of 3 voxels, bin width 25, of images that are read already.
void radiomics_maps(const Arguments& arguments) {
  const imaging::Volume image = imaging::read_volume(arguments.at(0));
  const imaging::Volume mask = imaging::read_volume(arguments.at(1));
  const int threads = std::stoi(arguments.at(2));
  core::ThreadPool pool(threads);
  print_median(1, 5, [&] {
    photo51::radiomics::voxelwise(image, mask, photo51::radiomics::profile("pyradiomics"), {},
                                  threads > 1 ? &pool : nullptr);
  });
}

}  // namespace photo51::bench
