#include "imaging/masks/label_map.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "imaging/masks/nrrd_segments.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/write.hpp"
#include "support/errors.hpp"
#include "support/mask_options.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LabelMap : public testing::Test {
 protected:
  /// A row of voxels as a NIfTI.
  std::filesystem::path map(const at::Tensor& values) {
    Geometry g;
    const at::Tensor data = values.dim() == 1 ? values.view({1, 1, 1, -1}) : values;
    g.size = {data.size(3), 1, 1};
    write_nifti(make_volume(data, g), folder_ / "m.nii");
    return folder_ / "m.nii";
  }
  Volume read(const at::Tensor& values, const std::string& choice = "", const MaskOptions& options = {}) {
    return read_mask(map(values).string() + choice, {}, options);
  }
  std::vector<int> voxels(const at::Tensor& values, const std::string& choice = "",
                          const MaskOptions& options = {}) {
    const at::Tensor data = read(values, choice, options).data.flatten().to(at::kInt);
    return {data.data_ptr<int>(), data.data_ptr<int>() + data.numel()};
  }

  test::TemporaryFolder folder_;
};

using Voxels = std::vector<int>;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST_F(LabelMap, TakesALoneLabelWhateverItIs) {
  for (const int label : {1, 255, -3, 600}) {
    const auto values = at::tensor({0, label, 0, label}, at::kInt);
    EXPECT_EQ(voxels(values), (Voxels{0, 1, 0, 1}));
    EXPECT_EQ(voxels(values, "#" + std::to_string(label)), (Voxels{0, 1, 0, 1}));
    EXPECT_EQ(voxels(values, "", test::with_usual_label(1)), (Voxels{0, 1, 0, 1}));
  }
  EXPECT_THAT(read(at::tensor({0, 1}, at::kInt)).warnings, IsEmpty());
  EXPECT_THAT(read(at::tensor({0, 255}, at::kInt), "", test::with_usual_label(1)).warnings,
              Contains(HasSubstr("its only label is 255, not 1")));
}

TEST_F(LabelMap, PicksOneOfSeveralLabels) {
  const auto values = at::tensor({0, -1, 2, 600}, at::kShort);
  EXPECT_EQ(voxels(values, "#-1"), (Voxels{0, 1, 0, 0}));
  EXPECT_EQ(voxels(values, "", test::with_label(600)), (Voxels{0, 0, 0, 1}));
  EXPECT_EQ(voxels(values, "#2", test::with_usual_label(1)), (Voxels{0, 0, 1, 0}));
  EXPECT_EQ(voxels(values, "#2", test::with_label(2)), (Voxels{0, 0, 1, 0}));
  EXPECT_EQ(voxels(values), (Voxels{0, 1, 1, 1}));
  EXPECT_THAT(read(values).warnings, Contains(HasSubstr("its labels -1, 2, 600 are united")));
  EXPECT_THAT(read(values, "#*").warnings, IsEmpty());
  EXPECT_EQ(voxels(at::tensor({0, 1, 2, 4}, at::kShort), "", test::with_usual_label(1)),
            (Voxels{0, 1, 0, 0}));
  EXPECT_THAT(read(at::tensor({0, 1, 2}, at::kShort), "", test::with_usual_label(1)).warnings,
              Contains(HasSubstr("of its labels 1, 2, 1 is the region")));
  PHOTO51_EXPECT_ERROR(read(values, "", test::with_usual_label(1)), data,
                       AllOf(HasSubstr("no voxel has the label 1"), HasSubstr("-1, 2, 600")));
  PHOTO51_EXPECT_ERROR(read(values, "", test::with_label(5)), data, HasSubstr("no voxel is 5"));
  PHOTO51_EXPECT_ERROR(read(values, "#2", test::with_label(5)), usage,
                       HasSubstr("`#2` and the label 5 both choose"));
}

TEST_F(LabelMap, RoundsWhatIsNearlyWhole) {
  EXPECT_EQ(voxels(at::tensor({0.0F, 0.9960785F, 2.0000001F, 1e-7F}), "#1"), (Voxels{0, 1, 0, 0}));
  EXPECT_EQ(voxels(at::tensor({0.0F, 0.9960785F, 2.0000001F, 1e-7F}), "#2"), (Voxels{0, 0, 1, 0}));
  EXPECT_EQ(voxels(at::tensor({0.0F, 0.99999F, 0.0F, 1e-7F})), (Voxels{0, 1, 0, 0}));
  EXPECT_THAT(read(at::tensor({0.0F, 0.996F})).warnings,
              Contains(HasSubstr("up to 0.004 off whole numbers")));
  EXPECT_THAT(read(at::tensor({0.0F, 0.99999F})).warnings, IsEmpty());
}

