#include <ATen/ATen.h>
#include <sys/stat.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/described.hpp"
#include "data/disk_cache.hpp"
#include "fixture.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/random.hpp"
#include "photo51/imaging/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/radiomics/features.hpp"

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
using Names = std::vector<std::string>;

InputOptions parsed(const std::string& yaml) {
  InputOptions options;
  config::read(config::parse_yaml(yaml, "c.yaml"), options);
  return options;
}

/// Radiomics of statistics alone, which take no time.
InputOptions quick(const std::string& more = "") {
  return parsed("{modality: radiomics, from: t1, mask: seg, settings: {families: statistics}" + more + "}");
}

std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < count; ++row) rows.push_back(row);
  return rows;
}

Names features_of(const Fitted& fitted, const std::string& input = "rad") {
  return nlohmann::json::parse(fitted.json)["inputs"][input]["features"].get<Names>();
}

/// Balls of different sizes and brightness in noise, t1 and t2, each with its mask.
class RadiomicsInput : public CohortFolder {
 protected:
  static constexpr int cases = 8;

  static imaging::Geometry grid() {
    imaging::Geometry geometry;
    geometry.size = {20, 18, 12};
    geometry.spacing = {1, 1, 1.5};
    return geometry;
  }
  static at::Tensor ball(double radius) {
    const auto axis = [](int64_t n) { return at::arange(n, at::kFloat) - static_cast<double>(n - 1) / 2; };
    return (axis(20).view({1, 1, 1, 20}).square() + axis(18).view({1, 1, 18, 1}).square() +
            (1.5 * axis(12)).view({1, 12, 1, 1}).square())
        .lt(radius * radius);
  }
  void write_case(int i, double shift = 0) const {
    core::Random random({11, static_cast<uint64_t>(i)});
    const auto inside = ball(3.5 + 0.4 * i);
    for (const char* name : {"t1", "t2"}) {
      auto values = at::empty({1, 12, 18, 20}, at::kFloat);
      auto* at = values.data_ptr<float>();
      for (int64_t k = 0; k < values.numel(); ++k) at[k] = static_cast<float>(10 * random.normal());
      values += inside.to(at::kFloat) * (100.0 + 20 * ((3 * i) % cases)) + 200.0 + shift;
      imaging::write_nifti(imaging::make_volume(values, grid()), file(name, i));
    }
    imaging::write_nifti(imaging::make_volume(inside.to(at::kByte), grid()), file("seg", i));
  }
  fs::path file(const std::string& name, int i) const {
    return folder_ / (name + std::to_string(i) + ".nii");
  }
  void SetUp() override {
    for (int i = 0; i < cases; ++i) write_case(i);
  }
  /// Every second case is from South.
  static std::string manifest(int count = cases) {
    std::string text = "patient,site,t1,mri.t2,seg\n";
    for (int i = 0; i < count; ++i) {
      const std::string n = std::to_string(i);
      text += "P" + n + (i % 2 == 1 ? ",South" : ",North") + ",t1" + n + ".nii,t2" + n + ".nii,seg" + n +
              ".nii\n";
    }
    return text;
  }
  std::vector<radiomics::Feature> extracted(const std::string& image, int i,
                                            const radiomics::Settings& settings) const {
    const auto volume = imaging::read_volume(file(image, i));
    const auto mask = imaging::on_grid_of(imaging::read_mask(file("seg", i).string(), {&volume}), volume);
    return radiomics::extract(volume, mask, settings);
  }
  static std::vector<float> values(const Cohort& cohort, const Fitted& fitted, int64_t row) {
    const auto read = CaseLoader(cohort, fitted).load(row).inputs.at("rad").values;
    return {read.data_ptr<float>(), read.data_ptr<float>() + read.numel()};
  }
  std::string refused(const std::string& yaml) const {
    return failure(core::Fault::usage, [&] { parsed(yaml); });
  }
};

TEST_F(RadiomicsInput, KeepsThePrecisionOfTheImage) {
  auto image = imaging::read_volume(file("t1", 3));
  image.data = image.data.to(at::kDouble) + 0.1;  // no float32
  imaging::write_nifti(image, file("t1", 3));
  const auto cohort = read(manifest(), {{"rad", quick(", location: true")}});
  const auto mask = imaging::read_volume(file("seg", 3));
  const double mean = image.data.masked_select(mask.data.ne(0)).mean().item<double>();
  const auto found = described(cohort.impl(), 0, 3);
  const auto at =
      std::find(found->names->begin(), found->names->end(), "t1_stat_mean") - found->names->begin();
  EXPECT_NEAR(found->values.at(static_cast<size_t>(at)), mean, 1e-11);
}

