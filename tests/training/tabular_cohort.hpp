#pragma once
/// A cohort without images whose labels follow from its columns, and small experiments on it.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "photo51/core/files.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/training/run/run.hpp"
#include "support/shared_data.hpp"

namespace photo51::test {

/// 60 patients of the sites A, B and C: `idh` = x1 > 0, `y` = 2 x2 - 1, earlier death with larger x3; every
/// tenth `idh` is blank, every fourth patient is censored.
class TabularCohort {
 public:
  TabularCohort() { write({}); }

  /// Rewrites the manifest with every cell of some columns replaced.
  void write(const std::map<std::string, std::string>& replace) {
    const std::vector<std::string> columns{"patient", "site", "x1", "x2", "x3", "idh", "y", "time", "event"};
    std::ofstream file(manifest());
    file << core::join(columns, ",") << "\n";
    core::Random random({51});
    for (int i = 0; i < 60; ++i) {
      const double x1 = random.normal(), x2 = random.normal(), x3 = random.normal();
      std::vector<std::string> cells{
          "P" + std::to_string(i),         std::string(1, "ABC"[i % 3]),
          core::format_number(x1),         core::format_number(x2),
          core::format_number(x3),         i % 10 == 9 ? "" : (x1 > 0 ? "1" : "0"),
          core::format_number(2 * x2 - 1), core::format_number(1000 * std::exp(-x3) + i),
          i % 4 == 0 ? "0" : "1"};
      for (size_t c = 0; c < columns.size(); ++c)
        if (const auto found = replace.find(columns[c]); found != replace.end()) cells[c] = found->second;
      file << core::join(cells, ",") << "\n";
    }
  }

  std::filesystem::path manifest() const { return folder_ / "cohort.csv"; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  /// Three heads, two folds; `train` goes into the flow map of the train section.
  std::filesystem::path config(const std::string& train = "",
                               const std::string& heads =
                                   "idh: {task: binary}, y: {task: regression}, "
                                   "os: {task: survival}",
                               const std::string& split = "folds: 2, seed: 1") const {
    const auto path = folder_ / "config.yaml";
    std::ofstream(path) << "cohort: {manifest: cohort.csv, split: {" << split << "}}\n"
                        << "inputs: {table: {modality: clinical, columns: [x1, x2, x3]}}\n"
                        << "model:\n  encoders: {table: {name: snn, hidden: [16], dropout: 0.1}}\n"
                        << "  heads: {" << heads << "}\n"
                        << "train: {epochs: 25, batch_size: 8, workers: 0, threads: 1, seed: 3"
                        << (train.find("optimizer:") == std::string::npos
                                ? ", optimizer: {name: adamw, lr: 0.02}"
                                : "")
                        << (train.empty() ? "" : ", " + train) << "}\n"
                        << "evaluate: {confidence: none}\n";
    return path;
  }

  /// Trains into the folder `name`; overrides as on the command line.
  std::filesystem::path run(const std::string& name, const std::vector<std::string>& overrides = {},
                            training::RunRequest request = {}) const {
    request.folder = folder_ / name;
    training::train(training::read_experiment(folder_ / "config.yaml", overrides), request);
    return request.folder;
  }

 private:
  TemporaryFolder folder_;
};

inline double metric(const std::filesystem::path& run, const std::string& head, const std::string& name,
                     const std::string& group = "all") {
  for (const auto& line : core::split(core::read_file(run / "metrics.csv"), '\n')) {
    const auto cells = core::split(line, ',');
    if (cells.size() > 3 && cells[0] == head && cells[1] == name && cells[2] == group)
      return core::parse_double(cells[3]).value();
  }
  ADD_FAILURE() << "no " << head << " " << name << " of " << group << " in\n"
                << core::read_file(run / "metrics.csv");
  return 0;
}

}  // namespace photo51::test
