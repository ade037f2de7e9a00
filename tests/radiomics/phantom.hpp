#pragma once
/// Small images for tests of features.

#include <ATen/ATen.h>

#include <map>
#include <random>
#include <string>

#include "photo51/imaging/volume.hpp"
#include "photo51/radiomics/features.hpp"

namespace photo51::radiomics::test {

struct Study {
  imaging::Volume image, mask;
};

/// Sizes and spacing in x, y, z.
inline Study empty_study(std::array<int64_t, 3> size, std::array<double, 3> spacing = {1, 1, 1}) {
  Study study;
  study.image.data = at::zeros({1, size[2], size[1], size[0]});
  study.mask.data = at::zeros({1, size[2], size[1], size[0]}, at::kByte);
  for (imaging::Volume* volume : {&study.image, &study.mask}) {
    volume->geometry.size = size;
    volume->geometry.spacing = spacing;
  }
  study.image.source = "image.nii";
  study.mask.source = "mask.nii";
  return study;
}

/// Whole intensities 1 … `levels`, smooth or not, in a mask with holes that keeps `margin` voxels free.
inline Study random_study(std::array<int64_t, 3> size, int levels, int64_t margin, unsigned seed = 1) {
  Study study = empty_study(size, {0.8, 0.9, 2.5});
  std::mt19937 random(seed);
  auto image = study.image.data.accessor<float, 4>();
  auto mask = study.mask.data.accessor<uint8_t, 4>();
  for (int64_t z = 0; z < size[2]; ++z)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t x = 0; x < size[0]; ++x) {
        image[0][z][y][x] = static_cast<float>(1 + random() % levels);
        const bool free = x < margin || y < margin || x >= size[0] - margin || y >= size[1] - margin ||
                          (size[2] > 1 && (z < margin || z >= size[2] - margin));
        mask[0][z][y][x] = !free && random() % 5 != 0;
      }
  return study;
}

/// By tag.
inline std::map<std::string, double> features(const Study& study, const Settings& settings) {
  std::map<std::string, double> result;
  for (const Feature& feature : extract(study.image, study.mask, settings))
    result[feature.tag] = feature.value;
  return result;
}

}  // namespace photo51::radiomics::test
