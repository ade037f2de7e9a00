// What a segmenter's program sees, and where its answer lies in the patient.
#include "data/segmenters/segmented.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TorchScriptSegmenterTest : public SegmentedCases {
 protected:
  TorchScriptSegmenterTest() { image("a.nii", at::full({4, 6, 8}, 2)); }
  /// Where the region is: voxels of an image of 2s that stay.
  at::Tensor found(const std::string& options, const std::string& code) const {
    program(code);
    return values(segmented("{name: torchscript, program: NET, " + options + "}"))[0] == 2;
  }
  std::string refused(core::Fault fault, const std::string& options, const std::string& code) const {
    program(code);
    return failure(fault, [&] { values(segmented("{name: torchscript, program: NET, " + options + "}")); });
  }
  /// Marks the first three places of one axis of what it sees.
  static std::string first_three(int64_t axis, int64_t axes = 5) {
    std::string shape = "1";
    for (int64_t i = 1; i < axes; ++i) shape += i == axis ? ", -1" : ", 1";
    return "def forward(self, x):\n  return torch.zeros_like(x) + (torch.arange(x.size(" +
           std::to_string(axis) + ")) < 3).view([" + shape + "])\n";
  }
  static at::Tensor marked(int64_t axis, int64_t begin, int64_t end) {
    at::Tensor mask = at::zeros({4, 6, 8}, at::kBool);
    mask.slice(axis, begin, end).fill_(true);
    return mask;
  }
};

TEST_F(TorchScriptSegmenterTest, SeesAxesInTheOrderAndDirectionAskedFor) {
  EXPECT_TRUE(at::equal(found("axes: zyx", first_three(4)), marked(2, 0, 3)));
  EXPECT_TRUE(at::equal(found("axes: zyx", first_three(2)), marked(0, 0, 3)));
  EXPECT_TRUE(at::equal(found("axes: xyz", first_three(2)), marked(2, 0, 3)));
  EXPECT_TRUE(at::equal(found("axes: xyz", first_three(3)), marked(1, 0, 3)));
  // Towards the right: from the other end of an axis that goes to the left.
  EXPECT_TRUE(at::equal(found("axes: xyz, preprocess: {orientation: RAS}", first_three(2)), marked(2, 5, 8)));
}

/// Twice as coarse along x: the program's first three voxels lie at 0, 2 and 4 mm, and half of what is
/// between the third and the fourth is inside.
TEST_F(TorchScriptSegmenterTest, AnswersOnAnotherGridComeBackToThePatient) {
  const std::string coarse = "preprocess: {spacing: [2, 1, 1]}, threshold: ";
  EXPECT_TRUE(at::equal(found(coarse + "0.4", first_three(4)), marked(2, 0, 6)));
  EXPECT_TRUE(at::equal(found(coarse + "0.6", first_three(4)), marked(2, 0, 5)));
  // Beyond what it saw nothing is inside.
  EXPECT_TRUE(at::equal(found("preprocess: {size: [4, 6, 4]}", "def forward(self, x):\n  return x / 2\n"),
                        marked(2, 2, 6)));
}

TEST_F(TorchScriptSegmenterTest, WindowsAreAsLargeAsAsked) {
  image("a.nii", at::arange(4 * 6 * 8).view({4, 6, 8}));
  const std::string shape =
      "def forward(self, x):\n  assert x.size(2) == 2 and x.size(3) == 3 and x.size(4) == 4, 'another size'\n"
      "  return torch.ones_like(x) * (x > 100)\n";
  program(shape);
  const at::Tensor whole = at::arange(4 * 6 * 8).view({1, 4, 6, 8}).to(at::kFloat);
  const at::Tensor expected = whole.masked_fill(whole <= 100, 0);
  EXPECT_TRUE(
      at::equal(values(segmented("{name: torchscript, program: NET, window: [4, 3, 2]}"))[0], expected[0]));
  EXPECT_TRUE(at::equal(
      values(segmented("{name: torchscript, program: NET, axes: xyz, window: [2, 3, 4], overlap: 0.5}"))[0],
      expected[0]));
  EXPECT_THAT(failure(core::Fault::data, [&] { values(segmented("{name: torchscript, program: NET}")); }),
              HasSubstr("another size"));
}

TEST_F(TorchScriptSegmenterTest, SlicesOneByOne) {
  const std::string rows = first_three(2, 4);
  EXPECT_TRUE(at::equal(found("dims: 2", rows), marked(1, 0, 3)));
  EXPECT_TRUE(at::equal(found("dims: 2, axes: xyz", rows), marked(2, 0, 3)));
  EXPECT_TRUE(at::equal(found("dims: 2, window: [8, 4]", first_three(3, 4)), marked(2, 0, 3)));
}

