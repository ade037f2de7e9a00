// photo51 bench-model times a model each way, and says which one prediction takes and why.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class BenchModel : public ::testing::Test {
 protected:
  /// Of images and genes, trained in bf16.
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const Outcome trained =
        run_program({"train", tiny_config().string(), manifest_override(), "train.epochs=1",
                     "train.precision=bf16", "--out", run(), "--quiet"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static std::string run() { return (*folder_ / "run").string(); }

  static TemporaryFolder* folder_;
};
TemporaryFolder* BenchModel::folder_ = nullptr;

TEST_F(BenchModel, SaysWhatIsChosenAndWhy) {
  const Outcome outcome = run_program({"bench-model", run(), "--batch", "2", "--seconds", "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("plain float32"), HasSubstr("channels-last"), HasSubstr("norms folded"),
                    HasSubstr("weights packed"), HasSubstr("bf16"), HasSubstr("<- chosen"),
                    HasSubstr("mri 2 x 12 x 12 x 12"), HasSubstr("2 case(s) a batch")));
  EXPECT_THAT(outcome.out, HasSubstr("prediction takes "));
}

TEST_F(BenchModel, AsJson) {
  ::setenv("PHOTO51_NO_BF16", "1", 1);
  const Outcome outcome = run_program({"bench-model", run(), "--seconds", "0", "--json"});
  ::unsetenv("PHOTO51_NO_BF16");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto said = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(said.at("ways").size(), 5U);
  for (const auto& way : said.at("ways")) {
    EXPECT_GT(way.at("milliseconds_a_case"), 0);
    EXPECT_GT(way.at("cases_a_second"), 0);
    EXPECT_LE(way.at("difference"), 0.5);
  }
  const auto& packed = said.at("ways").at(3);
  EXPECT_TRUE(packed.at("chosen"));
  EXPECT_EQ(packed.at("why"), "float32: the processor has no bf16 instructions (amx_bf16, avx512_bf16)");
}

TEST_F(BenchModel, PredictTakesAPrecision) {
  const auto predict = [&](const std::string& precision) {
    return run_program({"predict", run(), "--cases", (cohort() / "cohort.csv").string(), "--out",
                        (*folder_ / precision).string(), "--precision", precision});
  };
  EXPECT_THAT(predict("fp32").err, HasSubstr("predicts in float32: it was asked for"));
  EXPECT_THAT(predict("bf16").err, HasSubstr("predicts in bf16: it was asked for"));
  const Outcome wrong = predict("fp16");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--precision"));
}

}  // namespace
}  // namespace photo51::test
