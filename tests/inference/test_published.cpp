// A published model of a stranger is data: what its model.yaml and its links may not do.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <nlohmann/json.hpp>

#include "photo51/config/node.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* secret = "root:x:0:0:swordfish";

class Published : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new test::TabularCohort;
    files_->config("", "idh: {task: binary}");
    files_->run("run", {"train.epochs=1"});
    export_model(*files_ / "run", *files_ / "published");
  }
  static void TearDownTestSuite() {
    delete files_;
    files_ = nullptr;
  }
  void SetUp() override {
    fs::copy(*files_ / "published", folder_ / "model");
    core::write_file_atomic(folder_ / "secret", secret);
  }
  /// The model.yaml with one more line for a section, or at its end.
  void add(const std::string& line, const std::string& section = "") const {
    std::string text = core::read_file(*files_ / "published/model.yaml");
    if (section.empty())
      text += line + "\n";
    else
      text.insert(text.find(section + ":\n") + section.size() + 2, line + "\n");
    core::write_file_atomic(folder_ / "model/model.yaml", text);
  }
  std::string refusal(core::Fault fault = core::Fault::usage) const {
    return message_of(fault, [&] { const Predictor predictor(folder_ / "model"); });
  }

  static test::TabularCohort* files_;
  test::TemporaryFolder folder_;
};
test::TabularCohort* Published::files_ = nullptr;

TEST_F(Published, IsTakenAsItWasExported) {
  EXPECT_EQ(Predictor(folder_ / "model").size(), 2);
  fs::create_symlink("model", folder_ / "link");  // the user's own, to the whole folder
  EXPECT_EQ(Predictor(folder_ / "link").size(), 2);
  fs::rename(folder_ / "model/weights_0.safetensors", folder_ / "model/first");
  fs::create_symlink("first", folder_ / "model/weights_0.safetensors");  // inside
  EXPECT_EQ(Predictor(folder_ / "model").size(), 2);
}

TEST_F(Published, ExtendsNothing) {
  for (const std::string base : {"/etc/passwd", "../secret", "other.yaml"}) {
    add("extends: " + base);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("model/model.yaml:"), HasSubstr("extends: this file stands alone"),
                                 Not(HasSubstr("swordfish")), Not(HasSubstr("root:"))))
        << base;
  }
}

TEST_F(Published, SaysNothingOfWhereDataLie) {
  for (const char* line : {"  manifest: /etc/passwd", "  manifest: cohort.csv", "  data_root: /",
                           "  cache: {max_gib: 3}", "  cache: {folder: here}"}) {
    add(line, "cohort");
    const std::string key =
        "cohort." + std::string(core::trim(line)).substr(0, std::string(line).find(':') - 2);
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("model/model.yaml:"), HasSubstr(key + ": where data lie is said by")))
        << line;
  }
}

TEST_F(Published, NamesNoFileOutsideItsFolder) {
  fs::create_symlink(folder_ / "secret", folder_ / "model/link");
  const auto write = [&](const std::string& input, const std::string& encoder) {
    core::write_file_atomic(folder_ / "model/model.yaml", "inputs: {one: {" + input +
                                                              "}}\nmodel: {encoders: {one: {" + encoder +
                                                              "}}, heads: {idh: {task: binary}}}\n");
  };
  for (const std::string path : {"/etc/passwd", "../secret", "a/../../secret", "link"}) {
    SCOPED_TRACE(path);
    const auto says = AllOf(HasSubstr("lies outside the model's folder"), Not(HasSubstr("swordfish")));
    write("modality: omics, table: expression, sets: " + path, "name: snn");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("model.yaml: inputs.one.sets: "), says));
    write("modality: mri, channels: [t1]", "name: resnet, weights: " + path);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("model.yaml: model.encoders.one.weights: "), says));
    write("modality: histopathology, channels: [slide], stain: {method: reinhard, reference: " + path + "}",
          "name: resnet");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("model.yaml: inputs.one.stain.reference: "), says));
  }
}

