#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "parity/peer.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

/// Settings that both sides read, by the names that PyRadiomics has for them.
const std::vector<std::string> kVariants{
    R"({})",
    R"({"binCount": 32, "resampledPixelSpacing": [3, 3, 3]})",
    R"({"interpolator": "sitkLinear", "resampledPixelSpacing": [1.5, 1.5, 0], "binWidth": 10})",
    R"({"normalize": true, "normalizeScale": 100, "removeOutliers": 3, "binWidth": 10, "voxelArrayShift": 300})",
    R"({"resegmentRange": [-1, 2], "resegmentMode": "sigma", "resegmentShape": true, "gldm_a": 1})",
    R"({"resegmentRange": [0.5], "resegmentMode": "relative", "distances": [2], "binWidth": 10})",
    R"({"symmetricalGLCM": false, "distances": [1, 2], "binWidth": 5})",
    R"({"weightingNorm": "euclidean", "binWidth": 10})",
    R"({"weightingNorm": "manhattan", "resampledPixelSpacing": [2, 2, 2], "binWidth": 10})",
    R"({"weightingNorm": "infinity", "symmetricalGLCM": false, "resampledPixelSpacing": [2, 2, 2]})",
    R"({"force2D": true, "binWidth": 5})",
    R"({"force2D": true, "force2Ddimension": 1, "binWidth": 10, "weightingNorm": "euclidean"})"};

/// Of a whole number PyRadiomics names the sigma by how the file spells it, so these are spelled as
/// fractions.
const std::vector<std::string> kImageTypes{
    R"({"imageType": {"Original": {}, "LoG": {"sigma": [1.0, 3.0], "binWidth": 5}, "Wavelet": {"binWidth": 10},
        "Square": {}, "SquareRoot": {}, "Logarithm": {}, "Exponential": {"binCount": 8}, "Gradient": {}}})",
    R"({"imageType": {"Wavelet": {"wavelet": "haar"}, "LoG": {"sigma": [4.0]},
        "Gradient": {"gradientUseSpacing": false}}, "force2D": true, "binWidth": 5, "normalize": true,
        "normalizeScale": 100, "resegmentRange": [-2, 2], "resegmentMode": "sigma"})"};

/// The voxels of these go through the resampling grid, which must lie where it lies there to more than the
/// float of a NIfTI header.
const std::vector<std::string> kResampledImageTypes{
    kImageTypes[0],
    R"({"imageType": {"LoG": {"sigma": [2.5]}, "Wavelet": {"wavelet": "db2", "level": 2, "start_level": 1},
        "Square": {}, "SquareRoot": {}, "Logarithm": {}, "Exponential": {}, "Gradient": {}},
        "normalize": true, "normalizeScale": 100, "resampledPixelSpacing": [2, 2, 3], "binWidth": 10})"};

struct Region {
  std::string name;
  std::filesystem::path image, mask;
};

/// Of settings as JSON, or of a parameter file by its path.
config::Node document_of(const std::string& variant) {
  if (variant.starts_with("{"))
    return config::parse_yaml("{profile: pyradiomics, pyradiomics: " + variant + "}", "variant");
  std::vector<std::string> warnings;
  config::Node document = load_settings(variant, warnings);
  document.erase("voxelwise");
  return document;
}

class Radiomics : public test::PeerSuite<Radiomics> {
 public:
  static constexpr const char* kScript = "pyradiomics.py";

 protected:
  /// Asks the peer about the regions that `folder` lists, or that it makes there (`odd`), and compares every
  /// feature.
  static void compare(const std::filesystem::path& folder, const std::vector<std::string>& variants,
                      double zero, bool odd = false);
};

void Radiomics::compare(const std::filesystem::path& folder, const std::vector<std::string>& variants,
                        double zero, bool odd) {
  {
    std::ofstream file(folder / "variants");
    for (std::string variant : variants) {
      std::replace(variant.begin(), variant.end(), '\n', ' ');
      file << variant << "\n";
    }
  }
  std::vector<std::string> request{folder.string()};
  if (odd) request.emplace_back("odd");
  ASSERT_TRUE(peer_->ask(request));

  std::map<std::string, double> found;  // by region, variant and name
  std::ifstream regions(folder / "regions");
  size_t count = 0;
  for (Region region; regions >> region.name >> region.image >> region.mask; ++count) {
    const auto image = imaging::read_volume(region.image, {.keep_double = true});
    const auto mask = imaging::read_volume(region.mask);
    for (size_t i = 0; i < variants.size(); ++i) {
      Settings settings;
      config::read(document_of(variants[i]), settings);
      for (const Feature& feature : extract(image, mask, settings))
        found[region.name + " " + std::to_string(i) + " " + feature.name] = feature.value;
    }
  }
  const core::Table peer = core::read_table(folder / "found.csv");
  for (const auto& row : peer.rows) {
    const auto mine = found.find(row[0] + " " + row[1] + " " + row[2]);
    ASSERT_NE(mine, found.end()) << row[2] << " is missing";
    const double wanted = std::stod(row[3]);
    if (std::isnan(wanted) && std::isnan(mine->second)) continue;
    EXPECT_NEAR(mine->second, wanted, 1e-5 * std::abs(wanted) + zero)
        << row[2] << " of " << row[0] << " with " << variants[std::stoul(row[1])];
  }
  EXPECT_GT(count, 0U);
  EXPECT_EQ(peer.rows.size(), found.size());
}

