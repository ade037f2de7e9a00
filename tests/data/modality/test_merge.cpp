// What two parts learned, added up: as if they had been one, or an error that names another way.
#include <nlohmann/json.hpp>

#include "data/images/histogram_landmarks.hpp"
#include "data/tables/categories.hpp"
#include "data/tables/moments.hpp"
#include "data/tabular_fixture.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/data/modality/radiomics.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

/// The same structure, and numbers that agree to `within` of their magnitude.
void expect_alike(const Json& one, const Json& other, double within, const std::string& place = "") {
  ASSERT_EQ(one.type(), other.type()) << place;
  if (one.is_number_float()) {
    const auto a = one.get<double>(), b = other.get<double>();
    EXPECT_NEAR(a, b, within * std::max(1.0, std::abs(b))) << place;
  } else if (one.is_structured()) {
    ASSERT_EQ(one.size(), other.size()) << place;
    for (auto a = one.begin(), b = other.begin(); a != one.end(); ++a, ++b)
      expect_alike(*a, *b, within, place + "/");
  } else {
    EXPECT_EQ(one, other) << place;
  }
}

class MergeTest : public TabularTest {
 protected:
  /// Both halves of `rows` together against all of them at once.
  static void expect_halves_are_the_whole(const Cohort& cohort, int64_t rows, double within = 1e-12) {
    std::vector<int64_t> all, first, second;
    for (int64_t row = 0; row < rows; ++row) {
      all.push_back(row);
      (row % 3 == 0 ? first : second).push_back(row);
    }
    const auto merged = merge(fit(cohort, first), fit(cohort, second));
    expect_alike(Json::parse(to_json(merged)), Json::parse(to_json(fit(cohort, all))), within);
    const auto again = merge(fit(cohort, second), fit(cohort, first));
    expect_alike(Json::parse(to_json(again)), Json::parse(to_json(merged)), within);
  }
  /// What `merge` says of a state with itself.
  static std::string refused(const FittedTransforms& fitted) {
    return failure(core::Fault::usage, [&] { merge(fitted, fitted); });
  }
};

TEST(MergeMoments, HalvesAreTheWhole) {
  core::Random random({5});
  std::vector<double> all, first, second;
  for (int i = 0; i < 101; ++i) {
    all.push_back(i == 7 ? NAN : 1e3 + random.normal());
    (i % 4 == 1 ? first : second).push_back(all.back());
  }
  const Moments merged = merge(moments(first), moments(second)), whole = moments(all);
  EXPECT_NEAR(merged.mean, whole.mean, 1e-12 * whole.mean);
  EXPECT_NEAR(merged.deviation, whole.deviation, 1e-12 * whole.mean);
  EXPECT_EQ(merged.count, 100);
  const Moments none = moments({NAN});
  EXPECT_EQ(merge(none, none).count, 0);
  EXPECT_EQ(merge(none, whole).mean, whole.mean);
  EXPECT_NEAR(merge(whole, none).deviation, whole.deviation, 1e-15);
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        merge(whole, {1, 2, {}});
                      }),
              HasSubstr("does not keep how many cases stand behind it"));
}

TEST(MergeCategories, AreAUnionAndTheirPatientsAddUp) {
  const CategoryList one{{"b", "d"}, {{2, 3}}}, other{{"a", "b"}, {{1, 4}}};
  const CategoryList both = merge(one, other);
  EXPECT_EQ(both.names, (Categories{"a", "b", "d"}));
  EXPECT_EQ(*both.counts, (std::vector<int64_t>{1, 6, 3}));
  const CategoryList hidden{{std::nullopt, "b"}, {{1, 4}}}, uncounted{{"a"}, {}};
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(one, hidden); }), HasSubstr("names were left out"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(uncounted, one); }),
              HasSubstr("does not keep how many cases"));
}

TEST_F(MergeTest, ClinicalColumns) {
  core::Random random({9});
  std::string text = "patient,age,sex\n";
  for (int i = 0; i < 30; ++i)
    text += "P" + std::to_string(i) + "," + (i == 4 ? "" : core::format_number(60 + 9 * random.normal())) +
            "," + (i % 7 == 3 ? "" : (i % 5 < 2 ? "f" : "m")) + "\n";
  ClinicalOptions person;
  person.columns = {"age", "sex"};
  const Cohort cohort = read(text, {{"in", data::input(person)}});
  expect_halves_are_the_whole(cohort, 30);
  const auto fitted = fit(cohort, {0, 1, 2, 3});
  EXPECT_THAT(refused(fitted_from(to_json(fitted), cohort.inputs())),
              AllOf(HasSubstr("input in: column `age`"), HasSubstr("merge what `fit` made")));
  FittedTransforms none = fitted;
  none.inputs.clear();
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(fitted, none); }),
              HasSubstr("was fitted in one of the parts only"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(none, fitted); }),
              HasSubstr("was fitted in one of the parts only"));
}