TEST_F(LabelMap, RefusesWhatIsNoLabel) {
  const auto soft = at::tensor({0.0F, 0.2F, 0.7F, 1.0F});
  PHOTO51_EXPECT_ERROR(read(soft), data,
                       AllOf(HasSubstr("m.nii"), HasSubstr("4 different ones from 0 to 1, such as 0.2"),
                             HasSubstr("probabilities"), HasSubstr("mask_threshold")));
  PHOTO51_EXPECT_ERROR(read(soft, "#1"), data, HasSubstr("mask_threshold"));
  EXPECT_EQ(voxels(soft, "", test::with_threshold(0.7)), (Voxels{0, 0, 1, 1}));
  // A label 1 divided by 255 is no background.
  PHOTO51_EXPECT_ERROR(read(at::tensor({0.0F, 0.00392F})), data, HasSubstr("values are no labels"));
  PHOTO51_EXPECT_ERROR(read(at::tensor({0.02F, 0.92F})), data, HasSubstr("from 0.02 to 0.92"));
  PHOTO51_EXPECT_ERROR(read(at::arange(5000, at::kFloat) / 3), data, HasSubstr("more than 4096 different"));
  PHOTO51_EXPECT_ERROR(read(at::arange(200, at::kInt)), data,
                       AllOf(HasSubstr("199 different values"), HasSubstr("as an image rather than a mask")));
  EXPECT_EQ(read(at::arange(200, at::kInt), "#*").data.sum().item<int>(), 199);
  PHOTO51_EXPECT_ERROR(read(at::tensor({0.0F, std::numeric_limits<float>::infinity()})), data,
                       HasSubstr("NaN or infinite"));
  PHOTO51_EXPECT_ERROR(read(soft, "#1", test::with_threshold(0.5)), usage,
                       HasSubstr("leave one of them out"));
  MaskOptions both = test::with_threshold(0.5);
  both.label = 1;
  PHOTO51_EXPECT_ERROR(read(soft, "", both), usage, HasSubstr("leave one of them out"));
}

TEST_F(LabelMap, NanIsBackground) {
  const auto values = at::tensor({kNan, 1.0F, 0.0F, kNan});
  EXPECT_EQ(voxels(values), (Voxels{0, 1, 0, 0}));
  EXPECT_EQ(voxels(values, "", test::with_threshold(0.5)), (Voxels{0, 1, 0, 0}));
  EXPECT_THAT(read(values).warnings, Contains(HasSubstr("2 voxels are NaN and count as background")));
  EXPECT_THAT(read(at::tensor({0, 0}, at::kByte)).warnings, Contains(HasSubstr("mask is empty")));
}

TEST_F(LabelMap, ReadsOneHotChannelsAsLabels) {
  // Background in none of the channels: label k is channel k - 1.
  const auto open = at::tensor({0, 1, 0, 0, 0, 1}, at::kByte).view({2, 1, 1, 3});
  EXPECT_EQ(voxels(open, "#1"), (Voxels{0, 1, 0}));
  EXPECT_EQ(voxels(open, "#2"), (Voxels{0, 0, 1}));
  EXPECT_EQ(voxels(open, "", test::with_label(2)), (Voxels{0, 0, 1}));
  EXPECT_EQ(voxels(open, "#channel:0"), (Voxels{0, 1, 0}));
  EXPECT_EQ(voxels(open, "#layer:1"), (Voxels{0, 0, 1}));
  EXPECT_EQ(voxels(open, "#*"), (Voxels{0, 1, 1}));
  EXPECT_THAT(read(open, "#2").warnings, Contains(HasSubstr("label 2 is its channel 1, counted from 0")));
  // Every voxel in one channel: channel 0 is the background.
  const auto full = at::tensor({1, 0, 0, 0, 1, 0, 0, 0, 1}, at::kByte).view({3, 1, 1, 3});
  EXPECT_EQ(voxels(full, "#1"), (Voxels{0, 1, 0}));
  EXPECT_EQ(voxels(full, "#*"), (Voxels{0, 1, 1}));
  PHOTO51_EXPECT_ERROR(read(full, "#3"), data, HasSubstr("of which the first is the background"));
  PHOTO51_EXPECT_ERROR(read(open, "#3"), data, HasSubstr("has no label 3: it has 2 channels"));
  PHOTO51_EXPECT_ERROR(
      read(open), data,
      AllOf(HasSubstr("has 2 channels; a mask has one"), HasSubstr("m.nii#channel:0 (to 1)")));
  PHOTO51_EXPECT_ERROR(read(open, "#channel:2"), data, HasSubstr("its channels are 0 to 1"));
  PHOTO51_EXPECT_ERROR(read(open, "", test::with_threshold(0.5)), data, HasSubstr("a mask has one"));
  EXPECT_EQ(voxels(open, "#channel:1", test::with_threshold(0.5)), (Voxels{0, 0, 1}));
  // Channels with labels of their own.
  const auto layers = at::tensor({0, 1, 2, 3, 1, 0}, at::kByte).view({2, 1, 1, 3});
  EXPECT_EQ(voxels(layers, "#3"), (Voxels{1, 0, 0}));
  PHOTO51_EXPECT_ERROR(read(layers, "#1"), data, HasSubstr("2 of them have the label 1"));
}

