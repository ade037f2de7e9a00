#include <sys/stat.h>

#include <cmath>

#include "data/radiomics_fixture.hpp"
#include "data/tables/region_features.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(RadiomicsInput, KeepsThePrecisionOfTheImage) {
  auto image = imaging::read_volume(file("t1", 3));
  image.data = image.data.to(at::kDouble) + 0.1;  // no float32
  imaging::write_nifti(image, file("t1", 3));
  const auto cohort = read(manifest(), {{"rad", data::input(quick(", location: true"))}});
  const auto mask = imaging::read_volume(file("seg", 3));
  const double mean = image.data.masked_select(mask.data.ne(0)).mean().item<double>();
  const auto found = described(cohort.impl(), 0, 3);
  const auto at =
      std::find(found->names->begin(), found->names->end(), "t1_stat_mean") - found->names->begin();
  EXPECT_NEAR(found->values.at(static_cast<size_t>(at)), mean, 1e-11);
}

TEST_F(RadiomicsInput, ValuesAreThoseOfExtract) {
  const auto cohort = read(
      manifest(), {{"mri", data::input(image_input({"t1", "t2"}))},
                   {"rad", data::input(parsed("{modality: radiomics, from: [mri.t1, mri.t2], mask: seg}"))}});
  const auto found = described(cohort.impl(), 1, 3);
  std::map<std::string, double> expected;
  const auto t1 = extracted("t1", 3, radiomics::profile("ibsi")),
             t2 = extracted("t2", 3, radiomics::profile("ibsi"));
  size_t intensity_of_form = 0;
  for (const auto& one : t1) {
    const bool with_intensity = one.tag == "morph_com" || one.tag == "morph_integ_int" ||
                                one.tag == "morph_moran_i" || one.tag == "morph_geary_c";
    intensity_of_form += with_intensity;
    expected[(one.family == "morphology" && !with_intensity ? "" : "t1_") + one.tag] = one.value;
  }
  for (const auto& one : t2)
    if (one.family != "morphology" || expected.contains("t1_" + one.tag))
      expected["t2_" + one.tag] = one.value;
  EXPECT_EQ(intensity_of_form, 4U);
  ASSERT_EQ(found->names->size(), expected.size());
  for (size_t i = 0; i < found->names->size(); ++i) {
    const auto& name = (*found->names)[i];
    ASSERT_TRUE(expected.contains(name)) << name;
    if (std::isfinite(expected[name])) {
      EXPECT_DOUBLE_EQ(found->values[i], expected[name]) << name;
    } else {
      EXPECT_TRUE(std::isnan(found->values[i])) << name;
    }
  }
  // A row is the z-scores of these.
  const auto fitted = fit(cohort, first(cases));
  const auto learned = nlohmann::json::parse(to_json(fitted))["inputs"]["rad"];
  const auto row = values(cohort, fitted, 3);
  const auto names = features_of(fitted);
  EXPECT_EQ(input_info(cohort.inputs(), fitted).at("rad").features, names);
  const auto at = static_cast<size_t>(std::find(names.begin(), names.end(), "t2_stat_mean") - names.begin());
  EXPECT_NEAR(
      row.at(at),
      (expected["t2_stat_mean"] - learned["mean"][at].get<double>()) / learned["deviation"][at].get<double>(),
      1e-5);
}

