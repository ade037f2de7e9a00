#include <ATen/ATen.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LoaderTest : public CohortFolder {
 protected:
  void write_volume(const std::string& name, const at::Tensor& data) const {
    imaging::Geometry geometry;
    geometry.size = {data.size(3), data.size(2), data.size(1)};
    imaging::write_nifti(imaging::make_volume(data, geometry), folder_ / name);
  }
  /// Voxel value = seed * 1000 + index, so that no two are the same.
  static at::Tensor ramp(int64_t seed, at::IntArrayRef size = {1, 4, 5, 6}) {
    int64_t count = 1;
    for (const int64_t extent : size) count *= extent;
    return (at::arange(count, at::kFloat) + static_cast<float>(seed * 1000)).reshape(size);
  }
  /// Nine patients: t1 and flair and a mask; P2 lacks flair, P5 everything but genes.
  Cohort nine(const MriOptions& image, CohortOptions of = {}) const {
    std::string text = "patient,t1,flair,seg,idh,time,event\n", table = "gene";
    for (int i = 0; i < 9; ++i) {
      const std::string id = std::to_string(i);
      write_volume("t1_" + id + ".nii", ramp(i));
      write_volume("flair_" + id + ".nii", ramp(100 + i));
      write_volume("seg_" + id + ".nii", (ramp(0) > 50).to(at::kByte));
      const bool images = i != 5;
      text += "P" + id + "," + (images ? "t1_" + id + ".nii" : "") + "," +
              (images && i != 2 ? "flair_" + id + ".nii" : "") + "," + (images ? "seg_" + id + ".nii" : "") +
              "," + (i == 3 ? "" : std::to_string(i % 2)) + "," + std::to_string(i + 1) + "," +
              std::to_string(i % 3 == 0) + "\n";
      table += "\tP" + id;
    }
    write("cohort.csv", text);
    write("e.tsv", table + "\nA\t1\t2\t3\t4\t5\t6\t7\t8\t9\n");
    OmicsOptions genes;
    genes.table = "e.tsv";
    of.manifest = folder_ / "cohort.csv";
    return Cohort(of, {{"mri", data::input(image)}, {"genes", data::input(genes)}},
                  {label_spec("idh", "binary"), label_spec("os", "survival", "time", "event")});
  }
  static at::Tensor ramp_of_squares() { return ramp(3).square(); }
  /// The cohort of `nine` with the files that lie there now.
  Cohort nine_again(const MriOptions& image, CohortOptions of = {}) const {
    OmicsOptions genes;
    genes.table = "e.tsv";
    of.manifest = folder_ / "cohort.csv";
    return Cohort(of, {{"mri", data::input(image)}, {"genes", data::input(genes)}}, {});
  }
  static MriOptions mri() {
    auto options = image_input({"t1", "flair"}, "seg");
    options.preprocess.size = {6, 5, 4};
    return options;
  }
  static std::vector<Batch> all_batches(const Cohort& cohort, const FittedTransforms& fitted,
                                        const std::vector<int64_t>& rows, const core::SampleKey& key,
                                        const Loader::Options& options) {
    const CaseLoader cases(cohort, fitted);
    Loader loader(cohort, cases, fitted, rows, key, options);
    std::vector<Batch> batches;
    for (Batch batch; loader.next(batch);) batches.push_back(batch);
    return batches;
  }
  static std::vector<int64_t> every(const Cohort& cohort) {
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < cohort.size(); ++row) rows.push_back(row);
    return rows;
  }
  static void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].cases, b[i].cases);
      for (const auto& [name, input] : a[i].inputs) {
        EXPECT_TRUE(at::equal(input.values, b[i].inputs.at(name).values)) << name;
        EXPECT_TRUE(at::equal(input.present, b[i].inputs.at(name).present)) << name;
        if (input.channel_present.defined()) {
          EXPECT_TRUE(at::equal(input.channel_present, b[i].inputs.at(name).channel_present)) << name;
        }
      }
    }
  }
};

