/// Mammograms, cines and files that do not say where their voxels lie, as inputs of a cohort.

#include <ATen/ATen.h>

#include <cmath>

#include "data/fixture.hpp"
#include "data/images/subchannel.hpp"
#include "photo51/config/read.hpp"
#include "photo51/data/images/preview.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/mammography.hpp"
#include "photo51/data/modality/ultrasound.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_file.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PictureInputTest : public CohortFolder {
 protected:
  template <class Options>
  Case load(const std::string& file, const Options& options) const {
    const auto cohort = read("patient,image\nP1," + file + "\n", {{"im", data::input(options)}});
    return CaseLoader(cohort, fit(cohort, {0})).load(0);
  }
  template <class Options>
  static Options picture() {
    auto options = image_input<Options>({"image"});
    options.dims = 2;
    return options;
  }
  static std::string refusal(const std::string& text) {
    return failure(core::Fault::usage, [&] { read_input("channels: [a]\nmodality: " + text); });
  }
  /// Frames of 4 x 3 pixels that hold their own number.
  void write_cine(const std::string& name, int frames) const {
    std::vector<uint8_t> pixels;
    for (int frame = 0; frame < frames; ++frame) pixels.insert(pixels.end(), 12, static_cast<uint8_t>(frame));
    test::DicomFile file;
    file.text(0x00080060, "CS", "US").pixels(3, 4, frames, 1, pixels);
    file.save(folder_ / name);
  }
  static std::vector<int64_t> firsts(const at::Tensor& values, int64_t along) {
    const auto flat = values.movedim(along, 0).flatten(1).select(1, 0).to(at::kLong).contiguous();
    return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
  }
};

TEST_F(PictureInputTest, FramesAreTakenEvenly) {
  write_cine("ten.dcm", 10);
  auto options = picture<UltrasoundOptions>();
  options.frames = 1;
  EXPECT_EQ(load("ten.dcm", options).inputs.at("im").values[0][0][0].item<float>(), 5);  // the middle one
  options.frames = 4;
  const Case bag = load("ten.dcm", options);
  EXPECT_EQ(bag.inputs.at("im").values.sizes(), at::IntArrayRef({4, 1, 3, 4}));
  EXPECT_THAT(firsts(bag.inputs.at("im").values, 0), ElementsAre(0, 3, 6, 9));
  options.dims = 3;
  const auto stack = load("ten.dcm", options).inputs.at("im").values;
  EXPECT_EQ(stack.sizes(), at::IntArrayRef({1, 4, 3, 4}));
  EXPECT_THAT(firsts(stack, 1), ElementsAre(0, 3, 6, 9));
  write_cine("two.dcm", 2);
  options.dims = 2;
  EXPECT_THAT(firsts(load("two.dcm", options).inputs.at("im").values, 0), ElementsAre(0, 0, 1, 1));
  options.frames = 0;
  EXPECT_THAT(failure(core::Fault::data, [&] { load("ten.dcm", options); }), HasSubstr("has 10"));
}

TEST_F(PictureInputTest, ASplitDopplerIsTwoChannels) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 40; ++x) {
      const bool flow = x > 15 && x < 25 && y > 15 && y < 25;
      const auto gray = static_cast<uint8_t>(60 + 8 * ((x + y) % 5));
      pixels.insert(pixels.end(),
                    {flow ? uint8_t{220} : gray, flow ? uint8_t{30} : gray, flow ? uint8_t{20} : gray});
    }
  test::DicomFile file;
  file.text(0x00080060, "CS", "US").pixels(40, 40, 1, 3, pixels).save(folder_ / "flow.dcm");
  auto options = picture<UltrasoundOptions>();
  options.ultrasound = preprocess::UltrasoundOptions{.sector = preprocess::SectorUse::none,
                                                     .remove_text = preprocess::TextRemoval::none,
                                                     .doppler = preprocess::DopplerUse::split};
  const auto values = load("flow.dcm", options).inputs.at("im").values;
  EXPECT_EQ(values.sizes(), at::IntArrayRef({2, 40, 40}));
  EXPECT_GT(values[1][20][20].item<float>(), 0.3);
  EXPECT_EQ(values[1][5][5].item<float>(), 0);
  EXPECT_EQ(input_info({{"im", data::input(options)}}, {}).at("im").channels, 2);
  options.ultrasound->doppler = preprocess::DopplerUse::gray;
  EXPECT_EQ(load("flow.dcm", options).inputs.at("im").values.sizes(), at::IntArrayRef({1, 40, 40}));
}