TEST_F(LabelMap, PicksSlicerSegmentsByName) {
  const auto write = [&](const std::string& name, const std::string& keys, const std::string& sizes,
                         const std::string& bytes) {
    std::ofstream file(folder_ / name, std::ios::binary);
    const bool layers = sizes.size() > 6;
    file << "NRRD0004\ntype: uchar\ndimension: " << (layers ? 4 : 3)
         << "\nspace: left-posterior-superior\nsizes: " << sizes
         << "\nspace directions: " << (layers ? "none " : "")
         << "(1,0,0) (0,1,0) (0,0,2)\nkinds: " << (layers ? "list " : "")
         << "domain domain domain\nencoding: raw\nspace origin: (0,0,0)\n"
         << keys << "\n"
         << bytes;
    return (folder_ / name).string();
  };
  const auto sum = [](const std::string& path) { return read_mask(path).data.flatten().to(at::kInt); };
  const auto is = [](const at::Tensor& found, const Voxels& right) {
    return at::equal(found, at::tensor(right, at::kInt));
  };
  const std::string one =
      write("one.seg.nrrd",
            "Segment0_ID:=S1\nSegment0_Name:=Tumour core\nSegment0_LabelValue:=1\nSegment1_Name:=Ödem, "
            "all\nSegment1_LabelValue:=3\n",
            "4 1 1", std::string("\0\1\3\3", 4));
  EXPECT_TRUE(is(sum(one + "#Tumour core"), {0, 1, 0, 0}));
  EXPECT_TRUE(is(sum(one + "#Ödem, all"), {0, 0, 1, 1}));
  EXPECT_TRUE(is(sum(one + "#3"), {0, 0, 1, 1}));
  EXPECT_TRUE(is(sum(one + "#tum*"), {0, 1, 0, 0}));
  PHOTO51_EXPECT_ERROR(read_mask(one + "#Node"), data,
                       AllOf(HasSubstr("has no segment `Node`"), HasSubstr("Tumour core")));
  // Two layers, the list axis first; both segments have the value 1.
  const std::string two =
      write("two.seg.nrrd",
            "Segment0_Name:=Tumour\nSegment0_LabelValue:=1\nSegment0_Layer:=0\nSegment1_Name:=Node\nSegment1_"
            "LabelValue:=1\nSegment1_Layer:=1\n",
            "2 3 1 1", std::string("\0\0\1\0\1\1", 6));
  EXPECT_TRUE(is(sum(two + "#Tumour"), {0, 1, 1}));
  EXPECT_TRUE(is(sum(two + "#Node"), {0, 0, 1}));
  EXPECT_TRUE(is(sum(two + "#layer:1"), {0, 0, 1}));
  EXPECT_TRUE(is(sum(two + "#Tumour,Node"), {0, 1, 1}));
  PHOTO51_EXPECT_ERROR(read_mask(two), data, HasSubstr("holds 2 segments; choose one as two.seg.nrrd#NAME"));
  PHOTO51_EXPECT_ERROR(read_mask(two + "#1"), data, HasSubstr("`1` means several segments"));
  PHOTO51_EXPECT_ERROR(read_mask(two, {}, test::with_label(1)), data,
                       HasSubstr("several segments have the number 1"));
  PHOTO51_EXPECT_ERROR(read_mask(two, {}, test::with_label(4)), data,
                       HasSubstr("has no segment with the number 4"));
  const std::string wrong =
      write("wrong.seg.nrrd", "Segment0_Name:=A\nSegment0_Layer:=0\nSegment1_Name:=B\nSegment1_Layer:=7\n",
            "2 3 1 1", std::string("\0\0\1\0\1\1", 6));
  PHOTO51_EXPECT_ERROR(read_mask(wrong + "#B"), data, HasSubstr("said to lie in layer 7"));
  EXPECT_EQ(nrrd_segments(one).size(), 2U);
  EXPECT_THAT(inspect(two).notes, testing::ElementsAre("segment 1 Tumour, layer 0, 2 voxels, 4.0 mm3",
                                                       "segment 1 Node, layer 1, 1 voxels, 2.0 mm3"));
}