TEST_F(RadiomicsInput, ValuesAreThoseOfExtract) {
  const auto cohort =
      read(manifest(), {{"mri", image_input({"t1", "t2"})},
                        {"rad", parsed("{modality: radiomics, from: [mri.t1, mri.t2], mask: seg}")}});
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
  const auto learnt = nlohmann::json::parse(fitted.json)["inputs"]["rad"];
  const auto row = values(cohort, fitted, 3);
  const auto names = features_of(fitted);
  EXPECT_EQ(input_info(cohort.inputs(), fitted).at("rad").features, names);
  const auto at = static_cast<size_t>(std::find(names.begin(), names.end(), "t2_stat_mean") - names.begin());
  EXPECT_NEAR(
      row.at(at),
      (expected["t2_stat_mean"] - learnt["mean"][at].get<double>()) / learnt["deviation"][at].get<double>(),
      1e-5);
}

TEST_F(RadiomicsInput, ProfileSettingsAndFilters) {
  const auto options = parsed(
      "{modality: radiomics, from: t1, mask: seg, profile: pyradiomics,"
      " settings: {pyradiomics: {featureClass: [shape, firstorder], binWidth: 10}}}");
  ASSERT_TRUE(options.settings);
  EXPECT_EQ(options.settings->profile, "pyradiomics");
  EXPECT_THAT(options.settings->aggregation, ElementsAre("3d_average"));  // the profile's
  const auto cohort = read(manifest(), {{"rad", options}});
  const auto found = described(cohort.impl(), 0, 1);
  EXPECT_THAT(*found->names,
              AllOf(Contains("t1_original_firstorder_Entropy"), Contains("original_shape_Sphericity")));
  const auto expected = extracted("t1", 1, *options.settings);
  ASSERT_EQ(found->values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(found->values[i], expected[i].value);
  const auto filtered = read(
      manifest(), {{"rad", parsed("{modality: radiomics, channels: [t1], mask: seg, settings: {families: "
                                  "statistics, filters: [{name: log, sigma: 2}], unfiltered: false}}")}});
  EXPECT_THAT(*described(filtered.impl(), 0, 0)->names, Each(StartsWith("t1_log_")));
}

TEST_F(RadiomicsInput, TheResolvedConfigReadsBack) {
  auto options = parsed(
      "{modality: radiomics, from: mri.t1, mask: seg, profile: ibsi_ct_c, settings: {distance: 2},"
      " location: true, filter: {reliability: 0.75, variance: 0.01, correlation: 0.9}}");
  EXPECT_THAT(options.channels, ElementsAre("t1"));
  EXPECT_EQ(options.settings->distance, 2);
  EXPECT_EQ(options.settings->range, (std::vector<double>{-1000, 400}));
  EXPECT_EQ(options.filter.reliability.minimum, 0.75);
  const auto dumped = config::to_yaml(config::dump(options));
  auto again = parsed(dumped);
  EXPECT_EQ(config::to_yaml(config::dump(again)), dumped);
  EXPECT_EQ(
      parsed("{modality: radiomics, from: t1, mask: seg, filter: {reliability: {minimum: 0.5, cases: 9}}}")
          .filter.reliability.cases,
      9);
}

TEST_F(RadiomicsInput, AMissingImageTakesMediansAndAMissingMaskIsAMissingInput) {
  const std::string extra = "P90,North,,t20.nii,seg0.nii\nP91,North,t10.nii,t20.nii,\nP92,North,,,seg0.nii\n";
  const auto cohort =
      read(manifest() + extra,
           {{"rad",
             parsed("{modality: radiomics, from: [t1, mri.t2], mask: seg, settings: {families: [morphology, "
                    "statistics]}}")},
            {"again", image_input({"t1"})}});
  EXPECT_TRUE(cohort.has_input(8, "rad"));
  EXPECT_FALSE(cohort.has_input(9, "rad"));
  EXPECT_FALSE(cohort.has_input(10, "rad"));
  const auto fitted = fit(cohort, first(9));
  const auto names = features_of(fitted);
  const auto learnt = nlohmann::json::parse(fitted.json)["inputs"]["rad"];
  const auto row = values(cohort, fitted, 8), whole = values(cohort, fitted, 0);
  for (size_t i = 0; i < names.size(); ++i) {
    const double deviation = learnt["deviation"][i], mean = learnt["mean"][i];
    if (names[i].starts_with("t1_"))
      EXPECT_NEAR(row[i], (learnt["median"][i].get<double>() - mean) / deviation, 1e-5) << names[i];
    else
      EXPECT_EQ(row[i], whole[i]) << names[i];  // the form does not hang on which image there is
  }
}

TEST_F(RadiomicsInput, OneCaseForPrediction) {
  const Inputs inputs{{"rad", quick()}};
  const auto cohort = read(manifest(), inputs);
  const auto fitted = fit(cohort, first(cases));
  const auto single =
      Cohort::single(inputs, {"rad.t1=" + file("t1", 2).string(), "rad.seg=" + file("seg", 2).string()});
  EXPECT_EQ(values(single, fitted, 0), values(cohort, fitted, 2));
  // Files of the input that the images are from serve too.
  const Inputs both{{"mri", image_input({"t1"}, "seg")},
                    {"rad", parsed("{modality: radiomics, from: mri.t1, mask: seg}")}};
  const auto shared =
      Cohort::single(both, {"mri.t1=" + file("t1", 2).string(), "mri.seg=" + file("seg", 2).string()});
  EXPECT_TRUE(shared.has_input(0, "rad"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort::single(inputs, {"rad.t3=a.nii"}); }),
              HasSubstr("rad.t1"));
}

