#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/config/reference.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/training/run/experiment.hpp"
#include "support/shared_data.hpp"

namespace photo51::config {
namespace {

using ::testing::HasSubstr;

/// What an editor sees: the schema through Python's jsonschema.
class JsonSchema : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("PHOTO51_PEERS_PYTHON") == nullptr)
      GTEST_SKIP() << "needs PHOTO51_PEERS_PYTHON with the peers";
    training::ExperimentOptions options;
    core::write_file_atomic(
        folder_ / "schema.json",
        json_schema(Section{[&](Fields& f) { describe(f, options); }, {}, {}}, "photo51 config"));
  }
  std::string complaints(const std::vector<std::string>& configs) const {
    const std::string command = std::string(std::getenv("PHOTO51_PEERS_PYTHON")) + " " +
                                (test::source_dir() / "tests/parity/schema.py").string() + " " +
                                (folder_ / "schema.json").string() + " " + (folder_ / "out.txt").string() +
                                " " + core::join(configs, " ");
    EXPECT_EQ(std::system(command.c_str()), 0);
    return core::read_file(folder_ / "out.txt");
  }
  std::string complaints_of(const std::string& yaml) const {
    core::write_file_atomic(folder_ / "config.yaml", yaml);
    return complaints({(folder_ / "config.yaml").string()});
  }

  const test::TemporaryFolder folder_;
};

/// Bases, files that extend them, and whole ones.
TEST_F(JsonSchema, AcceptsEveryConfigOfOurs) {
  std::vector<std::string> configs;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(test::source_dir() / "configs"))
    if (entry.path().extension() == ".yaml") configs.push_back(entry.path().string());
  EXPECT_GT(configs.size(), 30U);
  EXPECT_EQ(complaints(configs), "");
}

TEST_F(JsonSchema, RefusesWhatTheProgramRefuses) {
  EXPECT_THAT(complaints_of("train: {epocs: 3}"), HasSubstr("epocs"));
  EXPECT_THAT(complaints_of("train: {epochs: many}"),
              HasSubstr("train.epochs: 'many' is not of type 'integer'"));
  EXPECT_THAT(complaints_of("train: {epochs: 0}"), HasSubstr("less than the minimum"));
  EXPECT_THAT(complaints_of("model: {fusion: sum}"), HasSubstr("model.fusion"));
  EXPECT_THAT(complaints_of("model: {encoders: {mri: {name: resnet, depht: 18}}}"),
              HasSubstr("model.encoders.mri"));
}

}  // namespace
}  // namespace photo51::config