TEST_F(LoaderTest, LoadsWhatLiesOnDisk) {
  const auto cohort = nine(mri());
  const CaseLoader cases(cohort, fit(cohort, every(cohort)));
  const auto loaded = cases.load(3);
  EXPECT_EQ(loaded.id, "P3");
  const auto& image = loaded.inputs.at("mri");
  EXPECT_EQ(image.values.sizes(), at::IntArrayRef({3, 4, 5, 6}));
  // The files lie in RAS or LPS as their header says; the values are the same voxels either way.
  EXPECT_TRUE(at::equal(std::get<0>(image.values[0].flatten().sort()), ramp(3).flatten()));
  EXPECT_TRUE(at::equal(image.values[1] - image.values[0], at::full({4, 5, 6}, 100000.0F)));
  EXPECT_TRUE(at::equal(image.values[2], (image.values[0] > 3050).to(at::kFloat)));
  EXPECT_TRUE(image.channel_present.all().item<bool>());
  EXPECT_FALSE(loaded.labels.at("idh").known);
  EXPECT_EQ(loaded.labels.at("os").value, 4);

  const auto second = cases.load(2);
  EXPECT_TRUE(at::equal(second.inputs.at("mri").channel_present, at::tensor({1, 0, 1}).to(at::kBool)));
  EXPECT_EQ(second.inputs.at("mri").values[1].abs().max().item<float>(), 0);
  EXPECT_FALSE(cases.load(5).inputs.at("mri").values.defined());
}

TEST_F(LoaderTest, BatchesCarryMasks) {
  const auto cohort = nine(mri());
  const auto fitted = fit(cohort, every(cohort));
  const auto batches = all_batches(cohort, fitted, {2, 3, 5, 0}, {}, {.batch_size = 3, .on_bad = {}});
  ASSERT_EQ(batches.size(), 2U);
  const Batch& first = batches[0];
  EXPECT_THAT(first.cases, ElementsAre("P2", "P3", "P5"));
  EXPECT_EQ(first.inputs.at("mri").values.sizes(), at::IntArrayRef({3, 3, 4, 5, 6}));
  EXPECT_TRUE(at::equal(first.inputs.at("mri").present, at::tensor({1, 1, 0}).to(at::kBool)));
  EXPECT_EQ(first.inputs.at("mri").values[2].abs().max().item<float>(), 0);
  EXPECT_EQ(first.inputs.at("genes").values.sizes(), at::IntArrayRef({3, 1}));
  EXPECT_TRUE(first.inputs.at("genes").present.all().item<bool>());
  EXPECT_FALSE(first.inputs.at("genes").channel_present.defined());
  EXPECT_TRUE(at::equal(first.labels.at("idh").known, at::tensor({1, 0, 1}).to(at::kBool)));
  EXPECT_TRUE(at::equal(first.labels.at("idh").value, at::tensor({0.0F, 0.0F, 1.0F})));
  EXPECT_FALSE(first.labels.at("idh").event.defined());
  EXPECT_TRUE(at::equal(first.labels.at("os").value, at::tensor({3.0F, 4.0F, 6.0F})));
  EXPECT_TRUE(at::equal(first.labels.at("os").event, at::tensor({0, 1, 0}).to(at::kBool)));
  EXPECT_THAT(batches[1].cases, ElementsAre("P0"));
}

TEST_F(LoaderTest, NumberOfWorkersChangesNothing) {
  auto image = mri();
  image.augment.flip = {preprocess::Axis::x, preprocess::Axis::y};
  image.augment.affine_probability = 1;
  image.augment.rotate = 20;
  image.augment.intensity_probability = 1;
  image.augment.noise = 0.5;
  image.augment.drop_channel = 0.3;
  const auto cohort = nine(image);
  const auto fitted = fit(cohort, every(cohort));
  const std::vector<int64_t> rows{8, 1, 0, 2, 7, 6, 5, 4, 3};
  const core::SampleKey key{.seed = 3, .epoch = 1};
  const auto none = all_batches(cohort, fitted, rows, key, {.batch_size = 2, .workers = 0, .on_bad = {}});
  for (const int64_t workers : {1, 2, 5})
    expect_same(none, all_batches(cohort, fitted, rows, key,
                                  {.batch_size = 2, .workers = workers, .prefetch = 3, .on_bad = {}}));
  // The order of the cases does not change a case, the epoch does.
  const CaseLoader cases(cohort, fitted);
  const auto one = cases.load(8, key).inputs.at("mri").values;
  EXPECT_TRUE(at::equal(one, none[0].inputs.at("mri").values[0]));
  EXPECT_FALSE(at::equal(one, cases.load(8, {.seed = 3, .epoch = 2}).inputs.at("mri").values));
  // A dropped channel is blank and says so.
  for (const auto& batch : none) {
    const auto& input = batch.inputs.at("mri");
    const auto blank = input.values.abs().amax({2, 3, 4}) == 0;
    EXPECT_TRUE(blank.logical_or(input.channel_present).all().item<bool>());
  }
}