TEST_F(RadiomicsInput, WhereTheLesionLies) {
  const auto cohort = read(manifest(), {{"rad", quick(", location: true")}});
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
           {{"rad", quick()}});
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
    const auto cohort = read(
        rows + file + "\n", {{"rad", parsed("{modality: radiomics, from: t1, mask: seg, " + options + "}")}});
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
  const auto both = read(rows + "labels.nii#1\n",
                         {{"rad", parsed("{modality: radiomics, from: t1, mask: seg, mask_label: 2}")}});
  EXPECT_THAT(failure(core::Fault::usage, [&] { described(both.impl(), 0, 0); }),
              HasSubstr("`#1` and the label 2 both choose"));
}

TEST_F(RadiomicsInput, AMaskOutsideItsImageIsNotMeasured) {
  auto seg = imaging::read_volume(file("seg", 4));
  seg.geometry.origin[0] += 500;
  imaging::write_nifti(seg, folder_ / "far.nii");
  const auto cohort = read("patient,t1,seg\nP1,t14.nii,far.nii\n", {{"rad", quick()}});
  EXPECT_THAT(failure(core::Fault::data, [&] { described(cohort.impl(), 0, 0); }),
              AllOf(HasSubstr("far.nii"), HasSubstr("of the mask lie outside")));
}

TEST_F(RadiomicsInput, VarianceAndCorrelationAreLearntFromTheTrainingPart) {
  const auto plain = read(manifest(), {{"rad", quick()}});
  const auto all = features_of(fit(plain, first(6)));
  const auto cohort = read(manifest(), {{"rad", quick(", filter: {variance: 0.05, correlation: 0.9}")}});
  const auto fitted = fit(cohort, first(6));
  const auto kept = features_of(fitted);
  EXPECT_LT(kept.size(), all.size() / 2);
  EXPECT_GE(kept.size(), 2U);
  for (const auto& name : kept) EXPECT_THAT(all, Contains(name));
  EXPECT_EQ(values(cohort, fitted, 7).size(), kept.size());
  // Cases outside the training part leave no trace.
  write_case(7, 5000);
  const auto changed = read(manifest(), {{"rad", quick(", filter: {variance: 0.05, correlation: 0.9}")}});
  EXPECT_EQ(fit(changed, first(6)).json, fitted.json);
  EXPECT_THAT(values(changed, fitted, 7), Not(::testing::ElementsAreArray(values(cohort, fitted, 7))));
  const auto strict = read(manifest(), {{"rad", quick(", filter: {variance: 1000}")}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(strict, first(6)); }),
              AllOf(HasSubstr("input rad: filter.variance"), HasSubstr("make it milder")));
}

