#pragma once
/// Loads cases and makes batches of them.

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/core/sample_key.hpp"
#include "photo51/data/load/batch.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/preprocess/augment/axis.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::data {

/// Loads one case. Errors carry `case ID: input NAME: file`; what is odd about its files goes to the cohort's
/// warnings. Prepared images without augmentation are kept in memory (`cache_mib`), so an epoch does not
/// decode again.
class CaseLoader {
 public:
  CaseLoader(const Cohort& cohort, const FittedTransforms& fitted, int64_t cache_mib = 4096);
  /// Shares the images that `other` keeps of the same cohort: they do not depend on what was fitted.
  CaseLoader(const CaseLoader& other, const FittedTransforms& fitted);
  ~CaseLoader();
  /// Augmented where `key` is random; then exactly the axes of `flip` of every image are mirrored.
  /// Bags of more instances than `most_whole` are not decoded, but have a source (Case::Input), which must
  /// not outlive the loader.
  /// Maps of classes (Case::Label::map) come where the key is random, or with `maps`.
  Case load(int64_t row, const core::SampleKey& key = {}, const std::vector<preprocess::Axis>& flip = {},
            int64_t most_whole = std::numeric_limits<int64_t>::max(), bool maps = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// `decoders` decode the bags that have a source (InputBatch::stream); null: the thread that asks for them.
Batch collate(const std::vector<Case>& cases, const std::map<std::string, InputInfo>& info,
              const std::vector<TaskSpec>& labels,
              const std::shared_ptr<core::ThreadPool>& decoders = nullptr);

/// Goes through `rows` in the given order in batches, loading ahead on worker threads. A case that cannot be
/// loaded throws, or with `on_bad_case: skip` is handed to `on_bad` and left out.
class Loader {
 public:
  struct Options {
    int64_t batch_size = 8;
    int64_t workers = 2;
    int64_t prefetch = 2;  ///< batches
    std::vector<preprocess::Axis> flip =
        {};  ///< test-time augmentation: axes of every image that are mirrored
    bool skip_bad = false;
    std::function<void(int64_t row, const std::string& why)> on_bad;
    bool maps = false;  ///< maps of classes also where nothing is random, see CaseLoader::load
    /// Where it is given, bags of more than `most_whole` instances come as streams, and what this makes of
    /// their batch (Model::encode_bags) is handed out in its place: a slide's tiles are decoded, encoded and
    /// dropped. It is given a batch again without a case whose instances turn out to be bad.
    std::function<Batch(const Batch& batch)> encode_bags = {};
    int64_t most_whole = 32;
  };
  Loader(const Cohort& cohort, const CaseLoader& cases, const FittedTransforms& fitted,
         std::vector<int64_t> rows, const core::SampleKey& key, Options options);
  ~Loader();
  /// False at the end.
  bool next(Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::data
