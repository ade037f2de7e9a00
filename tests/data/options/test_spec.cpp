#include "data/fixture.hpp"
#include "photo51/config/read.hpp"
#include "photo51/data/modality/mri.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/data/options/cohort.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Options>
Options parsed(const std::string& yaml) {
  Options options;
  config::read(config::parse_yaml(yaml, "c.yaml"), options);
  return options;
}
template <class Options>
std::string refused(const std::string& yaml) {
  return failure(core::Fault::usage, [&] { parsed<Options>(yaml); });
}

std::string refused_input(const std::string& yaml) {
  return failure(core::Fault::usage, [&] { read_input(yaml); });
}

TEST(Spec, CohortReadsTheDesignsSample) {
  const auto options = parsed<CohortOptions>(
      "manifest: /a/cohort.csv\nsplit: {by: site, hold_out: [HT], folds: 5, seed: 7}\n");
  EXPECT_EQ(options.manifest, "/a/cohort.csv");
  EXPECT_EQ(options.split.by, "site");
  EXPECT_THAT(options.split.hold_out, ElementsAre("HT"));
  EXPECT_EQ(options.split.folds, 5);
  EXPECT_EQ(options.split.seed, 7);
  EXPECT_EQ(options.id, "patient");
}

TEST(Spec, InputsReadTheDesignsSample) {
  const config::Choice choice = read_input("{modality: mri, channels: [t1c, flair], mask: seg}");
  const auto& image = choice.as<MriOptions>();
  EXPECT_THAT(image.channels, ElementsAre("t1c", "flair"));
  EXPECT_EQ(image.mask, "seg");
  EXPECT_TRUE(image.mask_channel);
  EXPECT_TRUE(is_image(choice));
  const config::Choice table = read_input("{modality: omics, table: expression.tsv, sets: /a/hallmark.gmt}");
  const auto& genes = table.as<OmicsOptions>();
  EXPECT_EQ(genes.table, "expression.tsv");
  EXPECT_EQ(genes.sets, "/a/hallmark.gmt");
  EXPECT_FALSE(is_image(table));
}

TEST(Spec, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(refused<SplitOptions>("{folds: 1}"), HasSubstr("must be 0 (one split) or at least 2"));
  EXPECT_THAT(refused<SplitOptions>("{hold_out: [A], test_fraction: 0.2}"), HasSubstr("not both"));
  EXPECT_THAT(refused<SplitOptions>("{test_fraction: 1.5}"), HasSubstr("at most 0.9"));
  EXPECT_THAT(refused<SplitOptions>("{held_out: [A]}"), HasSubstr("hold_out"));
  EXPECT_THAT(refused<CohortOptions>("{on_bad_case: ignore}"), HasSubstr("error, skip"));
  EXPECT_THAT(refused_input("{channels: [a]}"), HasSubstr("modality"));
  EXPECT_THAT(refused_input("{modality: mir, channels: [a]}"), HasSubstr("did you mean `mri`"));
  EXPECT_THAT(refused_input("{modality: mri}"), HasSubstr("name at least one channel"));
  EXPECT_THAT(refused_input("{modality: lesion, channels: [a]}"), HasSubstr("need the lesion's mask"));
  EXPECT_THAT(refused_input("{modality: lesion, channels: [a], mask: m, descriptors: [a_drak]}"),
              HasSubstr("did you mean `a_dark`"));
  EXPECT_THAT(refused_input("{modality: body_lesion, channels: [a]}"), HasSubstr("need the lesion's mask"));
  EXPECT_THAT(refused_input("{modality: body_lesion, channels: [a], mask: m, descriptors: [a_dark]}"),
              HasSubstr("no descriptor of these channels is named `a_dark`"));
  EXPECT_THAT(refused_input("{modality: mri, channels: [a], descriptors: [a_dark]}"),
              HasSubstr("descriptors: unknown key"));
  EXPECT_THAT(refused_input("{modality: ct, channels: [a], suv: bw}"), HasSubstr("suv: unknown key"));
  EXPECT_THAT(refused<CohortOptions>("{privacy: loose}"), HasSubstr("warn, strict, ignore"));
  EXPECT_THAT(refused_input("{modality: omics}"), HasSubstr("needs an expression table"));
  EXPECT_THAT(refused_input("{modality: omics, table: e, channels: [a]}"),
              HasSubstr("channels: unknown key"));
  EXPECT_THAT(refused_input("{modality: clinical, columns: [age], mask: m}"), HasSubstr("mask: unknown key"));
  EXPECT_THAT(refused_input("{modality: mri, channels: [a], table: e}"), HasSubstr("table: unknown key"));
  EXPECT_THAT(refused_input("{modality: omics, table: e, sets: s.gmt, genes: [A]}"),
              HasSubstr("either sets or genes"));
  EXPECT_THAT(refused_input("{modality: clinical}"), HasSubstr("at least one manifest column"));
  EXPECT_THAT(refused_input("{modality: mri, channels: [a], columns: [age]}"),
              HasSubstr("columns: unknown key"));
}

}  // namespace
}  // namespace photo51::data
