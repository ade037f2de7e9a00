#pragma once
/// A folder that looks like a run, without training one.

#include <filesystem>
#include <fstream>
#include <string>

#include "photo51/run/layout.hpp"
#include "photo51/run/lock.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::test {

inline void put(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// Two folds, both trained to the end.
inline void put_run(const std::filesystem::path& folder) {
  put(folder / "config.yaml", "train: {repeats: 1}\n");
  const run::Lock lock(folder);
  put(folder / "environment.json", R"({"photo51": "0.1.0", "seed": 1})");
  put(folder / "cases.csv", "case,site,part,fold\nA,n,development,0\nB,n,development,1\nC,s,test,\n");
  for (const char* file : {"predictions.csv", "predictions.json", "metrics.csv", "report.html", "log.jsonl"})
    put(folder / file, file);
  for (const char* fold : {"fold_0", "fold_1"})
    for (const char* file : {"best.safetensors", "last.safetensors", "predictions.csv"})
      put(folder / "checkpoints" / fold / file, file);
}

}  // namespace photo51::test