/// Lists gliomas as regions to compare.
void list_gliomas(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  std::ofstream regions(folder / "regions");
  for (const std::string& name : names) {
    const auto images = test::shared_data() / "lgg" / "images" / name;
    regions << name << " " << (images / "flair.nii.gz").string() << " " << (images / "seg.nii.gz").string()
            << "\n";
  }
}

TEST_F(Radiomics, AgreesWithPyRadiomicsOnGliomas) {
  PHOTO51_NEEDS_SHARED_DATA("lgg/images");
  const test::TemporaryFolder folder;
  list_gliomas(folder.path(), {"TCGA-CS-4941", "TCGA-CS-4944", "TCGA-DU-5855", "TCGA-FG-A60K"});
  compare(folder.path(), kVariants, 1e-12);
}

TEST_F(Radiomics, AgreesWithPyRadiomicsOnImageTypesOfGliomas) {
  PHOTO51_NEEDS_SHARED_DATA("lgg/images");
  const test::TemporaryFolder folder;
  list_gliomas(folder.path(), {"TCGA-CS-4941", "TCGA-DU-5855", "TCGA-FG-A60K"});
  compare(folder.path(), kImageTypes, 1e-12);
}

TEST_F(Radiomics, AgreesWithPyRadiomicsOnImageTypesOfItsOwnBrain) {
  PHOTO51_NEEDS_SHARED_DATA("radiomics/pyradiomics");
  const test::TemporaryFolder folder;
  const auto files = test::shared_data() / "radiomics" / "pyradiomics";
  std::ofstream(folder / "regions") << "brain1 " << (files / "brain1_image.nrrd").string() << " "
                                    << (files / "brain1_label.nrrd").string() << "\n";
  compare(folder.path(), kResampledImageTypes, 1e-12);
}

/// Edges of levels that many intensities lie on, in the precision that the image is stored in.
TEST_F(Radiomics, AgreesWithPyRadiomicsInTheImagesOwnPrecision) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/adc");
  const test::TemporaryFolder folder;
  const auto files = test::shared_cases() / "radiomics" / "adc";
  {
    std::ofstream regions(folder / "regions");
    for (const char* name : {"adc64", "adc32"})
      regions << name << " " << (files / (std::string(name) + ".nii.gz")).string() << " "
              << (files / "m.nii.gz").string() << "\n";
  }
  const std::vector<std::string> variants{
      R"({"binWidth": 0.05})",
      R"({"binWidth": 0.01})",
      R"({"binWidth": 0.1, "gldm_a": 1})",
      R"({"binCount": 63})",
      R"({"binWidth": 0.05, "resegmentRange": [0.7, 1.1]})",
      R"({"binWidth": 0.05, "imageType": {"Gradient": {}, "Square": {}, "LoG": {"sigma": [2.0]}}})",
      R"({"binWidth": 0.05, "resampledPixelSpacing": [1.5, 1.5, 3], "interpolator": "sitkLinear"})"};
  compare(folder.path(), variants, 1e-12);
}

TEST_F(Radiomics, AgreesWithPyRadiomicsOnWholeNumbers) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/adc");
  const test::TemporaryFolder folder;
  const auto files = test::shared_cases() / "radiomics" / "adc";
  std::ofstream(folder / "regions") << "adcint " << (files / "adcint.nii.gz").string() << " "
                                    << (files / "m.nii.gz").string() << "\n";
  compare(folder.path(), {R"({"binWidth": 50})", R"({"binWidth": 12.5})", R"({"binCount": 32})"}, 1e-12);
}