TEST_F(RadiomicsInput, AFilterForLesionsToo) {
  InputOptions lesion = image_input({"t1"}, "seg");
  lesion.modality = "body_lesion";
  const auto plain = read(manifest(), {{"rad", lesion}});
  lesion.filter.correlation = 0.9;
  const auto cohort = read(manifest(), {{"rad", lesion}});
  EXPECT_LT(features_of(fit(cohort, first(cases))).size(), features_of(fit(plain, first(cases))).size());
}

TEST_F(RadiomicsInput, WhatPerturbationsChangeIsDropped) {
  // Brightness differs between cases far more than with the outline; skewness is a matter of the noise.
  const std::string perturb =
      ", filter: {reliability: {minimum: 0.9, rotation: [0], volume: [0], contour: kept, noise: [2, 2, 2, "
      "2]}}";
  const auto cohort = read(manifest(), {{"rad", quick(perturb)}});
  const auto fitted = fit(cohort, first(6));
  const auto kept = features_of(fitted);
  EXPECT_THAT(kept,
              AllOf(Contains("t1_stat_mean"), Contains("t1_stat_median"), Not(Contains("t1_stat_skew"))));
  write_case(7, 5000);
  EXPECT_EQ(fit(read(manifest(), {{"rad", quick(perturb)}}), first(6)).json, fitted.json);
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {0}); }),
              HasSubstr("needs two training patients whose images can be perturbed, and has 1"));
  // A part of the cases; the place of the lesion is not asked.
  auto few = quick(perturb + ", location: true");
  few.filter.reliability.cases = 3;
  EXPECT_THAT(features_of(fit(read(manifest(7), {{"rad", few}}), first(7))), Contains("location_depth_mean"));
}

TEST_F(RadiomicsInput, ARegionThatNoPerturbationLeavesAnythingOfTakesNoPart) {
  auto mask = at::zeros({1, 12, 18, 20}, at::kByte);
  mask[0][6][9][10] = 1;
  imaging::write_nifti(imaging::make_volume(mask, grid()), file("seg", 0));
  const auto cohort =
      read(manifest(), {{"rad", quick(", filter: {reliability: {minimum: 0.1, rotation: [0], contour: "
                                      "kept, volume: [-0.8, -0.7]}}")}});
  EXPECT_TRUE(described(cohort.impl(), 0, 0, true)->names->empty());
  EXPECT_THAT(features_of(fit(cohort, first(5))), Contains("t1_stat_mean"));
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {0, 1}); }), HasSubstr("and has 1"));
}

TEST_F(RadiomicsInput, CombatThroughTheInput) {
  for (int i = 1; i < cases; i += 2) write_case(i, 500);
  const auto gap = [&](const std::string& more) {
    const auto cohort = read(manifest(), {{"rad", quick(more)}});
    const auto fitted = fit(cohort, first(cases));
    const auto names = features_of(fitted);
    const auto at =
        static_cast<size_t>(std::find(names.begin(), names.end(), "t1_stat_median") - names.begin());
    double between = 0;
    for (int64_t row = 0; row < cases; ++row)
      between += (row % 2 == 1 ? 1 : -1) * static_cast<double>(values(cohort, fitted, row).at(at)) / 4;
    return std::abs(between);
  };
  EXPECT_GT(gap(""), 1.5);
  EXPECT_LT(gap(", harmonize: {method: combat}"), 0.4);
  EXPECT_LT(gap(", harmonize: {method: combat}, filter: {variance: 1e-6}"), 0.4);
}

TEST_F(RadiomicsInput, ValuesAreKeptOnDisk) {
  write("cohort.csv", manifest(2));
  CohortOptions kept = options();
  kept.cache.folder = folder_ / "cache";
  const Inputs inputs{{"rad", quick(", filter: {reliability: 0.1}")}};
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
  EXPECT_EQ(again({{"rad", quick(", filter: {correlation: 0.5}, harmonize: {method: combat}")}}), once);
  EXPECT_EQ(entries().size(), 1U);
  again({{"rad", quick(", location: true")}});
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
  auto cohort = read(manifest(), {{"rad", quick()}});
  EXPECT_THAT(
      failure(core::Fault::data, [&] { fit(cohort, first(cases)); }),
      AllOf(HasSubstr("input rad: case P0: channel t1"), HasSubstr("seg0.nii"), HasSubstr("mask is empty")));
  CohortOptions lenient = options();
  lenient.on_bad_case = "skip";
  const Cohort skipping(lenient, {{"rad", quick()}}, {});
  EXPECT_NO_THROW(fit(skipping, first(cases)));
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(skipping, {0}); }),
              HasSubstr("no training patient has a lesion mask that can be read"));
}