TEST_F(RadiomicsInput, ProfileSettingsAndFilters) {
  const auto options = parsed(
      "{modality: radiomics, from: t1, mask: seg, profile: pyradiomics,"
      " settings: {pyradiomics: {featureClass: [shape, firstorder], binWidth: 10}}}");
  ASSERT_TRUE(options.settings);
  EXPECT_EQ(options.settings->profile, "pyradiomics");
  EXPECT_THAT(options.settings->aggregation,
              ElementsAre(radiomics::TextureAggregation::average_3d));  // the profile's
  const auto cohort = read(manifest(), {{"rad", data::input(options)}});
  const auto found = described(cohort.impl(), 0, 1);
  EXPECT_THAT(*found->names,
              AllOf(Contains("t1_original_firstorder_Entropy"), Contains("original_shape_Sphericity")));
  const auto expected = extracted("t1", 1, *options.settings);
  ASSERT_EQ(found->values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(found->values[i], expected[i].value);
  const auto filtered = read(
      manifest(),
      {{"rad", data::input(parsed("{modality: radiomics, channels: [t1], mask: seg, settings: {families: "
                                  "statistics, filters: [{name: log, sigma: 2}], unfiltered: false}}"))}});
  EXPECT_THAT(*described(filtered.impl(), 0, 0)->names, Each(StartsWith("t1_log_")));
}

TEST_F(RadiomicsInput, AMissingImageTakesMediansAndAMissingMaskIsAMissingInput) {
  const std::string extra = "P90,North,,t20.nii,seg0.nii\nP91,North,t10.nii,t20.nii,\nP92,North,,,seg0.nii\n";
  const auto cohort = read(
      manifest() + extra,
      {{"rad", data::input(parsed("{modality: radiomics, from: [t1, mri.t2], mask: seg, settings: {families: "
                                  "[morphology, statistics]}}"))},
       {"again", data::input(image_input({"t1"}))}});
  EXPECT_TRUE(cohort.has_input(8, "rad"));
  EXPECT_FALSE(cohort.has_input(9, "rad"));
  EXPECT_FALSE(cohort.has_input(10, "rad"));
  const auto fitted = fit(cohort, first(9));
  const auto names = features_of(fitted);
  const auto learned = nlohmann::json::parse(to_json(fitted))["inputs"]["rad"];
  const auto row = values(cohort, fitted, 8), whole = values(cohort, fitted, 0);
  for (size_t i = 0; i < names.size(); ++i) {
    const double deviation = learned["deviation"][i], mean = learned["mean"][i];
    if (names[i].starts_with("t1_"))
      EXPECT_NEAR(row[i], (learned["median"][i].get<double>() - mean) / deviation, 1e-5) << names[i];
    else
      EXPECT_EQ(row[i], whole[i]) << names[i];  // the form does not hang on which image there is
  }
}

TEST_F(RadiomicsInput, OneCaseForPrediction) {
  const Inputs inputs{{"rad", data::input(quick())}};
  const auto cohort = read(manifest(), inputs);
  const auto fitted = fit(cohort, first(cases));
  const auto single =
      Cohort::single(inputs, {"rad.t1=" + file("t1", 2).string(), "rad.seg=" + file("seg", 2).string()});
  EXPECT_EQ(values(single, fitted, 0), values(cohort, fitted, 2));
  // Files of the input that the images are from serve too.
  const Inputs both{{"mri", data::input(image_input({"t1"}, "seg"))},
                    {"rad", data::input(parsed("{modality: radiomics, from: mri.t1, mask: seg}"))}};
  const auto shared =
      Cohort::single(both, {"mri.t1=" + file("t1", 2).string(), "mri.seg=" + file("seg", 2).string()});
  EXPECT_TRUE(shared.has_input(0, "rad"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort::single(inputs, {"rad.t3=a.nii"}); }),
              HasSubstr("rad.t1"));
}

TEST_F(RadiomicsInput, WhereTheLesionLies) {
  const auto cohort = read(manifest(), {{"rad", data::input(quick(", location: true"))}});
  const auto& names = *described(cohort.impl(), 0, 7)->names;
  EXPECT_EQ(names[0], "location_left");
  EXPECT_THAT(names,
              AllOf(Contains("location_depth_max"), Contains("t1_stat_mean"), Not(Contains("t1_mean"))));
}

TEST_F(RadiomicsInput, AMaskOfARegisteredImageMovesWithIt) {
  // The image was taken 5 mm to the left of where the mask was drawn, and the transform says so.
  auto moved = imaging::read_volume(file("t1", 4));
  moved.geometry.origin[0] += 5;
  imaging::write_nifti(moved, folder_ / "moved.nii");
  write("move.txt", "1 0 0 5\n0 1 0 0\n0 0 1 0\n0 0 0 1\n");
  const auto cohort =
      read("patient,t1,t1.registration,seg\nP1,t14.nii,,seg4.nii\nP2,moved.nii,move.txt,seg4.nii\n",
           {{"rad", data::input(quick())}});
  EXPECT_EQ(described(cohort.impl(), 0, 0)->values, described(cohort.impl(), 0, 1)->values);
}

TEST_F(RadiomicsInput, ALabelIsThatLabelWhoeverAsksForIt) {
  // Of labels 1 and 2, the second is one slice of the ball.
  auto seg = imaging::read_volume(file("seg", 4));
  const auto middle = seg.data[0].select(0, seg.data.size(1) / 2);
  const auto two = static_cast<double>(middle.ne(0).sum().item<int64_t>());
  const auto all = static_cast<double>(seg.data.ne(0).sum().item<int64_t>());
  middle.mul_(2);
  imaging::write_nifti(seg, folder_ / "labels.nii");
  const std::string rows = "patient,t1,seg\nP1,t14.nii,";
  const auto voxels = [&](const std::string& file, const std::string& options) {
    const auto cohort =
        read(rows + file + "\n",
             {{"rad", data::input(parsed("{modality: radiomics, from: t1, mask: seg, " + options + "}"))}});
    const auto found = described(cohort.impl(), 0, 0);
    for (size_t i = 0; i < found->names->size(); ++i)
      if ((*found->names)[i] == "original_shape_VoxelVolume" || (*found->names)[i] == "morph_vol_approx")
        return found->values[i] / imaging::volume_ml(seg) / 1000 * all;
    return -1.0;
  };
  const std::string py = "profile: pyradiomics, settings: {pyradiomics: {featureClass: shape";
  const std::string ibsi = "settings: {families: morphology}";
  ASSERT_GT(two, 0);
  EXPECT_NEAR(voxels("labels.nii", py + "}}"), all - two, 1e-6);  // 1, as there
  EXPECT_NEAR(voxels("labels.nii", py + ", label: 2}}"), two, 1e-6);
  EXPECT_NEAR(voxels("labels.nii#2", py + "}}"), two, 1e-6);
  EXPECT_NEAR(voxels("labels.nii", ibsi), all, 1e-6);
  EXPECT_NEAR(voxels("labels.nii", ibsi + ", mask_label: 2"), two, 1e-6);
  EXPECT_NEAR(voxels("labels.nii", ibsi + ", mask_threshold: 1.5"), two, 1e-6);
  const auto both =
      read(rows + "labels.nii#1\n",
           {{"rad", data::input(parsed("{modality: radiomics, from: t1, mask: seg, mask_label: 2}"))}});
  EXPECT_THAT(failure(core::Fault::usage, [&] { described(both.impl(), 0, 0); }),
              HasSubstr("`#1` and the label 2 both choose"));
}

