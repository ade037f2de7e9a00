// Ninety patients whose scans hold as many bright voxels as they have lesions. A marker in the blood goes
// with the rate of the lesions. Some have no scan, and of some nobody counted.
#include <ATen/ATen.h>

#include <photo51/core/random.hpp>
#include <photo51/core/text.hpp>
#include <photo51/imaging/write.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "components.hpp"

using namespace photo51;

namespace {

constexpr int64_t side = 12, step = 3, places = side / step;

/// Knuth's way: uniform numbers are multiplied until they fall below exp(-rate).
int64_t draw_poisson(core::Random& random, double rate) {
  int64_t count = -1;
  for (double product = 1; product > std::exp(-rate); product *= random.uniform()) ++count;
  return count;
}

imaging::Volume draw_scan(core::Random& random, int64_t lesions) {
  at::Tensor scan = at::empty({1, side, side, side}, at::kFloat);
  auto voxels = scan.accessor<float, 4>();
  for (int64_t z = 0; z < side; ++z)
    for (int64_t y = 0; y < side; ++y)
      for (int64_t x = 0; x < side; ++x) voxels[0][z][y][x] = static_cast<float>(0.04 * random.normal());
  auto order = random.permutation(places * places * places);
  order.resize(static_cast<size_t>(lesions));
  for (const int64_t place : order) {
    const int64_t z = place / (places * places), y = place / places % places, x = place % places;
    voxels[0][1 + step * z][1 + step * y][1 + step * x] += 1;
  }
  imaging::Geometry geometry;
  geometry.size = {side, side, side};
  return imaging::make_volume(scan, geometry, imaging::Modality::mri);
}

}  // namespace

std::filesystem::path write_cohort(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto manifest = folder / "cohort.csv";
  std::ofstream file(manifest);
  file << "patient,scan,marker,lesions\n";
  for (int patient = 0; patient < 90; ++patient) {
    core::Random random({2024, static_cast<uint64_t>(patient)});
    const double marker = random.normal();
    const int64_t lesions = std::min<int64_t>(draw_poisson(random, std::exp(0.9 + 0.6 * marker)), 30);
    const std::string scan = "scan_" + std::to_string(patient) + ".nii.gz";
    const bool is_scanned = patient % 10 != 9, is_counted = patient % 17 != 16;
    if (is_scanned) imaging::write_nifti(draw_scan(random, lesions), folder / scan);
    file << "P" << patient << "," << (is_scanned ? scan : "") << "," << core::format_number(marker) << ","
         << (is_counted ? std::to_string(lesions) : "NA") << "\n";
  }
  return manifest;
}