TEST_F(MergeTest, ColumnsThatDiffer) {
  ClinicalOptions person;
  person.columns = {"x"};
  const Cohort cohort = read("patient,x\nP1,4\nP2,5\nP3,low\nP4,high\n", {{"in", data::input(person)}});
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        merge(fit(cohort, {0, 1}), fit(cohort, {2, 3}));
                      }),
              HasSubstr("input in: column `x` is numbers in one part, and `x` text in the other"));
  person.columns = {"x", "patient"};
  const Cohort more = read("patient,x\nP1,4\nP2,5\n", {{"in", data::input(person)}});
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        merge(fit(cohort, {0, 1}), fit(more, {0, 1}));
                      }),
              HasSubstr("the parts have different columns"));
}

TEST_F(MergeTest, GenesWithTheChoiceOfTheMostVariable) {
  core::Random random({21});
  std::string text = "patient\n", table = "gene";
  for (int i = 0; i < 24; ++i) {
    text += "P" + std::to_string(i) + "\n";
    table += "\tP" + std::to_string(i);
  }
  for (int gene = 0; gene < 12; ++gene) {
    table += "\nG" + std::to_string(gene);
    for (int i = 0; i < 24; ++i)
      table += "\t" + (gene == 5 ? "3" : core::format_number((1 + gene % 4) * random.normal() + gene));
  }
  write("e.tsv", table + "\n");
  OmicsOptions genes;
  genes.table = "e.tsv";
  expect_halves_are_the_whole(read(text, {{"in", data::input(genes)}}), 24);
  genes.top_variable = 5;
  const Cohort cohort = read(text, {{"in", data::input(genes)}});
  expect_halves_are_the_whole(cohort, 24);
  EXPECT_THAT(refused(fitted_from(to_json(fit(cohort, {0, 1, 2})), cohort.inputs())),
              HasSubstr("input in: was read from a model's file"));
}

TEST_F(MergeTest, MutationsOfAnyGene) {
  const std::string header = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\n";
  std::string text = "patient,maf\n";
  for (int i = 0; i < 9; ++i) {
    const std::string id = "P" + std::to_string(i), gene(1, "ABC"[i % 4 % 3]);
    write(id + ".maf", header + gene + "\tMissense_Mutation\t" + id + "\n");
    text += id + "," + id + ".maf\n";
  }
  OmicsOptions genes;
  genes.table = "maf";
  const Cohort cohort = read(text, {{"in", data::input(genes)}});
  expect_halves_are_the_whole(cohort, 9);
  write("e.tsv", "gene\tP0\tP1\nA\t1\t2\n");
  genes.table = "e.tsv";
  const Cohort numbers = read("patient\nP0\nP1\n", {{"in", data::input(genes)}});
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        merge(fit(cohort, {0, 1, 2}), fit(numbers, {0, 1}));
                      }),
              HasSubstr("give both as tables of one kind"));
  write("f.tsv", "gene\tP0\tP1\nZ\t1\t2\n");
  genes.table = "f.tsv";
  const Cohort others = read("patient\nP0\nP1\n", {{"in", data::input(genes)}});
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        merge(fit(others, {0, 1}), fit(numbers, {0, 1}));
                      }),
              HasSubstr("the parts' tables have no gene in common"));
}

TEST_F(MergeTest, LandmarksOfHistograms) {
  core::Random random({3});
  imaging::Geometry geometry;
  geometry.size = {6, 5, 4};
  std::string text = "patient,t1\n";
  for (int i = 0; i < 7; ++i) {
    auto values = at::empty({1, 4, 5, 6}, at::kFloat);
    for (int64_t k = 0; k < 120; ++k)
      values.data_ptr<float>()[k] = static_cast<float>(random.normal() * (1 + i));
    const std::string name = "t" + std::to_string(i) + ".nii";
    imaging::write_nifti(imaging::make_volume(values, geometry), folder_ / name);
    text += "P" + std::to_string(i) + "," + name + "\n";
  }
  auto options = image_input({"t1"});
  options.preprocess.normalize.method = preprocess::NormalizeMethod::histogram;
  options.preprocess.normalize.region = preprocess::NormalizeRegion::all;
  const Cohort cohort = read(text, {{"in", data::input(options)}});
  expect_halves_are_the_whole(cohort, 7);
  EXPECT_THAT(refused(fitted_from(to_json(fit(cohort, {0, 1})), cohort.inputs())),
              HasSubstr("input in: was read from a model's file"));
  FittedLandmarks one, two;
  one.landmarks = {{0, 1}};
  one.counts = {1};
  two.landmarks = {{0, 1}, {0, 1}};
  two.counts = {1, 1};
  EXPECT_THAT(failure(core::Fault::usage, [&] { one.merged(two); }), HasSubstr("different channels"));
}