TEST_F(Published, NamesNoTableOutsideTheManifestsFolder) {
  for (const std::string table : {"/etc/passwd", "../secret", "a/../../secret"}) {
    core::write_file_atomic(folder_ / "model/model.yaml",
                            "inputs: {genes: {modality: omics, table: " + table +
                                "}}\nmodel: {encoders: {genes: snn}, heads: {idh: {task: binary}}}\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("inputs.genes.table: `" + table),
                                 HasSubstr("leads out of the manifest's folder")));
    core::write_file_atomic(folder_ / "model/model.yaml",
                            "inputs: {table: {modality: clinical, columns: [x1]}}\nmodel: {encoders: {table: "
                            "snn}, heads: {genes: "
                            "{task: expression, table: " +
                                table + "}}}\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("model.heads.genes.table: `" + table),
                                 HasSubstr("leads out of the manifest's folder")));
  }
}

TEST_F(Published, LinksThatLeadOutAreRefused) {
  fs::rename(folder_ / "model/weights_1.safetensors", folder_ / "elsewhere");
  fs::create_symlink("../elsewhere", folder_ / "model/weights_1.safetensors");
  EXPECT_THAT(refusal(core::Fault::data),
              HasSubstr("model/weights_1.safetensors: is a link that leads out of its folder"));
  fs::remove(folder_ / "model/model.yaml");
  fs::create_symlink(folder_ / "secret", folder_ / "model/model.yaml");
  EXPECT_THAT(
      refusal(core::Fault::data),
      AllOf(HasSubstr("model.yaml: is a link that leads out of its folder"), Not(HasSubstr("swordfish"))));
}

TEST_F(Published, AFileThatIsNoConfigIsNotQuoted) {
  core::write_file_atomic(folder_ / "model/model.yaml", secret);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("a config is a map of keys, not a text"), Not(HasSubstr("swordfish"))));
  core::write_file_atomic(folder_ / "model/model.yaml", core::read_file(*files_ / "published/model.yaml"));
  core::write_file_atomic(folder_ / "model/weights_0.safetensors", secret);
  EXPECT_THAT(refusal(core::Fault::data), Not(HasSubstr("swordfish")));
}

TEST_F(Published, ARunMayNameItsDataButExtendsNothing) {
  fs::copy(*files_ / "run", folder_ / "run", fs::copy_options::recursive);
  EXPECT_THAT(core::read_file(folder_ / "run/config.yaml"),
              HasSubstr("manifest: " + files_->manifest().string()));
  EXPECT_EQ(Predictor(folder_ / "run").size(), 2);
  core::write_file_atomic(folder_ / "run/config.yaml",
                          core::read_file(folder_ / "run/config.yaml") + "extends: ../secret\n");
  EXPECT_THAT(message_of(core::Fault::usage, [&] { const Predictor predictor(folder_ / "run"); }),
              AllOf(HasSubstr("run/config.yaml:"), HasSubstr("extends: this file stands alone"),
                    Not(HasSubstr("swordfish"))));
}

TEST_F(Published, OneDamagedByteIsSeen) {
  const auto path = folder_ / "model/weights_0.safetensors";
  const std::string whole = core::read_file(path);
  for (const size_t at : {whole.size() - 1, whole.size() - 100, whole.find("fitted") + 2}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    core::write_file_atomic(path, damaged);
    EXPECT_THAT(refusal(core::Fault::data),
                AllOf(HasSubstr("weights_0.safetensors"), HasSubstr("its checksum does not match")));
  }
}

TEST_F(Published, WeightsThatAreNoNumbersAreRefused) {
  const auto path = folder_ / "model/weights_0.safetensors";
  auto stored = nn::read_safetensors(path);
  auto& [name, tensor] = *stored.tensors.begin();
  tensor.flatten()[0] = std::nan("");
  nn::write_safetensors(path, stored.tensors, stored.metadata);
  EXPECT_THAT(refusal(core::Fault::data),
              AllOf(HasSubstr("weights_0.safetensors: " + name), HasSubstr("no finite numbers")));
}

