/// Skull stripping beside deepbet's own Python, from the file to what a model sees.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "parity/peer.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/mri.hpp"
#include "photo51/data/segmenters/segmenter.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/preprocess/geometry/orientation.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

class SkullStrip : public test::PeerSuite<SkullStrip> {
 public:
  static constexpr const char* kScript = "skull_strip.py";

 protected:
  /// What a model sees: the stripped image and the mask.
  at::Tensor ours(const fs::path& head) const {
    std::ofstream(folder_ / "cohort.csv") << "patient,head\nP1," << head.string() << "\n";
    DeepbetOptions deepbet;
    deepbet.program = folder_ / "model.pt";
    deepbet.box_program = folder_ / "bbox_model.pt";
    deepbet.use = {RegionUse::strip, RegionUse::mask};
    MriOptions mri;
    mri.channels = {"head"};
    mri.segmenter = config::choose("deepbet", deepbet);
    CohortOptions options;
    options.manifest = folder_ / "cohort.csv";
    const Cohort cohort(options, {{"mri", input(mri)}}, {});
    return CaseLoader(cohort, fit(cohort, {0})).load(0).inputs.at("mri").values;
  }
  static at::Tensor read(const fs::path& file) {
    return preprocess::reorient(imaging::to_float(imaging::read_volume(file)), "LPS").data[0];
  }
  void compare(const fs::path& head) const {
    ASSERT_TRUE(peer_->ask({"strip", head.string(), (folder_ / "mask.nii.gz").string()}));
    const at::Tensor found = ours(head), mask = read(folder_ / "mask.nii.gz");
    const double both = (found[1] * mask).sum().item<double>();
    EXPECT_GE(2 * both / (found[1].sum() + mask.sum()).item<double>(), 0.999);
    EXPECT_GT(mask.mean().item<double>(), 0.02) << "nothing to compare";
    EXPECT_LT(mask.mean().item<double>(), 0.6) << "nothing to compare";
    EXPECT_TRUE(at::equal(found[0], read(head) * found[1]));
  }
  test::TemporaryFolder folder_;
};

TEST_F(SkullStrip, IsDeepbets) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  ASSERT_TRUE(peer_->ask({"programs", folder_.path().string()}));
  const fs::path images = test::shared_data() / "lgg/images";
  // Slices of 6.5 and 2.9 mm; the networks were made for T1, which the first is.
  for (const char* head : {"TCGA-CS-4941/pre.nii.gz", "TCGA-FG-5962/flair.nii.gz"}) {
    SCOPED_TRACE(head);
    compare(images / head);
  }
}

TEST_F(SkullStrip, IsDeepbetsOfAnObliqueHead) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  ASSERT_TRUE(peer_->ask({"programs", folder_.path().string()}));
  const fs::path head = folder_ / "turned.nii.gz";
  ASSERT_TRUE(peer_->ask(
      {"turn", (test::shared_data() / "lgg/images/TCGA-DU-5849/pre.nii.gz").string(), head.string()}));
  compare(head);
}

}  // namespace
}  // namespace photo51::data