TEST_F(LoaderTest, CacheChangesNothing) {
  auto image = mri();
  image.augment.flip = {preprocess::Axis::x};
  image.augment.intensity_probability = 1;
  image.augment.noise = 1;
  const auto cohort = nine(image);
  const auto fitted = fit(cohort, every(cohort));
  const CaseLoader with(cohort, fitted, 64), without(cohort, fitted, 0);
  for (const int64_t epoch : {0, 1, -1, 0})
    EXPECT_TRUE(at::equal(with.load(1, {.seed = 0, .epoch = epoch}).inputs.at("mri").values,
                          without.load(1, {.seed = 0, .epoch = epoch}).inputs.at("mri").values));
}

TEST_F(LoaderTest, PreparedCasesAreNotDecodedAgain) {
  const auto cohort = nine(mri());
  const auto fitted = fit(cohort, every(cohort));
  const CaseLoader cases(cohort, fitted);
  const auto before = cases.load(1).inputs.at("mri").values;
  std::filesystem::remove(folder_ / "t1_1.nii");
  EXPECT_TRUE(at::equal(before, cases.load(1).inputs.at("mri").values));
  EXPECT_THROW(CaseLoader(cohort, fitted).load(1), core::Error);

  // Another fold shares the images and has its own scalings.
  const auto few = fit(cohort, {0, 1, 2});
  const CaseLoader fold(cases, few);
  EXPECT_TRUE(at::equal(before, fold.load(1).inputs.at("mri").values));
  EXPECT_FALSE(at::equal(fold.load(8).inputs.at("genes").values, cases.load(8).inputs.at("genes").values));
}

TEST_F(LoaderTest, HistogramsAreLearnedFromTheTrainingPart) {
  auto image = mri();
  image.preprocess.normalize.method = preprocess::NormalizeMethod::histogram;
  image.preprocess.normalize.region = preprocess::NormalizeRegion::all;
  const auto cohort = nine(image);
  const auto fitted = fit(cohort, {0, 1, 2, 5});
  const CaseLoader cases(cohort, fitted);
  // A ramp is a ramp on any scale: its percentiles become 0 and 1.
  const auto values = cases.load(0).inputs.at("mri").values;
  const auto ramp = values[0].flatten();
  EXPECT_NEAR(ramp[0].item<float>(), -0.005 / 0.99, 1e-4);
  EXPECT_NEAR(ramp[119].item<float>(), 1 + 0.005 / 0.99, 1e-4);
  EXPECT_TRUE(at::allclose(values[0], cases.load(8).inputs.at("mri").values[0], 1e-3, 1e-4));
  EXPECT_TRUE(values[2].eq(0).logical_or(values[2].eq(1)).all().item<bool>());     // the mask
  EXPECT_TRUE(cases.load(2).inputs.at("mri").values[1].eq(0).all().item<bool>());  // no flair
  // A scan outside the training part leaves no trace; one inside does.
  write_volume("t1_8.nii", ramp_of_squares());
  EXPECT_EQ(to_json(fit(nine_again(image), {0, 1, 2, 5})), to_json(fitted));
  EXPECT_NE(to_json(fit(nine_again(image), {0, 1, 2, 5, 8})), to_json(fitted));
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(cohort, {}); }), HasSubstr("nothing was fitted"));
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {5}); }),
              HasSubstr("input mri: channel t1: no training image"));
  // A scan that cannot be read is an error, or left to the loader to count.
  write("t1_1.nii", "broken");
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(nine_again(image), {0, 1}); }), HasSubstr("case P1"));
  CohortOptions skip;
  skip.on_bad_case = BadCase::skip;
  const auto learned = [&](const std::vector<int64_t>& rows) {
    return nlohmann::json::parse(to_json(fit(nine_again(image, skip), rows)))["inputs"]["mri"];
  };
  EXPECT_EQ(learned({0, 1, 2}), learned({0, 2}));
}

