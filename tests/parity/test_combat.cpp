#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/options/inputs.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

/// neuroCombat's harmonized numbers [patients, columns], each column to mean 0 and deviation 1.
at::Tensor scaled_peer(const std::filesystem::path& file) {
  const auto table = core::read_table(file);
  auto numbers = at::empty(
      {static_cast<int64_t>(table.rows.size()), static_cast<int64_t>(table.columns.size())}, at::kDouble);
  for (size_t row = 0; row < table.rows.size(); ++row)
    for (size_t column = 0; column < table.columns.size(); ++column)
      numbers[static_cast<int64_t>(row)][static_cast<int64_t>(column)] =
          core::parse_double(table.rows[row][column]).value();
  return (numbers - numbers.mean(0)) / numbers.std(0, /*unbiased=*/false);
}

TEST(Combat, AgreesWithNeuroCombat) {
  const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  const test::TemporaryFolder folder;
  const std::string script = test::source_dir().string() + "/tests/parity/combat.py";
  const std::string command =
      std::string(python) + " " + script + " " + folder.path().string() + " > " + (folder / "log").string();
  ASSERT_EQ(std::system(command.c_str()), 0);

  CohortOptions of;
  of.manifest = folder / "cohort.csv";
  ClinicalOptions input;
  for (int i = 0; i < 8; ++i) input.columns.push_back("n" + std::to_string(i));
  input.clip = 0;
  for (const std::string variant : {"plain", "covariates", "mean_only"}) {
    input.harmonize = {};
    input.harmonize.method = HarmonizeMethod::combat;
    if (variant == "covariates") input.harmonize.covariates = {"sex", "age"};
    input.harmonize.mean_only = variant == "mean_only";
    const Cohort cohort(of, {{"numbers", data::input(input)}}, {});
    std::vector<int64_t> all;
    for (int64_t row = 0; row < cohort.size(); ++row) all.push_back(row);
    const CaseLoader cases(cohort, fit(cohort, all));
    const auto expected = scaled_peer(folder / (variant + ".csv"));
    for (const int64_t row : all) {
      // Number and whether it is missing, in turn.
      const auto values = cases.load(row).inputs.at("numbers").values.reshape({8, 2}).select(1, 0);
      EXPECT_LT((values - expected[row]).abs().max().item<double>(), 1e-4) << variant << ", row " << row;
    }
  }
}

}  // namespace
}  // namespace photo51::data