/// 60 patients, of whom two have a karyotype of their own, and 20 each one of three grades.
class Karyotypes : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream file(files_.manifest());
    file << "patient,site,x,karyotype,idh\n";
    for (int i = 0; i < 60; ++i)
      file << row("P" + std::to_string(i), i,
                  i == 7 || i == 8 ? "46,XY,t(2;17)"
                  : i % 3 == 0     ? "normal"
                  : i % 3 == 1     ? "complex"
                                   : "monosomal");
    file.close();
    files_.config("", "idh: {task: binary}");
    std::string text = core::read_file(files_ / "config.yaml");
    text.replace(text.find("[x1, x2, x3]"), 12, "[x, karyotype]");
    core::write_file_atomic(files_ / "config.yaml", text);
    run_ = files_.run("run", {"train.epochs=2"});
  }
  static std::string row(const std::string& name, int i, const std::string& karyotype) {
    return name + "," + std::string(1, "AB"[i % 2]) + "," + std::to_string((i * 37) % 61) + ",\"" +
           karyotype + "\"," + std::to_string((i * 37) % 61 > 30) + "\n";
  }
  /// What a model says of one patient with this karyotype.
  double predicted(const fs::path& model, const std::string& karyotype) const {
    std::ofstream(files_ / "new.csv") << "patient,site,x,karyotype,idh\n" << row("N", 3, karyotype);
    const Predictor predictor(model);
    data::CohortOptions options = predictor.pipeline().cohort;
    options.manifest = files_ / "new.csv";
    const data::Cohort cohort(options, predictor.pipeline().inputs, predictor.labels(), false);
    return predictor.predict(cohort, {0}).at(0).value;
  }
  /// Whether the rare karyotype stands in any of a model's files: the folds differ in whom they were fitted
  /// to.
  static bool is_told(const fs::path& model) {
    for (const auto& entry : fs::recursive_directory_iterator(model))
      if (entry.path().extension() == ".safetensors" &&
          core::read_file(entry.path()).find("t(2;17)") != std::string::npos)
        return true;
    return false;
  }
  static std::string metadata(const fs::path& file) {
    return nn::read_safetensors(file).metadata.at("fitted");
  }

  test::TabularCohort files_;
  fs::path run_;
};

TEST_F(Karyotypes, OfFewPatientsAreNotPublished) {
  ASSERT_TRUE(is_told(run_));
  ::testing::internal::CaptureStderr();
  export_model(run_, files_ / "published");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said,
              AllOf(HasSubstr("input table: column `karyotype`: 1 of 4 categories had fewer than 5 training "
                              "patients and are published without their names"),
                    Not(HasSubstr("t(2;17)"))));
  for (const auto& entry : fs::directory_iterator(files_ / "published"))
    EXPECT_THAT(core::read_file(entry.path()), Not(HasSubstr("t(2;17)"))) << entry.path();
  EXPECT_THAT(metadata(files_ / "published/weights_0.safetensors"),
              AllOf(HasSubstr("monosomal"), Not(HasSubstr("counts"))));
  // As a patient of whom training knew nothing of the kind, and the others as before.
  EXPECT_EQ(predicted(files_ / "published", "46,XY,t(2;17)"), predicted(run_, "47,XXY"));
  EXPECT_NE(predicted(files_ / "published", "46,XY,t(2;17)"), predicted(run_, "46,XY,t(2;17)"));
  for (const char* known : {"normal", "complex", "47,XXY"})
    EXPECT_EQ(predicted(files_ / "published", known), predicted(run_, known)) << known;
}

TEST_F(Karyotypes, ArePublishedOnRequest) {
  export_model(run_, files_ / "published", false, /*keep_rare=*/true);
  EXPECT_TRUE(is_told(files_ / "published"));
  EXPECT_EQ(predicted(files_ / "published", "46,XY,t(2;17)"), predicted(run_, "46,XY,t(2;17)"));
}

TEST_F(Karyotypes, AStateWithoutCountsIsNotPublishedUnasked) {
  const auto file = run_ / "checkpoints/fold_0/best.safetensors";
  auto stored = nn::read_safetensors(file);
  auto fitted = nlohmann::json::parse(stored.metadata.at("fitted"));
  for (auto& column : fitted["inputs"]["table"]["columns"]) column.erase("counts");
  stored.metadata["fitted"] = fitted.dump();
  nn::write_safetensors(file, stored.tensors, stored.metadata);
  EXPECT_THAT(message_of(core::Fault::usage, [&] { export_model(run_, files_ / "published"); }),
              AllOf(HasSubstr("fold_0/best.safetensors: input table: column `karyotype`"),
                    HasSubstr("was fitted by an older photo51"), HasSubstr("--keep-rare-categories")));
  EXPECT_FALSE(fs::exists(files_ / "published"));
  export_model(run_, files_ / "published", false, true);
  EXPECT_EQ(Predictor(files_ / "published").size(), 2);
}

}  // namespace
}  // namespace photo51::inference