TEST_F(LoaderTest, FlipsForTestTimeAugmentation) {
  const auto cohort = nine(mri());
  const CaseLoader cases(cohort, fit(cohort, every(cohort)));
  const auto plain = cases.load(0).inputs.at("mri").values;
  EXPECT_TRUE(at::equal(cases.load(0, {}, {preprocess::Axis::x}).inputs.at("mri").values, plain.flip({3})));
  EXPECT_TRUE(at::equal(cases.load(0, {}, {preprocess::Axis::z, preprocess::Axis::y}).inputs.at("mri").values,
                        plain.flip({1, 2})));
}

TEST_F(LoaderTest, OneSliceImagesAreFlat) {
  write_volume("s.nii", ramp(1, {1, 1, 5, 6}));
  write_volume("v.nii", ramp(1, {1, 2, 5, 6}));
  auto image = image_input({"t1"});
  image.dims = 2;
  const auto cohort = read("patient,t1\nP1,s.nii\nP2,v.nii\n", {{"mri", data::input(image)}});
  const CaseLoader cases(cohort, {});
  EXPECT_EQ(cases.load(0).inputs.at("mri").values.sizes(), at::IntArrayRef({1, 5, 6}));
  EXPECT_THAT(failure(core::Fault::data, [&] { cases.load(1); }),
              HasSubstr("takes one slice, but this image has 2"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { cases.load(0, {}, {preprocess::Axis::z}); }),
              HasSubstr("there is no axis `z` in a 2D image"));
  image.preprocess.size = {6, 5, 2};
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        input_info({{"mri", data::input(image)}}, {});
                      }),
              HasSubstr("set preprocess.size to [6, 5, 1]"));
  image.preprocess.size = {6, 5, 1};
  EXPECT_THAT(input_info({{"mri", data::input(image)}}, {}).at("mri").size, ElementsAre(5, 6));
}

TEST_F(LoaderTest, InputInfoOfImages) {
  auto image = mri();
  auto info = input_info({{"mri", data::input(image)}}, {}).at("mri");
  EXPECT_TRUE(info.image);
  EXPECT_EQ(info.channels, 3);
  EXPECT_THAT(info.size, ElementsAre(4, 5, 6));
  image.mask_channel = false;
  EXPECT_EQ(input_info({{"mri", data::input(image)}}, {}).at("mri").channels, 2);
}

TEST_F(LoaderTest, BadCasesStopOrAreLeftOut) {
  CohortOptions of;
  of.on_bad_case = BadCase::skip;
  const auto cohort = nine(mri(), of);
  const auto fitted = fit(cohort, every(cohort));
  write("t1_4.nii", core::read_file(folder_ / "t1_4.nii").substr(0, 400));
  std::filesystem::remove(folder_ / "flair_7.nii");
  const std::vector<int64_t> rows = every(cohort);
  for (const int64_t workers : {0, 2}) {
    const auto what = failure(core::Fault::data, [&] {
      all_batches(cohort, fitted, rows, {}, {.batch_size = 4, .workers = workers, .on_bad = {}});
    });
    EXPECT_THAT(what, HasSubstr("case P4: input mri: channel t1: "));
    EXPECT_THAT(what, HasSubstr("t1_4.nii"));
    std::vector<int64_t> bad;
    const auto batches =
        all_batches(cohort, fitted, rows, {},
                    {.batch_size = 4,
                     .workers = workers,
                     .prefetch = 1,
                     .skip_bad = true,
                     .on_bad = [&](int64_t row, const std::string&) { bad.push_back(row); }});
    EXPECT_THAT(bad, ElementsAre(4, 7));
    ASSERT_EQ(batches.size(), 3U);
    EXPECT_THAT(batches[0].cases, ElementsAre("P0", "P1", "P2", "P3"));
    EXPECT_THAT(batches[1].cases, ElementsAre("P5", "P6"));
    EXPECT_THAT(batches[2].cases, ElementsAre("P8"));
    EXPECT_TRUE(
        all_batches(cohort, fitted, {4, 7}, {},
                    {.batch_size = 1, .workers = workers, .prefetch = 1, .skip_bad = true, .on_bad = {}})
            .empty());
  }
}

