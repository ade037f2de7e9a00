// The steps of deepbet around two programs whose answers are known. With its own networks: tests/parity.
#include "data/segmenters/segmented.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DeepbetTest : public SegmentedCases {
 protected:
  /// Two classes; bright is what lies above the mean.
  static constexpr const char* bright_net =
      "def forward(self, x):\n  m = torch.ones_like(x) * (x > 0.449)\n  return torch.cat([1 - m, m], 1)\n";
  DeepbetTest() {
    head_.slice(0, 10, 30).slice(1, 12, 40).slice(2, 20, 44).fill_(100);
    image("a.nii", head_, {1, 1, 1.5});
    program(bright_net);
    program(bright_net, "box.pt");
  }
  config::Choice stripped(const std::string& options = "") const {
    return segmented("{name: deepbet, program: NET, box_program: BOX" + options + "}");
  }
  at::Tensor head_ = at::zeros({40, 56, 64});
};

TEST_F(DeepbetTest, FindsTheLargestPieceAndFillsIt) {
  head_.slice(0, 18, 20).slice(1, 20, 22).slice(2, 30, 32).fill_(0);  // a hole
  head_.slice(0, 0, 2).slice(1, 0, 2).slice(2, 0, 2).fill_(100);      // a bright corner
  image("a.nii", head_ + 1, {1, 1, 1.5});
  at::Tensor brain = at::zeros({40, 56, 64}, at::kBool);
  brain.slice(0, 10, 30).slice(1, 12, 40).slice(2, 20, 44).fill_(true);
  EXPECT_TRUE(at::equal(values(stripped())[0] > 0, brain));
}

TEST_F(DeepbetTest, AnotherThanItsNetworksIsRefused) {
  program(threshold_net, "box.pt");
  EXPECT_THAT(failure(core::Fault::usage, [&] { values(stripped()); }),
              AllOf(HasSubstr("box.pt: of an image [128, 128, 128] it makes [1, 1, 128, 128, 128]"),
                    HasSubstr("bbox_model.pt")));
  EXPECT_THAT(failure(core::Fault::usage, [&] { segmented("{name: deepbet, program: NET}"); }),
              HasSubstr("box_program"));
}

TEST_F(DeepbetTest, AnImageWithoutABrainIsAnError) {
  const auto refused = [&] { return failure(core::Fault::data, [&] { values(stripped()); }); };
  program("def forward(self, x):\n  return torch.cat([torch.ones_like(x), torch.zeros_like(x)], 1)\n",
          "box.pt");
  EXPECT_THAT(refused(), HasSubstr("nothing is found in it"));
  program(bright_net, "box.pt");
  image("a.nii", at::full({40, 56, 64}, 3));  // without contrast
  EXPECT_THAT(refused(), HasSubstr("nothing is found in it"));
}

}  // namespace
}  // namespace photo51::data