TEST_F(MergeTest, ClassesHaveToBeTheSame) {
  FittedTransforms one, other;
  one.classes["grade"] = {"II", "III"};
  other.classes["grade"] = {"II", "IV"};
  EXPECT_EQ(merge(one, one).classes, one.classes);
  EXPECT_THAT(
      failure(core::Fault::usage, [&] { merge(one, other); }),
      AllOf(HasSubstr("head grade"), HasSubstr("II, III"), HasSubstr("name them with the head's `classes`")));
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge({}, other); }),
              HasSubstr("one part knows no words of it"));
}

/// The sums agree to 1e-12; the iteration that follows makes more of a rounding.
constexpr double iterated = 1e-10;

TEST_F(MergeTest, HarmonizedColumns) {
  core::Random random({17});
  std::string text = "patient,site,age,a,b,c\n";
  for (int i = 0; i < 48; ++i) {
    text += "P" + std::to_string(i) + "," + std::string(1, "NSW"[i % 4 % 3]) + "," + std::to_string(40 + i);
    for (int f = 0; f < 3; ++f)
      text +=
          "," + (i == 7 + f ? "" : core::format_number((1 + i % 4 % 3) * random.normal() + f + i % 4 % 3));
    text += "\n";
  }
  ClinicalOptions person;
  person.columns = {"a", "b", "c"};
  person.harmonize.method = HarmonizeMethod::combat;
  expect_halves_are_the_whole(read(text, {{"in", data::input(person)}}), 48, iterated);
  person.harmonize.reference = "S";
  expect_halves_are_the_whole(read(text, {{"in", data::input(person)}}), 48, iterated);
  person.harmonize.mean_only = true;
  const Cohort cohort = read(text, {{"in", data::input(person)}});
  expect_halves_are_the_whole(cohort, 48, iterated);
  const auto fitted = fit(cohort, {0, 1, 2, 3, 4, 5});
  ClinicalOptions plain = person;
  plain.harmonize = {};
  const auto as_is = fit(read(text, {{"in", data::input(plain)}}), {0, 1, 2, 3, 4, 5});
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(fitted, as_is); }),
              HasSubstr("only one of the parts was harmonized"));
  person.harmonize.covariates = {"age"};
  EXPECT_THAT(refused(fit(read(text, {{"in", data::input(person)}}), {0, 1, 2, 3, 4, 5, 6, 7})),
              AllOf(HasSubstr("input in: harmonize.covariates are coded by each part's own values"),
                    HasSubstr("leave them out")));
}

TEST_F(MergeTest, HarmonizedGenes) {
  core::Random random({29});
  std::string text = "patient,site\n", table = "gene";
  for (int i = 0; i < 36; ++i) {
    text += "P" + std::to_string(i) + (i % 2 == 0 ? ",N\n" : ",S\n");
    table += "\tP" + std::to_string(i);
  }
  for (int gene = 0; gene < 8; ++gene) {
    table += "\nG" + std::to_string(gene);
    for (int i = 0; i < 36; ++i)
      table += "\t" + core::format_number((1 + gene % 4) * random.normal() + gene + 3 * (i % 2));
  }
  write("e.tsv", table + "\n");
  OmicsOptions genes;
  genes.table = "e.tsv";
  genes.top_variable = 5;
  genes.harmonize.method = HarmonizeMethod::combat;
  expect_halves_are_the_whole(read(text, {{"in", data::input(genes)}}), 36, iterated);

  const std::string header = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\n";
  const auto mutated = [&](const std::string& name, const std::string& gene) {
    write(name, header + gene + "\tMissense_Mutation\tP0\n" + gene + "\tMissense_Mutation\tP1\n" + gene +
                    "\tMissense_Mutation\tP4\nX\tMissense_Mutation\tP2\n");
    genes.table = name;
    genes.top_variable = 0;
    return fit(read(text, {{"in", data::input(genes)}}), {0, 1, 2, 3, 4, 5});
  };
  const auto one = mutated("one.maf", "A"), other = mutated("other.maf", "B");
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(one, other); }),
              AllOf(HasSubstr("stands in one part's tables only"), HasSubstr("harmonize.method: none")));
}

TEST_F(MergeTest, StatesOfOtherModalitiesAreRefused) {
  ClinicalOptions person;
  person.columns = {"age"};
  const Cohort clinical = read("patient,age\nP1,4\nP2,5\n", {{"in", data::input(person)}});
  write("e.tsv", "gene\tP1\tP2\nA\t1\t2\n");
  OmicsOptions genes;
  genes.table = "e.tsv";
  const Cohort omics = read("patient,age\nP1,4\nP2,5\n", {{"in", data::input(genes)}});
  const auto numbers = fit(clinical, {0, 1}), tables = fit(omics, {0, 1});
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(numbers, tables); }),
              HasSubstr("input in: the other part's state is of another modality"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { CaseLoader(clinical, tables); }),
              HasSubstr("input in: what was fitted is of another modality"));
}

}  // namespace
}  // namespace photo51::data
