#pragma once
/// Loads cases and makes batches of them.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/data/load/fit.hpp"

namespace photo51::data {

/// Identifies a random stream of augmentation; `epoch` < 0 means none.
struct Draw {
  int64_t seed = 0;
  int64_t epoch = -1;
  std::vector<std::string>
      flip;  ///< test-time augmentation: flip exactly these axes (x, y, z) of every image
};

/// Loads one case. Errors carry `case ID: input NAME: file`; what is odd about its files goes to the cohort's
/// warnings. Prepared images without augmentation are kept in
/// memory
/// (`cache_mib`), so an epoch does not decode again.
class CaseLoader {
 public:
  CaseLoader(const Cohort& cohort, const FittedTransforms& fitted, int64_t cache_mib = 4096);
  /// Shares the images that `other` keeps of the same cohort: they do not depend on what was fitted.
  CaseLoader(const CaseLoader& other, const FittedTransforms& fitted);
  ~CaseLoader();
  Case load(int64_t row, const Draw& draw = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Batch collate(const std::vector<Case>& cases, const std::map<std::string, InputInfo>& info,
              const std::vector<TaskSpec>& labels);

/// Goes through `rows` in the given order in batches, loading ahead on worker threads. A case that cannot be
/// loaded throws, or with `on_bad_case: skip` is handed to `on_bad` and left out.
class Loader {
 public:
  struct Options {
    int64_t batch_size = 8;
    int64_t workers = 2;
    int64_t prefetch = 2;  ///< batches
    bool skip_bad = false;
    std::function<void(int64_t row, const std::string& why)> on_bad;
  };
  Loader(const Cohort& cohort, const CaseLoader& cases, const FittedTransforms& fitted,
         std::vector<int64_t> rows, Draw draw, Options options);
  ~Loader();
  /// False at the end.
  bool next(Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::data