TEST_F(PictureInputTest, MammogramsArePosed) {
  std::vector<uint16_t> pixels(size_t{64} * 64, 0);
  for (size_t y = 10; y < 50; ++y)
    for (size_t x = 34 + (y > 30 ? y - 30 : 30 - y) / 2; x < 64; ++x)
      pixels[y * 64 + x] = static_cast<uint16_t>(1000 + 10 * (63 - x) + y % 7);
  test::DicomFile file;
  file.text(0x00080060, "CS", "MG")
      .text(0x00080068, "CS", "FOR PRESENTATION")
      .text(0x00181164, "DS", "0.1\\0.1");
  file.text(0x00185101, "CS", "CC").text(0x00200062, "CS", "R").pixels16(64, 64, 1, 12, pixels);
  file.save(folder_ / "r.dcm");
  auto options = picture<MammographyOptions>();
  EXPECT_EQ(load("r.dcm", options).inputs.at("im").values.sizes(), at::IntArrayRef({1, 64, 64}));
  options.mammography.emplace();
  const auto posed = load("r.dcm", options).inputs.at("im").values;
  EXPECT_EQ(posed.sizes(), at::IntArrayRef({1, 40, 30}));
  EXPECT_LT(posed[0][20][0].item<float>(), posed[0][20][29].item<float>());  // the wall is at the left now
}

TEST_F(PictureInputTest, APlaceThatNobodyKnowsIsAnError) {
  std::string file = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 3 2\nencoding: raw\n\n";
  for (char i = 0; i < 24; ++i) file += i;
  write("bare.nrrd", file);
  auto options = image_input({"image"});
  EXPECT_THAT(failure(core::Fault::data, [&] { load("bare.nrrd", options); }),
              AllOf(HasSubstr("bare.nrrd: does not say how large a voxel is"), HasSubstr("assume_spacing")));
  options.assume_spacing = {2, 2, 4};
  EXPECT_THAT(failure(core::Fault::data, [&] { load("bare.nrrd", options); }),
              AllOf(HasSubstr("does not say which way its axes point"), HasSubstr("assume_orientation")));
  options.assume_orientation = "RAS";
  const auto values = load("bare.nrrd", options).inputs.at("im").values;  // turned to LPS: x and y run back
  EXPECT_EQ(values[0][0][0][0].item<float>(), 11);
  options.preprocess.spacing = {1, 1, 2};
  EXPECT_EQ(load("bare.nrrd", options).inputs.at("im").values.sizes(), at::IntArrayRef({1, 3, 5, 7}));
  options.assume_orientation = "";
  options.preprocess.orientation = "none";
  EXPECT_EQ(load("bare.nrrd", options).inputs.at("im").values[0][0][0][0].item<float>(), 0);
}

TEST_F(PictureInputTest, AFileOfSeveralChannelsGivesTheOnesNamed) {
  imaging::Volume dynamic;
  dynamic.data = at::arange(24, at::kFloat).view({3, 2, 2, 2});
  dynamic.geometry.size = {2, 2, 2};
  imaging::write_nifti(dynamic, folder_ / "dce.nii");
  auto options = image_input({"dce@2", "dce@0"});
  const auto read_dce = [&] {
    const auto cohort = read("patient,dce\nP1,dce.nii\n", {{"im", data::input(options)}});
    return CaseLoader(cohort, fit(cohort, {0})).load(0).inputs.at("im").values;
  };
  const auto values = read_dce();
  EXPECT_TRUE(values[0].equal(dynamic.data[2]));
  EXPECT_TRUE(values[1].equal(dynamic.data[0]));
  options.channels = {"dce@adc"};
  EXPECT_THAT(failure(core::Fault::data, read_dce),
              AllOf(HasSubstr("channel dce@adc"), HasSubstr("has no channel `adc`; there is 0 to 2")));
  const auto one =
      Cohort::single({{"im", data::input(options)}}, {"im.dce=" + (folder_ / "dce.nii").string()});
  EXPECT_TRUE(one.has_input(0, "im"));

  dynamic.b_values = {0, 500, 1000};
  dynamic.channels = {"b0", "b500", "b1000"};
  dynamic.data = at::tensor({1000.0F, 500.0F, 250.0F}).view({3, 1, 1, 1}).expand({3, 2, 2, 2}).contiguous();
  EXPECT_NEAR(take_part(dynamic, "adc").data[0][0][0][0].item<double>(), 1e6 * std::log(2) / 500, 0.1);
  EXPECT_EQ(take_part(dynamic, "b1000").data[0][0][0][0].item<float>(), 250);
  EXPECT_THAT(failure(core::Fault::data, [&] { take_part(dynamic, "b50"); }),
              HasSubstr("there is adc, b0, b500, b1000, or 0 to 2"));
}