TEST_F(LabelMap, ReadsPicturesOfMasks) {
  const auto write = [&](const std::string& name, const at::Tensor& gray) {
    std::ofstream(folder_ / name, std::ios::binary)
        << encode_png(gray.view({1, -1, 1}).expand({2, -1, 3}).contiguous());
    return folder_ / name;
  };
  // A gray picture stored as colors.
  EXPECT_EQ(read_mask(write("m.png", at::tensor({0, 255, 255}, at::kByte))).data.sum().item<int>(), 4);
  const auto blurred = at::arange(0, 256, 20, at::kByte);
  PHOTO51_EXPECT_ERROR(read_mask(write("b.png", blurred)), data,
                       AllOf(HasSubstr("12 different values"), HasSubstr("mask_threshold")));
  EXPECT_EQ(read_mask(write("b.png", blurred), {}, test::with_threshold(128)).data.sum().item<int>(), 12);
}

TEST_F(LabelMap, RefusesTheValuesThatJpegLeaves) {
  PHOTO51_NEEDS_SHARED_DATA("busi/images/benign_001.jpg");
  const auto picture = test::shared_data() / "busi/images/benign_001.jpg";
  PHOTO51_EXPECT_ERROR(
      read_mask(picture), data,
      AllOf(HasSubstr("is a JPEG, whose compression changes labels"), HasSubstr("save it as PNG")));
  EXPECT_GT(read_mask(picture, {}, test::with_threshold(128)).data.sum().item<int64_t>(), 0);
}

TEST_F(LabelMap, ReadsTheOddFilesRightOrNotAtAll) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c21_nan_float_labels");
  const auto files = test::shared_cases() / "dicom/c21_nan_float_labels";
  const auto mm3 = [&](const std::string& name, const MaskOptions& options = {}) {
    return 1000 * volume_ml(read_mask((files / name).string(), {}, options));
  };
  EXPECT_NEAR(mm3("almost.nii.gz#1"), 640, 1e-6);
  EXPECT_NEAR(mm3("almost.nii.gz#2"), 320, 1e-6);
  EXPECT_NEAR(mm3("scaled_labels.nii.gz#1"), 640, 1e-6);
  EXPECT_NEAR(mm3("scaled_labels.nii.gz", test::with_usual_label(1)), 640, 1e-6);
  EXPECT_NEAR(mm3("mask255.nii.gz#255"), 320, 1e-6);
  EXPECT_NEAR(mm3("onehot4d.nii.gz#2"), 320, 1e-6);
  EXPECT_NEAR(mm3("probability.nii.gz", test::with_threshold(0.5)), 960, 1e-6);
  PHOTO51_EXPECT_ERROR(mm3("probability.nii.gz"), data, HasSubstr("mask_threshold"));
  PHOTO51_EXPECT_ERROR(mm3("mask255.nii.gz", test::with_usual_label(1)), data,
                       HasSubstr("its labels are 127, 255"));
  EXPECT_EQ(mm3("empty.nii.gz"), 0);
  const auto layers = (test::shared_cases() / "dicom/c12_seg_nrrd/layers.seg.nrrd").string();
  const double tumour = volume_ml(read_mask(layers + "#Tumour")),
               node = volume_ml(read_mask(layers + "#Node"));
  EXPECT_NEAR(1000 * (tumour + node), 272 * 2, 1e-6);
  EXPECT_NEAR(volume_ml(read_mask(layers + "#layer:0")), tumour, 1e-12);
  const auto labels = test::shared_cases() / "radiomics/labels";
  EXPECT_EQ(read_mask((labels / "m600.nii.gz").string() + "#600").data.sum().item<int>(), 73);
  EXPECT_EQ(read_mask((labels / "mneg.nii.gz").string() + "#-1").data.sum().item<int>(), 601);
  EXPECT_EQ(read_mask(labels / "m255.nii.gz").data.sum().item<int>(), 919);
}

}  // namespace
}  // namespace photo51::imaging
