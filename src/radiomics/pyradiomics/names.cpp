// The classes and features of PyRadiomics by their names there.
#include <algorithm>
#include <array>

#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"
#include "radiomics/ibsi/families.hpp"
#include "radiomics/pyradiomics/common.hpp"

namespace photo51::radiomics {
namespace {

using Names = std::vector<std::string>;

Names named_in(const Family& family) {
  Names names;
  for (const FeatureInfo& info : family.info.features)
    if (const std::string name = info.pyradiomics; !name.empty()) names.push_back(name);
  return names;
}

Names usual(const std::string& feature_class) {
  if (feature_class == "shape")
    return {"Elongation",
            "Flatness",
            "LeastAxisLength",
            "MajorAxisLength",
            "Maximum2DDiameterColumn",
            "Maximum2DDiameterRow",
            "Maximum2DDiameterSlice",
            "Maximum3DDiameter",
            "MeshVolume",
            "MinorAxisLength",
            "Sphericity",
            "SurfaceArea",
            "SurfaceVolumeRatio",
            "VoxelVolume"};
  if (feature_class == "shape2D")
    return {"Elongation", "MajorAxisLength",       "MaximumDiameter", "MeshSurface", "MinorAxisLength",
            "Perimeter",  "PerimeterSurfaceRatio", "PixelSurface",    "Sphericity"};
  if (feature_class == "firstorder")
    return {pyradiomics::kFirstOrderNames.begin(), pyradiomics::kFirstOrderNames.end()};
  if (feature_class == "glcm") return {pyradiomics::kGlcmNames.begin(), pyradiomics::kGlcmNames.end()};
  if (feature_class == "gldm") return named_in(ngldm());
  if (feature_class == "glrlm") return named_in(glrlm());
  if (feature_class == "glszm") return named_in(glszm());
  if (feature_class == "ngtdm") return named_in(ngtdm());
  return {};
}

Names on_request(const std::string& feature_class) {
  if (feature_class == "shape") return {"Compactness1", "Compactness2", "SphericalDisproportion"};
  if (feature_class == "shape2D") return {"SphericalDisproportion"};
  if (feature_class == "firstorder") return {"StandardDeviation"};
  return {};
}

}  // namespace

std::vector<std::string> pyradiomics_classes() {
  return {"shape", "shape2D", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"};
}

std::vector<std::string> pyradiomics_features(const std::string& feature_class, bool deprecated) {
  Names names = usual(feature_class);
  if (deprecated)
    for (std::string& name : on_request(feature_class)) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

namespace pyradiomics {

Selection::Selection(const Pyradiomics& settings) : listed_(settings.feature_class) {}

bool Selection::has(const std::string& name) const {
  const auto& all = listed_;
  return std::find(all.begin(), all.end(), name) != all.end();
}

bool Selection::has_class(const std::string& name) const {
  if (listed_.empty()) return name != "shape2D";
  return has(name) || std::any_of(listed_.begin(), listed_.end(),
                                  [&](const std::string& one) { return one.starts_with(name + "_"); });
}

bool Selection::has_feature(const std::string& feature_class, const std::string& feature) const {
  if (has(feature_class + "_" + feature)) return true;
  if (!listed_.empty() && !has(feature_class)) return false;
  const Names deprecated = on_request(feature_class);
  return std::find(deprecated.begin(), deprecated.end(), feature) == deprecated.end();
}

}  // namespace pyradiomics

}  // namespace photo51::radiomics
