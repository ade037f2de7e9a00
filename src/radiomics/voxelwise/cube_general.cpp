// Cubes by the definitions of whole regions, for settings that the sliding ones do not know: slower, and the
// same features.
#include <algorithm>

#include "photo51/config/enums.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/voxelwise/families.hpp"

namespace photo51::radiomics {
namespace {

class CubeGeneral final : public CubeFamily {
 public:
  CubeGeneral(const MapFamily& family, const Levelled& image, int64_t radius, const Pyradiomics& settings)
      : family_(family), image_(image), settings_(settings) {
    const auto first = static_cast<int>(settings.force_2d ? settings.force_2d_dimension : 0);
    axes_ = {first, first == 0 ? 1 : 0, first == 2 ? 1 : 2};
    for (int axis = 0; axis < 3; ++axis) {
      reach_[axis] = settings.force_2d && axis == 0 ? 0 : radius;
      region_.grid.size[axis] = 2 * reach_[axis] + 1;
      region_.grid.spacing[axis] = image.grid.spacing[axes_[axis]];
    }
    levels_.grid = region_.grid;
    levels_.count = image.highest;
    farthest_ = *std::max_element(settings.distances.begin(), settings.distances.end());
  }
  void start(int64_t) override {}
  void step(int64_t) override {}

  void values(int64_t voxel, double* values) override {
    const Place strides{image_.grid.slice(), image_.grid.size[2], 1};
    levels_.level.clear();
    region_.mask.clear();
    region_.voxels.clear();
    for (int64_t a = -reach_[0]; a <= reach_[0]; ++a) {
      for (int64_t b = -reach_[1]; b <= reach_[1]; ++b) {
        for (int64_t c = -reach_[2]; c <= reach_[2]; ++c) {
          const int32_t level =
              image_.level[voxel + a * strides[axes_[0]] + b * strides[axes_[1]] + c * strides[axes_[2]]];
          if (level > 0) region_.voxels.push_back(static_cast<int64_t>(levels_.level.size()));
          levels_.level.push_back(level);
          region_.mask.push_back(level > 0 ? 1 : 0);
        }
      }
    }
    const Texture texture = make_texture(region_, levels_, farthest_);
    const auto found = pyradiomics::texture_features(config::name_of(family_.family), texture, settings_);
    for (size_t i = 0; i < family_.features.size(); ++i)
      for (const auto& [name, value] : found)
        if (name == family_.features[i]) values[i] = value;
  }

 private:
  const MapFamily& family_;
  const Levelled& image_;
  const Pyradiomics& settings_;
  std::array<int, 3> axes_{};  ///< of the image, in the cube's order: slices are cut across the first
  Place reach_{};
  int64_t farthest_ = 1;
  Region region_;
  Levels levels_;
};

}  // namespace

bool slides(const MapFamily& family, const Pyradiomics& settings) {
  const bool near = settings.distances == std::vector<int64_t>{1};
  const bool weighted = settings.weighting_norm != WeightingNorm::none;
  switch (family.family) {
    case MappedFamily::glcm:
      return near && !weighted && settings.symmetrical_glcm;
    case MappedFamily::gldm:
      return near && settings.gldm_a == 0;
    case MappedFamily::ngtdm:
      return near;
    case MappedFamily::glrlm:
      return !weighted;
    case MappedFamily::firstorder:
    case MappedFamily::glszm:
      break;
  }
  return true;
}

std::unique_ptr<CubeFamily> make_cube_general(const MapFamily& family, const Levelled& image, int64_t radius,
                                              const Pyradiomics& settings) {
  return std::make_unique<CubeGeneral>(family, image, radius, settings);
}

}  // namespace photo51::radiomics