/// Three classes: of background, of places below 3 along x, of places from 6 on.
TEST_F(TorchScriptSegmenterTest, ClassesMakeOneRegion) {
  const std::string logits =
      "def forward(self, x):\n  at = torch.arange(x.size(4)).view([1, 1, 1, 1, -1])\n"
      "  left = torch.zeros_like(x) + 8.0 * (at < 3)\n"
      "  right = torch.zeros_like(x) + 8.0 * (at > 5)\n"
      "  return torch.cat([torch.zeros_like(x) + 4.0, left, right], 1)\n";
  const at::Tensor left = marked(2, 0, 3), right = marked(2, 6, 8);
  EXPECT_TRUE(at::equal(found("activation: softmax", logits), left | right));
  EXPECT_TRUE(at::equal(found("activation: softmax, classes: [2]", logits), right));
  EXPECT_TRUE(at::equal(found("activation: sigmoid, classes: [1], threshold: 0.9", logits), left));
  EXPECT_TRUE(at::equal(found("activation: sigmoid, threshold: 0.9", logits), left | right));
  EXPECT_THAT(refused(core::Fault::usage, "activation: softmax, classes: [3]", logits),
              HasSubstr("`classes` names the channel 3 of the output, which has 3"));
  EXPECT_THAT(refused(core::Fault::usage, "threshold: 0.5", logits),
              AllOf(HasSubstr("net.pt"), HasSubstr("no probabilities (0 to 8); set activation")));
  EXPECT_THAT(refused(core::Fault::usage, "activation: softmax", threshold_net),
              HasSubstr("softmax of one output is 1 everywhere"));
}

TEST_F(TorchScriptSegmenterTest, PiecesAndHoles) {
  at::Tensor picture = at::zeros({4, 6, 8});
  picture.slice(1, 0, 5).slice(2, 0, 5).fill_(1);
  picture.slice(0, 1, 3).slice(1, 2, 3).slice(2, 2, 3).fill_(0);
  picture.slice(2, 7, 8).fill_(1);
  image("a.nii", picture + 1);
  const std::string code = "def forward(self, x):\n  return torch.ones_like(x) * (x > 1.5)\n";
  const auto count = [&](const std::string& options) {
    program(code);
    return (values(segmented("{name: torchscript, program: NET, " + options + "}"))[0] > 0)
        .sum()
        .item<int64_t>();
  };
  EXPECT_EQ(count("keep: all"), 4 * 25 - 2 + 24);
  EXPECT_EQ(count("keep: largest"), 4 * 25 - 2);
  EXPECT_EQ(count("keep: largest, fill_holes: true"), 4 * 25);
  EXPECT_EQ(count("keep: largest, fill_holes: true, dilate: 1"), 4 * 35);
}

/// Two channels: the program adds them, one of which a case may lack.
TEST_F(TorchScriptSegmenterTest, ChannelsTogether) {
  image("b.nii", at::arange(8).expand({4, 6, 8}));
  program("def forward(self, x):\n  return torch.ones_like(x[:, 0:1]) * (x[:, 0:1] + 10 * x[:, 1:2] > 40)\n");
  const auto input = segmented("{name: torchscript, program: NET, channels: [a, b], together: true}");
  EXPECT_TRUE(at::equal(values(input, "patient,a,b\nP1,a.nii,b.nii\n")[0] == 2, marked(2, 4, 8)));
  EXPECT_TRUE(at::equal(values(input, "patient,a,b\nP1,,b.nii\n")[1] > 0, marked(2, 5, 8)));
}

TEST_F(TorchScriptSegmenterTest, WhatIsNoSegmenterIsRefused) {
  EXPECT_THAT(
      refused(core::Fault::usage, "threshold: 0.5", "def forward(self, x):\n  return x[:, :, 1:] / 2\n"),
      AllOf(HasSubstr("case P1: input in: segmenter: "), HasSubstr("net.pt: sliding window: of windows"),
            HasSubstr("it must keep their number and size")));
  EXPECT_THAT(refused(core::Fault::usage, "threshold: 0.5", "def forward(self, x):\n  return x.mean()\n"),
              HasSubstr("it must keep their number and size"));
  EXPECT_THAT(refused(core::Fault::usage, "threshold: 0.5", "def forward(self, x):\n  return 'mask'\n"),
              HasSubstr("gives no tensor"));
  EXPECT_THAT(refused(core::Fault::data, "threshold: 0.5", "def forward(self, x):\n  return x.view(3)\n"),
              HasSubstr("the program fails on images [1, 1, 4, 6, 8]"));
  write("net.pt", "no archive");
  EXPECT_THAT(failure(core::Fault::usage, [&] { values(segmented("{name: torchscript, program: NET}")); }),
              HasSubstr("net.pt: is no program of torch"));
  std::filesystem::remove(folder_ / "net.pt");
  EXPECT_THAT(failure(core::Fault::usage, [&] { values(segmented("{name: torchscript, program: NET}")); }),
              AllOf(HasSubstr("segmenter: "), HasSubstr("net.pt")));
}

TEST_F(TorchScriptSegmenterTest, OptionsAreHeldTogether) {
  const auto refused_options = [&](const std::string& options) {
    return failure(core::Fault::usage,
                   [&] { segmented("{name: torchscript, program: NET, " + options + "}"); });
  };
  EXPECT_THAT(refused_options("method: ''"), HasSubstr("takes the name of a method"));
  EXPECT_THAT(refused_options("window: [4, 4]"), HasSubstr("takes one number an axis"));
  EXPECT_THAT(refused_options("preprocess: {crop: mask}"), HasSubstr("no mask before the region is found"));
  EXPECT_THAT(refused_options("preprocess: {normalize: {method: zscore, region: mask}}"),
              HasSubstr("no mask before the region is found"));
  EXPECT_THAT(refused_options("preprocess: {normalize: histogram}"),
              HasSubstr("learned from the training part"));
}

}  // namespace
}  // namespace photo51::data
