// The table of modalities: every row can be asked everything that others ask.
#include "data/modality/modality.hpp"

#include "data/fixture.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/ct.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/data/modality/radiomics.hpp"
#include "photo51/data/modality/ultrasound.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ModalityTable, NamesAllInTheOrderOfTheReference) {
  std::vector<std::string> names;
  for (const auto& component : modalities()) names.push_back(component.name);
  EXPECT_THAT(names, ElementsAre("mri", "ct", "pet", "mammography", "ultrasound", "histopathology", "omics",
                                 "clinical", "lesion", "body_lesion", "radiomics", "features"));
}

TEST(ModalityTable, EveryRowIsWhole) {
  for (const Modality* row : all_modalities()) {
    SCOPED_TRACE(row->component.name);
    EXPECT_NE(row->columns, nullptr);
    EXPECT_NE(row->has, nullptr);
    EXPECT_NE(row->info, nullptr);
    EXPECT_NE(row->fit, nullptr);
    EXPECT_NE(row->fitted, nullptr);
    EXPECT_NE(row->problems, nullptr);
    EXPECT_EQ(row->image.has_value() + row->numbers.has_value() + row->bag.has_value(), 1)
        << "images, a row of numbers, or bags of vectors";
    EXPECT_TRUE(!row->image || row->files) << "images come from files";
    EXPECT_TRUE(!row->region || (row->files && row->numbers)) << "regions are numbers from files";
    EXPECT_EQ(&modality_of({row->component.name, row->component.make()}), row);
  }
}

TEST(ModalityTable, ColumnsAreWhatTheOptionsName) {
  OmicsOptions genes;
  genes.table = "rna";
  EXPECT_EQ(columns_of(input(genes)).table, "rna");
  ClinicalOptions person;
  person.columns = {"age", "sex"};
  EXPECT_THAT(columns_of(input(person)).values, ElementsAre("age", "sex"));
  EXPECT_FALSE(columns_of(input(person)).table);
  const InputColumns lesions = columns_of(input(image_input<LesionOptions>({"t1", "dwi@adc"}, "seg")));
  EXPECT_THAT(lesions.channels, ElementsAre("t1", "dwi@adc"));
  EXPECT_EQ(lesions.mask, "seg");
  EXPECT_THAT(lesions.origins, IsEmpty());
  RadiomicsOptions rad;
  rad.from = {"mri.t1", "dwi@b1000.5"};
  EXPECT_THAT(columns_of(input(rad)).channels, ElementsAre("t1", "dwi@b1000.5"));
  EXPECT_THAT(columns_of(input(rad)).origins, ElementsAre("mri", ""));
}

TEST(ModalityTable, OptionsOfAnotherModalityAreRefused) {
  const auto says = [](const config::Choice& choice) {
    return failure(core::Fault::usage, [&] { modality_of(choice); });
  };
  EXPECT_THAT(says({"ct", input(MriOptions{}).options}),
              HasSubstr("the options are not those of the modality `ct`"));
  EXPECT_THAT(says({"ct", nullptr}), HasSubstr("the options are not those of the modality `ct`"));
  EXPECT_THAT(says({"ctt", input(CtOptions{}).options}),
              AllOf(HasSubstr("there is no modality `ctt`"), HasSubstr("did you mean `ct`")));
}

class ModalityOptions : public CohortFolder {};

TEST_F(ModalityOptions, AreCheckedWhenACohortIsMade) {
  const Inputs wrong{{"scan", {"ct", input(MriOptions{}).options}}};
  EXPECT_THAT(failure(core::Fault::usage, [&] { read("patient\nP1\n", wrong); }),
              HasSubstr("inputs.scan: `ct` has the options photo51::data::CtOptions, and was given"));
  CtOptions ct = image_input<CtOptions>({"ct"});
  ct.dims = 4;
  const auto refused = [&] {
    EXPECT_THAT(failure(core::Fault::usage,
                        [&] {
                          Cohort::single({{"scan", input(ct)}}, {});
                        }),
                HasSubstr("inputs.scan"));
    return failure(core::Fault::usage, [&] { read("patient,ct\nP1,\n", {{"scan", input(ct)}}); });
  };
  EXPECT_EQ(refused(), "inputs.scan.dims: must be at most 3, not 4");
  ct.dims = 3;
  ct.bag = static_cast<BagMode>(9);
  EXPECT_THAT(refused(), HasSubstr("inputs.scan.bag: is the number 9, which has no name"));
  ct.bag = BagMode::never;
  ct.train_instances = 2;
  EXPECT_THAT(refused(), HasSubstr("inputs.scan.train_instances: is for bags only"));
}

TEST(NamedFiles, AreThoseThatPredictionNeeds) {
  OmicsOptions genes;
  genes.table = "rna";
  config::Choice choice = input(genes);
  *named_files(choice).table = "other";
  EXPECT_EQ(columns_of(choice).table, "other");
  config::Choice scan = input(CtOptions{});
  EXPECT_EQ(named_files(scan).table, nullptr);
  EXPECT_EQ(named_files(scan).reference, nullptr);
}

TEST(StoredKeys, OfTrainingGo) {
  config::Node document = config::parse_yaml(
      "inputs: {genes: {modality: omics, table: e, sets: s.gmt}, odd: {sets: s.gmt}}\n", "config.yaml");
  drop_keys_of_training(document);
  const auto& inputs = *document.find("inputs");
  EXPECT_EQ(inputs.find("genes")->find("sets"), nullptr);
  EXPECT_NE(inputs.find("genes")->find("table"), nullptr);
  EXPECT_NE(inputs.find("odd")->find("sets"), nullptr);
}

}  // namespace
}  // namespace photo51::data