TEST_F(LoaderTest, ABadCaseThatIsLeftOutIsNamedOnce) {
  write_volume("a.nii", ramp(1));
  write("bad.nii", "no image");
  const auto cohort = read("patient,t1\nP1,a.nii\nP2,bad.nii\n", {{"mri", data::input(image_input({"t1"}))}});
  ::testing::internal::CaptureStderr();
  all_batches(cohort, {}, {0, 1}, {}, {.batch_size = 2, .workers = 0, .skip_bad = true, .on_bad = {}});
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("case P2 is left out: input mri: channel t1: "));
  EXPECT_EQ(said.find("case P2"), said.rfind("case P2")) << said;
  ASSERT_EQ(cohort.warnings().size(), 1U);
  EXPECT_EQ(cohort.warnings()[0].case_id, "P2");
  EXPECT_TRUE(cohort.warnings()[0].text.starts_with("is left out: input mri: ")) << cohort.warnings()[0].text;
  // A reason that does not name the case is said as it is, even where it begins with another's name.
  cohort.report_left_out("P1", "case P11: has nothing");
  EXPECT_EQ(cohort.warnings()[0].text, "is left out: case P11: has nothing");
}

TEST_F(LoaderTest, ACaseNeedsAnInput) {
  const auto cohort = read("patient,t1\nP1,\n", {{"mri", data::input(image_input({"t1"}))}});
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(cohort, {}).load(0); }),
              HasSubstr("case P1: it has none of the inputs mri"));
}

TEST_F(LoaderTest, CollateRefusesMixedShapes) {
  write_volume("a.nii", ramp(1));
  write_volume("b.nii", ramp(1, {1, 4, 5, 7}));
  const auto cohort = read("patient,t1\nP1,a.nii\nP2,b.nii\n", {{"mri", data::input(image_input({"t1"}))}});
  const CaseLoader cases(cohort, {});
  const std::vector<Case> both{cases.load(0), cases.load(1)};
  const auto info = input_info(cohort.inputs(), {});
  EXPECT_THAT(
      failure(core::Fault::usage, [&] { collate(both, info, {}); }),
      HasSubstr("case P2 has the shape [1, 4, 5, 7], but case P1 has [1, 4, 5, 6]; set preprocess.size"));
  EXPECT_EQ(collate({both[1]}, info, {}).inputs.at("mri").values.sizes(), at::IntArrayRef({1, 1, 4, 5, 7}));
  auto sized = info;
  sized.at("mri").size = {4, 5, 6};
  EXPECT_THAT(failure(core::Fault::usage, [&] { collate({both[1]}, sized, {}); }),
              HasSubstr("but the model takes [1, 4, 5, 6]"));
  EXPECT_EQ(collate({Case{.id = "P9", .site = "", .inputs = {}, .labels = {}}}, info, {})
                .inputs.at("mri")
                .values.sizes(),
            at::IntArrayRef({1, 1, 1, 1, 1}));
}

TEST_F(LoaderTest, RefusesAnEmptyBatch) {
  const auto cohort = read("patient,t1\nP1,\n", {{"mri", data::input(image_input({"t1"}))}});
  const CaseLoader cases(cohort, {});
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] { Loader(cohort, cases, {}, {0}, {}, {.batch_size = 0, .on_bad = {}}); }),
              HasSubstr("batch_size must be at least 1"));
}

