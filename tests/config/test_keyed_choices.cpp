// Choices whose maps name their component by another key than `name`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "photo51/config/migrate.hpp"
#include "photo51/config/read.hpp"
#include "photo51/config/reference.hpp"
#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Sharp {
  int64_t width = 1;
};
void describe(Fields& f, Sharp& o) {
  f("width", o.width, "of the kernel");
}
const Components& kernels() {
  static const Components table{component("soft", "smooth"), component<Sharp>("sharp", "of edges")};
  return table;
}

struct Echo {
  int64_t frames = 2;
};
void describe(Fields& f, Echo& o) {
  f("frames", o.frames, "of a cine");
}
struct Scan {
  double dose = 1;
  Choice kernel = choose("soft");
};
void describe(Fields& f, Scan& o) {
  f("dose", o.dose, "of a scan");
  f.choice("kernel", o.kernel, kernels(), "of the scan", {}, "kind");
}
const Components& modalities() {
  static const Components table{component<Echo>("us", "ultrasound"), component<Scan>("ct", "tomography")};
  return table;
}

struct Clinic {
  std::vector<std::pair<std::string, Choice>> inputs;
  Choice main = choose<Echo>("us");
  std::vector<Choice> steps;
};
void describe(Fields& f, Clinic& o) {
  f.choice_group("inputs", o.inputs, modalities(), "what is read", {}, "modality");
  f.choice("main", o.main, modalities(), "what is read first", {}, "modality");
  f.choices("steps", o.steps, kernels(), "one after another", {}, "kind");
}

Clinic parse_keyed(const std::string& yaml) {
  Clinic clinic;
  read(parse_yaml(yaml, "c.yaml"), clinic);
  return clinic;
}

const std::string every_clinic = R"(
inputs: {a: {modality: ct, dose: 3, kernel: {kind: sharp, width: 2}}, b: us}
main: {frames: 5}
steps: [soft, {kind: sharp}]
)";

TEST(KeyedChoice, IsReadByItsKeyOrItsNameAlone) {
  const Clinic clinic = parse_keyed(every_clinic);
  ASSERT_EQ(clinic.inputs.size(), 2U);
  EXPECT_EQ(clinic.inputs[0].second.as<Scan>().dose, 3);
  EXPECT_EQ(clinic.inputs[0].second.as<Scan>().kernel.as<Sharp>().width, 2);
  EXPECT_EQ(clinic.inputs[1].second.name, "us");
  EXPECT_EQ(clinic.main.as<Echo>().frames, 5) << "of the default";
  ASSERT_EQ(clinic.steps.size(), 2U);
  EXPECT_EQ(clinic.steps[1].name, "sharp");
}

TEST(KeyedChoice, ErrorsNameTheKey) {
  const auto refuses = [](const std::string& yaml, const std::string& message) {
    PHOTO51_EXPECT_ERROR(parse_keyed(yaml), usage, HasSubstr(message));
  };
  refuses("inputs: {a: {dose: 1}}", "c.yaml:1: inputs.a: needs a `modality`: us, ct");
  refuses("inputs: {a: {name: ct}}", "c.yaml:1: inputs.a: needs a `modality`: us, ct");
  refuses("main: {name: ct}", "c.yaml:1: main.name: unknown key where `modality` is `us`");
  refuses("main: [ct]", "c.yaml:1: main: expected a name or {modality: …}, got a list");
  refuses("main: {modality: mr}", "c.yaml:1: main: there is no `mr`");
  refuses("main: {modality: us, dose: 1}",
          "c.yaml:1: main.dose: unknown key where `modality` is `us`; it belongs to ct");
  refuses("main: {modality: us, frame: 1}",
          "c.yaml:1: main.frame: unknown key where `modality` is `us` (did you mean `frames`?)");
  refuses("steps: [{width: 1}]", "c.yaml:1: steps: needs a `kind`: soft, sharp");
}

TEST(KeyedChoice, ADumpHasItsKey) {
  Clinic clinic = parse_keyed(every_clinic);
  const Node node = dump(clinic);
  EXPECT_EQ(node.find("main")->find("modality")->text, "us");
  EXPECT_EQ(node.find("main")->find("name"), nullptr);
  Clinic again = parse_keyed(to_yaml(node));
  EXPECT_EQ(to_yaml(dump(again)), to_yaml(node));
}

TEST(KeyedChoice, IsInTheReferenceAndTheSchema) {
  Clinic clinic;
  const Section section{[&](Fields& f) { describe(f, clinic); }, {}, {}};
  const std::string lines = field_lines(section);
  EXPECT_THAT(lines, HasSubstr("  main  (one of (by modality): us, ct) [us]  what is read first\n"));
  EXPECT_THAT(lines, HasSubstr("  inputs  (map of names to one of (by modality): us, ct)  what is read\n"));
  EXPECT_THAT(lines, HasSubstr("  steps  (list of (by kind): soft, sharp) [[]]  one after another\n"));
  const auto schema = nlohmann::json::parse(json_schema(section, "clinic"));
  const auto& main = schema.at("properties").at("main").at("anyOf");
  EXPECT_EQ(main.at(0).at("enum"), nlohmann::json({"us", "ct"}));
  EXPECT_EQ(main.at(1).at("properties").at("modality").at("const"), "us");
  EXPECT_FALSE(main.at(1).at("properties").contains("name"));
}