TEST_F(PictureInputTest, OptionsOfOtherModalitiesAreRefused) {
  EXPECT_THAT(refusal("mri\nmammography: {}"), HasSubstr("mammography: unknown key"));
  EXPECT_THAT(refusal("mri\nultrasound: {}"), HasSubstr("ultrasound: unknown key"));
  EXPECT_THAT(refusal("mammography\nmask: seg\nmammography: {breast_crop: false}"),
              HasSubstr("the mask would stay where the whole picture was"));
  EXPECT_THAT(refusal("ultrasound\nmask: seg\nultrasound: {}"), HasSubstr("set sector: mask"));
  EXPECT_THAT(refusal("mri\nframes: 2"), HasSubstr("frames: unknown key"));
  EXPECT_THAT(refusal("mri\ntile: {mpp: 1}"), HasSubstr("tile: unknown key"));
  EXPECT_THAT(refusal("mri\nstain: {method: macenko}"), HasSubstr("stain: unknown key"));
  EXPECT_THAT(refusal("ultrasound\ndims: 2\nframes: 2\nbag: never"), HasSubstr("set dims: 3, or frames: 1"));
  EXPECT_THAT(refusal("ultrasound\nultrasound: {doppler: split}\ncolor: rgb"), HasSubstr("leave color out"));
  EXPECT_THAT(refusal("ultrasound\ncolor: rgb\naugment: {color_jitter: {hue: 0.1}}"),
              HasSubstr("normalize fixed"));
  EXPECT_THAT(refusal("mri\nassume_spacing: [1, 1]"), HasSubstr("takes three numbers"));
  EXPECT_THAT(refusal("mri\nassume_spacing: [1,5, 1,5, 3]"),
              HasSubstr("takes three numbers (x, y, z); a decimal comma begins a new number"));
  EXPECT_THAT(refusal("mri\nassume_orientation: LPX"), HasSubstr("one letter each"));
}

TEST_F(PictureInputTest, TheFirstChannelThatIsThereIsShownWithItsMask) {
  imaging::Geometry geometry;
  geometry.size = {4, 3, 2};
  const auto save = [&](const char* name, float value) {
    imaging::write_nifti(imaging::make_volume(at::full({1, 2, 3, 4}, value), geometry), folder_ / name);
  };
  save("flair.nii.gz", 7);
  save("seg.nii.gz", 1);
  const auto cohort = read("patient,t1,flair,seg\nP1,,flair.nii.gz,seg.nii.gz\nP2,,,\n",
                           {{"mri", data::input(image_input({"t1", "flair@0"}, "seg"))}});
  const auto shown = preview(cohort, 0, "mri", 100);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->channel, "flair@0");
  EXPECT_EQ(shown->image.data.max().item<float>(), 7);
  ASSERT_TRUE(shown->mask);
  EXPECT_EQ(shown->mask->data.sum().item<int>(), 24);
  EXPECT_FALSE(preview(cohort, 1, "mri", 100));
}

TEST_F(PictureInputTest, ShownValuesNeedAWindow) {
  test::DicomFile file;
  file.text(0x00080060, "CS", "MG").pixels(3, 4, 1, 1, std::vector<uint8_t>(12, 5));
  file.save(folder_ / "plain.dcm");
  file.text(0x00281050, "DS", "5").text(0x00281051, "DS", "10").text(0x00281056, "CS", "LINEAR_EXACT");
  file.save(folder_ / "window.dcm");
  auto options = picture<MammographyOptions>();
  options.dicom.voi = imaging::VoiUse::apply;
  EXPECT_EQ(load("window.dcm", options).inputs.at("im").values.max().item<float>(), 0.5);
  EXPECT_THAT(failure(core::Fault::data, [&] { load("plain.dcm", options); }),
              HasSubstr("has neither a VOI LUT Sequence"));
  EXPECT_THAT(refusal("pet\ndicom: {voi: apply}"), HasSubstr("voi: apply would leave no SUV"));
}

}  // namespace
}  // namespace photo51::data