TEST_F(Radiomics, AgreesWithPyRadiomicsOnItsParameterFiles) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/params");
  const test::TemporaryFolder folder;
  const auto files = test::shared_cases() / "radiomics" / "params";
  std::ofstream(folder / "regions") << "head " << (files / "i.nii.gz").string() << " "
                                    << (files / "m.nii.gz").string() << "\n";
  std::ofstream(folder / "deprecated.yaml")
      << "featureClass:\n  firstorder: [StandardDeviation, Mean]\n  shape: [Compactness1, Compactness2, "
         "SphericalDisproportion]\n  glcm: [Homogeneity1, Contrast]\nsetting: {binWidth: 10}\n";
  std::ofstream(folder / "cropped.yaml")
      << "imageType: {Wavelet: {}, Square: {}, LoG: {}, Exponential: {binWidth: 5}}\n"
         "setting: {binWidth: 10, preCrop: True, padDistance: 2, sigma: [1.0], wavelet: haar, interpolator: "
         "2}\n"
         "featureClass: {firstorder: , glcm: [Contrast, JointEntropy]}\n";
  std::vector<std::string> variants;
  for (const char* name : {"ct.yaml", "minimal.yaml", "mr.yaml", "onlyclasses.yaml", "params.json"})
    variants.push_back((files / name).string());
  for (const char* name : {"deprecated.yaml", "cropped.yaml"}) variants.push_back((folder / name).string());
  compare(folder.path(), variants, 1e-9);
}

const std::vector<std::string> kPatterns{
    R"({"imageType": {"LBP2D": {}}, "binWidth": 1})",
    R"({"imageType": {"LBP2D": {"lbp2DRadius": 1.5, "lbp2DSamples": 12}}, "binWidth": 1, "force2D": true,
        "force2Ddimension": 1})",
    R"({"imageType": {"LBP2D": {"lbp2DMethod": "default", "lbp2DSamples": 6}}, "binWidth": 4})",
    R"({"imageType": {"LBP2D": {"lbp2DMethod": "ror", "lbp2DRadius": 2}}, "binWidth": 4, "force2Ddimension": 2})",
    R"({"imageType": {"LBP3D": {"binWidth": 0.3, "lbp3DIcosphereRadius": 1.3}}, "binWidth": 0.5})",
    R"({"imageType": {"LBP3D": {"lbp3DLevels": 4, "lbp3DIcosphereRadius": 2.2, "lbp3DIcosphereSubdivision": 2}},
        "binCount": 16})"};

/// Points lie on the places of voxels, whose intensities the spline gives back but for rounding.
const std::vector<std::string> kPatternsOfWholeNumbers{
    R"({"imageType": {"LBP3D": {"binWidth": 0.3}}, "binWidth": 0.5})",
    R"({"imageType": {"LBP3D": {"lbp3DLevels": 4, "lbp3DIcosphereRadius": 2, "lbp3DIcosphereSubdivision": 2}},
        "binCount": 16})"};

/// Of float32 SciPy computes kurtoses in single precision: doubles and whole numbers.
TEST_F(Radiomics, AgreesWithPyRadiomicsOnLocalBinaryPatterns) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/adc");
  const test::TemporaryFolder folder;
  const auto files = test::shared_cases() / "radiomics" / "adc";
  const auto list = [&](const std::vector<std::string>& names) {
    std::ofstream regions(folder / "regions");
    for (const std::string& name : names)
      regions << name << " " << (files / (name + ".nii.gz")).string() << " " << (files / "m.nii.gz").string()
              << "\n";
  };
  list({"adc64", "adcint"});
  compare(folder.path(), kPatterns, 1e-9);
  list({"adcint"});
  compare(folder.path(), kPatternsOfWholeNumbers, 1e-9);
}

TEST_F(Radiomics, AgreesWithPyRadiomicsOnFlatAndScatteredRegions) {
  const test::TemporaryFolder folder;
  const std::vector<std::string> variants{
      R"({})",
      R"({"binCount": 6})",
      R"({"resampledPixelSpacing": [1, 1, 1]})",
      R"({"weightingNorm": "euclidean", "binWidth": 100})",
      R"({"distances": [2, 3], "binWidth": 100})",
      R"({"force2D": true})",
      R"({"imageType": {"LoG": {"sigma": [0.5, 3.0]},
                                                            "Wavelet": {"wavelet": "sym5", "level": 2},
                                                            "Square": {}, "SquareRoot": {}, "Logarithm": {},
                                                            "Exponential": {"binWidth": 0.25}, "Gradient": {}}})",
      R"({"imageType": {"LoG": {"sigma": [2.0]}, "Wavelet": {}, "Gradient": {}},
                                              "resampledPixelSpacing": [1.3, 1.1, 2.7], "padDistance": 3})",
      R"({"imageType": {"Wavelet": {}, "Square": {}, "Gradient": {}},
                                              "resampledPixelSpacing": [0, 0, 0], "padDistance": 2})",
      R"({"imageType": {"Wavelet": {"wavelet": "coif2", "start_level": 1}},
                                              "force2D": true, "force2Ddimension": 1})"};
  // The axes that a line has not are 0 but for rounding.
  compare(folder.path(), variants, 1e-6, /*odd=*/true);
}

}  // namespace
}  // namespace photo51::radiomics