TEST_F(RadiomicsInput, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(refused("{modality: radiomics, mask: seg}"),
              HasSubstr("from: name at least one image: `<input>.<channel>` or a manifest column"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1}"),
              HasSubstr("mask: radiomic features need the mask of their region"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, profile: pyradiomic}"),
              HasSubstr("did you mean `pyradiomics`"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, channels: [t2], mask: seg}"),
              HasSubstr("either from or channels"));
  EXPECT_THAT(refused("{modality: radiomics, from: [mri.t1, ct.t1], mask: seg}"),
              HasSubstr("name each channel once"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, settings: {profile: ibsi_ct_a}}"),
              HasSubstr("its profile is `ibsi_ct_a`, the input's is `ibsi`"));
  EXPECT_THAT(
      refused("{modality: radiomics, from: t1, mask: seg, mask_label: 3, profile: pyradiomics, settings: "
              "{pyradiomics: {label: 2}}}"),
      HasSubstr("both say what the region is"));
  EXPECT_THAT(refused("{modality: mri, channels: [t1], mask_outside: crop}"),
              HasSubstr("say how a mask is read; name its column"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, mask_label: 2, mask_threshold: 0.5}"),
              HasSubstr("leave out mask_label"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, settings: {famlies: [glcm]}}"),
              HasSubstr("did you mean `families`"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, dims: 2}"),
              HasSubstr("dims: is for images only"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, preprocess: {spacing: [1, 1, 1]}}"),
              HasSubstr("see `settings`"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, augment: {flip: [x]}}"),
              HasSubstr("see `filter.reliability`"));
  for (const char* option : {"from: t1", "profile: pyradiomics", "settings: {distance: 2}", "location: true"})
    EXPECT_THAT(refused(std::string("{modality: lesion, channels: [a], mask: m, ") + option + "}"),
                HasSubstr("is for radiomics only"));
  EXPECT_THAT(refused("{modality: lesion, channels: [a], mask: m, filter: {reliability: 0.5}}"),
              HasSubstr("reliability is for radiomics only"));
  EXPECT_THAT(refused("{modality: clinical, columns: [a], filter: {variance: 0.5}}"),
              HasSubstr("is for lesion and radiomics only"));
  const auto reliability = [&](const std::string& options) {
    return refused("{modality: radiomics, from: t1, mask: seg, filter: {reliability: {" + options + "}}}");
  };
  EXPECT_THAT(reliability("minimum: 0.5, rotation: [0], volume: [0]"),
              HasSubstr("two perturbations or more"));
  EXPECT_THAT(reliability("cases: 1"), HasSubstr("0 (all) or at least 2"));
  EXPECT_THAT(reliability("contour: redrawn"), HasSubstr("kept, supervoxels, distance"));
  std::string angles = "0";
  for (int i = 1; i < 200; ++i) angles += ", " + std::to_string(i % 100);
  EXPECT_THAT(reliability("rotation: [" + angles + "]"), HasSubstr("256 at most"));
}

TEST_F(RadiomicsInput, ImagesThatAreNotThere) {
  const auto rad = [](const std::string& from) {
    return parsed("{modality: radiomics, from: " + from + ", mask: seg}");
  };
  const auto refused_with = [&](const std::string& from) {
    return failure(core::Fault::usage, [&] {
      read(manifest(), {{"mri", image_input({"t1", "t2"})}, {"rad", rad(from)}});
    });
  };
  EXPECT_THAT(refused_with("mri.t3"), HasSubstr("input rad: from: input `mri` has no channel `t3`"));
  EXPECT_THAT(refused_with("mr.t1"), AllOf(HasSubstr("neither an input `mr` nor a column `mr.t1`"),
                                           HasSubstr("did you mean `mri`")));
  EXPECT_THAT(data_failure(manifest(), {{"rad", rad("t4")}}), HasSubstr("there is no column `t4`"));
  EXPECT_NO_THROW(read(manifest(), {{"rad", rad("mri.t2")}}));  // a column of that name, without the input
  EXPECT_NO_THROW(read(manifest(), {{"rad", rad("t1")}}));
}

}  // namespace
}  // namespace photo51::data