TEST_F(LoaderTest, LggCohort) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  auto image = image_input({"pre", "flair", "post"}, "seg");
  image.preprocess.size = {32, 32, 8};
  image.preprocess.crop.around = preprocess::CropAround::mask;
  image.preprocess.normalize.method = preprocess::NormalizeMethod::zscore;
  OmicsOptions genes;
  genes.table = "expression";
  CohortOptions of;
  of.manifest = test::shared_data() / "lgg" / "cohort.csv";
  auto codel = label_spec("codel", "binary", "codel_1p19q");
  const Cohort cohort(
      of, {{"mri", data::input(image)}, {"genes", data::input(genes)}},
      {codel, label_spec("rna", "multiclass", "rna_cluster"), label_spec("os", "survival", "time", "event")});
  ASSERT_EQ(cohort.size(), 75);
  std::map<std::string, int> sites;
  int positives = 0, known = 0, events = 0;
  for (int64_t row = 0; row < cohort.size(); ++row) {
    ++sites[cohort.site(row)];
    known += cohort.label(row, "codel").known;
    positives += cohort.label(row, "codel").value == 1;
    events += cohort.label(row, "os").event;
  }
  EXPECT_EQ(sites, (std::map<std::string, int>{{"CS", 16}, {"DU", 45}, {"FG", 14}}));
  EXPECT_EQ(known, 74);
  EXPECT_EQ(positives, 15);
  EXPECT_EQ(events, 24);
  EXPECT_THAT(cohort.labels()[1].classes, ElementsAre("R1", "R2", "R3", "R4"));

  SplitOptions options;
  options.hold_out = {"CS"};
  options.folds = 5;
  const auto split = split_cohort(cohort, options);
  EXPECT_EQ(split.test.size(), 16U);
  check_leakage(cohort, split);
  const auto fitted = fit(cohort, split.folds[0].train);
  EXPECT_GT(input_info(cohort.inputs(), fitted).at("genes").channels, 1500);
  const auto batches =
      all_batches(cohort, fitted, {0, 1, 2, 3, 40}, {.seed = 0, .epoch = 0}, {.batch_size = 4, .on_bad = {}});
  ASSERT_EQ(batches.size(), 2U);
  const auto& values = batches[0].inputs.at("mri").values;
  EXPECT_EQ(values.sizes(), at::IntArrayRef({4, 4, 8, 32, 32}));
  EXPECT_TRUE(at::isfinite(values).all().item<bool>());
  EXPECT_GT(values.select(1, 3).sum().item<float>(), 0);
}

TEST_F(LoaderTest, AColumnNamesAChannelsRegistration) {
  write_volume("a.nii", ramp(1));
  write_volume("b.nii", ramp(2));
  write("move.txt", "1 0 0 1\n0 1 0 0\n0 0 1 0\n");  // what lies at x in t1 lies at x + 1 in flair
  const auto load = [&](const std::string& registration) {
    const auto cohort = read("patient,t1,flair,flair.registration\nP,a.nii,b.nii," + registration + "\n",
                             {{"mri", data::input(image_input({"t1", "flair"}))}});
    return CaseLoader(cohort, {}, 0).load(0).inputs.at("mri").values;
  };
  const auto plain = load(""), moved = load("move.txt");
  EXPECT_TRUE(at::equal(moved[0], plain[0]));
  EXPECT_LT((moved[1].slice(2, 0, 5) - plain[1].slice(2, 1, 6)).abs().max().item<double>(), 1e-4);
  auto bag = image_input({"t1", "flair"});
  bag.bag = BagMode::always;
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        read("patient,t1,flair,flair.registration\nP,a.nii,b.nii,move.txt\n",
                             {{"mri", data::input(bag)}});
                      }),
              HasSubstr("column `flair.registration`: the images of a bag"));
  write("broken.txt", "1 2 3");
  EXPECT_THAT(
      failure(core::Fault::data, [&] { load("broken.txt"); }),
      ::testing::AllOf(HasSubstr("case P: input mri: channel flair: registration"), HasSubstr("broken.txt")));
}

}  // namespace
}  // namespace photo51::data
