/// SUV, segments and contours of real files against what a few lines of Python with pydicom make of the tags.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/pet/suv.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

class Clinical : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    if (python == nullptr || !std::filesystem::exists(files())) return;
    folder_ = std::make_unique<test::TemporaryFolder>();
    const std::string script = test::source_dir().string() + "/tests/parity/clinical.py";
    const std::string command =
        std::string(python) + " " + script + " " + files().string() + " " + folder_->path().string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    results_ = nn::read_safetensors(*folder_ / "peers.safetensors").tensors;
  }
  static void TearDownTestSuite() {
    folder_.reset();
    results_.clear();
  }
  void SetUp() override {
    if (results_.empty())
      GTEST_SKIP() << "needs PHOTO51_PEERS_PYTHON with the peers, and the shared DICOM files";
  }
  static std::filesystem::path files() { return test::shared_data() / "dicom/files"; }

  static void expect_suv(const std::string& name, const std::filesystem::path& series) {
    const Volume ours = to_suv(read_volume(series, {.modality = Modality::pet}), SuvType::body_weight);
    const at::Tensor& theirs = results_.at(name + ".suv");
    ASSERT_EQ(ours.data[0].sizes(), theirs.sizes());
    EXPECT_EQ(ours.units, Units::suv);
    EXPECT_GT(theirs.max().item<double>(), 5) << "nothing to compare";
    EXPECT_LE((ours.data[0].to(at::kDouble) - theirs).abs().max().item<double>(), 1e-5) << name;
  }

  static inline std::unique_ptr<test::TemporaryFolder> folder_;
  static inline std::map<std::string, at::Tensor> results_;
};

TEST_F(Clinical, UptakeBySeriesStart) {
  expect_suv("start", files() / "pet_bqml");
}
TEST_F(Clinical, UptakeByInjection) {
  expect_suv("admin", *folder_ / "admin");
}
TEST_F(Clinical, UptakeWithoutDecayCorrection) {
  expect_suv("none", *folder_ / "none");
}

TEST_F(Clinical, SegmentsPlaneByPlane) {
  size_t compared = 0;
  for (const auto& [name, planes] : results_) {
    const size_t mark = name.find('#');
    if (mark == std::string::npos) continue;
    const Volume mask = read_mask(files() / (name.substr(0, mark) + ".dcm" + name.substr(mark)));
    const at::Tensor sums = mask.data[0].sum({1, 2}).to(at::kDouble);
    for (int64_t i = 0; i < planes.size(0); ++i) {
      const auto place = mask.geometry.to_index(
          {mask.geometry.origin[0], mask.geometry.origin[1], planes[i][0].item<double>()});
      const auto k = std::llround(place[2]);
      EXPECT_NEAR(place[2], static_cast<double>(k), 1e-3) << name;
      EXPECT_EQ(sums[k].item<double>(), planes[i][1].item<double>()) << name << " plane " << i;
      ++compared;
    }
    EXPECT_EQ(sums.sum().item<double>(), planes.select(1, 1).sum().item<double>()) << name;
  }
  EXPECT_EQ(compared, 14U);
}

TEST_F(Clinical, ContoursVoxelByVoxel) {
  const Volume ct = read_volume(files() / "ct_rtstruct");
  const at::Tensor ours = read_mask(files() / "ct_rtstruct/rtstruct.dcm", {&ct}).data[0].to(at::kDouble);
  const at::Tensor& theirs = results_.at("rtstruct.mask");
  ASSERT_EQ(ours.sizes(), theirs.sizes());
  EXPECT_GT(theirs.sum().item<double>(), 10000);
  // Voxels whose centre lies on a contour may fall either way.
  EXPECT_LE((ours - theirs).abs().sum().item<double>(), 1e-3 * theirs.sum().item<double>());
}

TEST_F(Clinical, ValuesAsTheFilesAskThemToBeShown) {
  size_t compared = 0;
  for (const auto& [name, theirs] : results_) {
    if (!name.ends_with(".voi")) continue;
    const std::filesystem::path file = files() / name.substr(0, name.size() - 4);
    const at::Tensor ours =
        read_volume(file, {.dicom = {.voi = VoiUse::apply}}).data.flatten().to(at::kDouble);
    ASSERT_EQ(ours.numel(), theirs.numel()) << name;
    EXPECT_LE((ours - theirs.flatten()).abs().max().item<double>(), 1e-5) << name;
    ++compared;
  }
  EXPECT_GE(compared, 10U);
}

}  // namespace
}  // namespace photo51::imaging
