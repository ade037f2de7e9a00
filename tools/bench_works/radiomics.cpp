#include "bench.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/features.hpp"

namespace photo51::bench {

/// Every feature of the profile pyradiomics, bin width 25, of images that are read already.
void radiomics(const Arguments& arguments) {
  const imaging::Volume image = imaging::read_volume(arguments.at(0));
  const imaging::Volume mask = imaging::read_volume(arguments.at(1));
  const int threads = std::stoi(arguments.at(2));
  core::ThreadPool pool(threads);
  const auto settings = photo51::radiomics::profile("pyradiomics");
  print_median(3, 21,
               [&] { photo51::radiomics::extract(image, mask, settings, threads > 1 ? &pool : nullptr); });
}

}  // namespace photo51::bench