TEST(KeyedChoice, KeysAreCollectedFromTheDescription) {
  const ChoiceKeys keys = choice_keys<Clinic>();
  EXPECT_EQ(keys.key, "name");
  EXPECT_EQ(keys.of("main").key, "modality");
  EXPECT_EQ(keys.of("main").of("kernel").key, "kind");
  EXPECT_EQ(keys.of("inputs").key, "name");
  EXPECT_EQ(keys.of("inputs").of("whatever").of("kernel").key, "kind");
  EXPECT_EQ(keys.of("steps").of("0").key, "kind");
  EXPECT_EQ(keys.of("elsewhere").of("main").key, "name");
}

TEST(KeyedChoice, ABaseIsResetWhereItsKeyDiffers) {
  const test::TemporaryFolder folder;
  core::write_file_atomic(folder / "base.yaml",
                          "inputs: {a: {modality: ct, dose: 3}, b: {modality: ct, dose: 4}}\n"
                          "main: {modality: ct, dose: 5, kernel: {kind: sharp, width: 7}}\n");
  core::write_file_atomic(folder / "run.yaml",
                          "extends: base.yaml\n"
                          "inputs: {a: {modality: us, frames: 9}, b: {kernel: sharp}}\n"
                          "main: {kernel: {kind: soft}}\n");
  Clinic clinic;
  read(load_document(folder / "run.yaml", EmptyValues::refuse, choice_keys<Clinic>()), clinic);
  EXPECT_EQ(clinic.inputs[0].second.as<Echo>().frames, 9);
  EXPECT_EQ(clinic.inputs[1].second.as<Scan>().dose, 4);
  EXPECT_EQ(clinic.main.as<Scan>().dose, 5);
  EXPECT_EQ(clinic.main.as<Scan>().kernel.name, "soft");
}

TEST(KeyedChoice, ANameIsNothingSpecialBesideAnotherKey) {
  const Node base = parse_yaml("main: {name: x, dose: 1}\nother: {name: x, dose: 1}\n", "base.yaml");
  const Node over = parse_yaml("main: {name: y}\nother: {name: y}\n", "over.yaml");
  const Node merged = merge(base, over, choice_keys<Clinic>());
  EXPECT_NE(merged.find("main")->find("dose"), nullptr);
  EXPECT_EQ(merged.find("other")->find("dose"), nullptr);
}

TEST(KeyedChoice, AnOverrideOpensItByItsKey) {
  Node document = parse_yaml("main: ct\ninputs: {a: ct}\nsteps: [sharp]\n", "c.yaml");
  const ChoiceKeys keys = choice_keys<Clinic>();
  for (const char* assignment :
       {"main.dose=2", "inputs.a.kernel=sharp", "inputs.a.kernel.width=4", "steps.0.width=3"})
    apply_override(document, assignment, keys);
  Clinic clinic;
  read(document, clinic);
  EXPECT_EQ(clinic.main.as<Scan>().dose, 2);
  EXPECT_EQ(clinic.inputs[0].second.as<Scan>().kernel.as<Sharp>().width, 4);
  EXPECT_EQ(clinic.steps[0].as<Sharp>().width, 3);
}

struct Encoders {
  std::vector<std::pair<std::string, Choice>> encoders;
};
void describe(Fields& f, Encoders& o) {
  f.choice_group("encoders", o.encoders, kernels(), "by input", {}, "kind");
}
struct Whole {
  Encoders model;
};
void describe(Fields& f, Whole& o) {
  f.section("model", o.model, "what is trained");
}

TEST(KeyedChoice, NamesOfEarlierVersionsAreFoundByItsKey) {
  const ChoiceKeys keys = choice_keys<Whole>();
  const std::string text =
      "model: {encoders: {a: {kind: vit, patch: 8}, b: {kind: linear}, c: {name: vit, patch: 8}}}\n";
  const Node document = parse_yaml(text, "f.yaml");
  const Migration done = migrate(text, "f.yaml", document, keys);
  EXPECT_EQ(done.text,
            "model: {encoders: {a: {kind: vit, patch_size: 8}, b: {kind: identity}, c: {name: vit, patch: "
            "8}}}\n");
  EXPECT_THAT(done.changes, ElementsAre("f.yaml:1: model.encoders.a.patch -> patch_size",
                                        "f.yaml:1: model.encoders.b: linear -> identity"));
  PHOTO51_EXPECT_ERROR(refuse_renamed(document, keys), usage, HasSubstr("model.encoders.a.patch"));
  Whole whole;
  PHOTO51_EXPECT_ERROR(read(document, whole), usage, HasSubstr("is called `patch_size` now"));
}

/// A component that holds one of its own table.
struct Wrap {
  Choice inner;
};
const Components& wraps();
void describe(Fields& f, Wrap& o) {
  f.choice("inner", o.inner, wraps(), "what is wrapped", {}, "kind");
}
const Components& wraps() {
  static const Components table{component<Wrap>("wrap", "around another"), component("leaf", "the end")};
  return table;
}

TEST(KeyedChoice, ATableMayStandInItsOwnComponents) {
  Wrap outer;
  const ChoiceKeys keys = choice_keys<Wrap>();
  EXPECT_EQ(keys.of("inner").of("inner").key, "kind");
  Node document = parse_yaml("inner: wrap\n", "w.yaml");
  apply_override(document, "inner.inner=leaf", keys);
  read(document, outer);
  EXPECT_EQ(outer.inner.as<Wrap>().inner.name, "leaf");
  const auto schema =
      nlohmann::json::parse(json_schema({[&](Fields& f) { describe(f, outer); }, {}, {}}, "wrap"));
  const auto& inner = schema.at("properties").at("inner").at("anyOf").at(1).at("properties").at("inner");
  EXPECT_EQ(inner.at("anyOf").at(1).at("properties").at("kind").at("enum"), nlohmann::json({"wrap", "leaf"}));
}

}  // namespace
}  // namespace photo51::config