TEST_F(RadiomicsInput, AMaskOutsideItsImageIsNotMeasured) {
  auto seg = imaging::read_volume(file("seg", 4));
  seg.geometry.origin[0] += 500;
  imaging::write_nifti(seg, folder_ / "far.nii");
  const auto cohort = read("patient,t1,seg\nP1,t14.nii,far.nii\n", {{"rad", data::input(quick())}});
  EXPECT_THAT(failure(core::Fault::data, [&] { described(cohort.impl(), 0, 0); }),
              AllOf(HasSubstr("far.nii"), HasSubstr("of the mask lie outside")));
}

TEST_F(RadiomicsInput, ValuesAreKeptOnDisk) {
  write("cohort.csv", manifest(2));
  CohortOptions kept = options();
  kept.cache.folder = folder_ / "cache";
  const Inputs inputs{{"rad", data::input(quick(", filter: {reliability: 0.1}"))}};
  const auto entries = [&] {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache"))
      if (entry.path().extension() == ".p51") found.push_back(entry.path());
    return found;
  };
  const auto once = described(Cohort(kept, inputs, {}).impl(), 0, 1)->values;
  const auto paths = entries();
  ASSERT_EQ(paths.size(), 1U);
  const auto whole = core::read_file(paths[0]);
  // A later run reads them: the file is not written anew.
  const auto number_of = [](const fs::path& path) {
    struct stat is {};
    EXPECT_EQ(::stat(path.c_str(), &is), 0);
    return is.st_ino;
  };
  const auto number = number_of(paths[0]);
  const auto again = [&](const Inputs& of) { return described(Cohort(kept, of, {}).impl(), 0, 1)->values; };
  EXPECT_EQ(again(inputs), once);
  EXPECT_EQ(number_of(paths[0]), number);
  // What comes after the values does not count, how they are computed does.
  EXPECT_EQ(again({{"rad", data::input(quick(", filter: {correlation: 0.5}, harmonize: {method: combat}"))}}),
            once);
  EXPECT_EQ(entries().size(), 1U);
  again({{"rad", data::input(quick(", location: true"))}});
  EXPECT_EQ(entries().size(), 2U);
  // Torn and foreign entries are made again.
  for (const std::string& damaged :
       {whole.substr(0, whole.size() / 2), std::string(5000, 'x'), std::string()}) {
    core::write_file_atomic(paths[0], damaged);
    EXPECT_EQ(again(inputs), once);
    EXPECT_EQ(core::read_file(paths[0]), whole);
  }
  // Perturbed values too.
  described(Cohort(kept, inputs, {}).impl(), 0, 1, true);
  EXPECT_EQ(entries().size(), 3U);
  write_case(1, 50);
  EXPECT_NE(again(inputs), once);
}

TEST_F(RadiomicsInput, BadCasesAreSkippedOrNamed) {
  imaging::write_nifti(imaging::make_volume(at::zeros({1, 12, 18, 20}, at::kByte), grid()), file("seg", 0));
  auto cohort = read(manifest(), {{"rad", data::input(quick())}});
  EXPECT_THAT(
      failure(core::Fault::data, [&] { fit(cohort, first(cases)); }),
      AllOf(HasSubstr("input rad: case P0: channel t1"), HasSubstr("seg0.nii"), HasSubstr("mask is empty")));
  CohortOptions lenient = options();
  lenient.on_bad_case = BadCase::skip;
  const Cohort skipping(lenient, {{"rad", data::input(quick())}}, {});
  EXPECT_NO_THROW(fit(skipping, first(cases)));
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(skipping, {0}); }),
              HasSubstr("no training patient has a lesion mask that can be read"));
}

}  // namespace
}  // namespace photo51::data
