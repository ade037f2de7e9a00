#include <algorithm>
#include <deque>
#include <future>
#include <limits>
#include <optional>

#include "data/load/wait.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {
namespace {

/// Instances of streams in a batch, above which it takes no further case: their features are held together,
/// however large the batch was asked for.
constexpr int64_t most_streamed = 32'768;

int64_t streamed_instances(const Case& one) {
  int64_t count = 0;
  for (const auto& [name, input] : one.inputs)
    if (input.source) count += input.source->count();
  return count;
}

}  // namespace

struct Loader::Impl {
  const Cohort& cohort;
  const CaseLoader& cases;
  std::map<std::string, InputInfo> info;
  std::vector<int64_t> rows;
  core::SampleKey key;
  Options options;
  size_t taken = 0;   ///< rows handed out
  size_t queued = 0;  ///< rows whose loading was asked for
  std::deque<std::future<Case>> loading;
  std::shared_ptr<core::ThreadPool> decoders;  ///< of streams, which need not wait for the next cases
  std::optional<core::ThreadPool> pool;        ///< last, so that it ends before what its threads use

  Case load(int64_t row) const {
    const int64_t most_whole = options.encode_bags ? options.most_whole : std::numeric_limits<int64_t>::max();
    return cases.load(row, key, options.flip, most_whole, options.maps);
  }

  /// Keeps the batch at hand and `prefetch` more on their way.
  void ask() {
    const auto ahead = static_cast<size_t>((options.prefetch + 1) * options.batch_size);
    for (; queued < rows.size() && queued < taken + ahead; ++queued)
      loading.push_back(pool->submit([this, row = rows[queued]] { return load(row); }));
  }

  /// Reports a case that is left out; throws unless bad cases are.
  void refuse(int64_t row, const core::Error& error) const {
    if (!options.skip_bad || error.fault() != core::Fault::data) throw core::Error(error);
    if (options.on_bad)
      options.on_bad(row, error.what());
    else
      cohort.report_left_out(cohort.id(row), error.what());
  }

  /// The next row's case; nothing when it is bad and bad cases are left out.
  std::optional<Case> take() {
    const int64_t row = rows[taken++];
    try {
      if (!pool) return load(row);
      auto loaded = std::move(loading.front());
      loading.pop_front();
      return wait_for(loaded);
    } catch (const core::Error& error) {
      refuse(row, error);
      return std::nullopt;
    }
  }

  /// The batch of `loaded`, without those of `rows` whose bags turn out to be bad; false when that are all.
  bool finish(std::vector<int64_t> of_rows, std::vector<Case> loaded, Batch& batch) {
    while (!loaded.empty()) {
      batch = collate(loaded, info, cohort.labels(), decoders);
      const bool streams = std::any_of(batch.inputs.begin(), batch.inputs.end(),
                                       [](const auto& input) { return input.second.stream != nullptr; });
      if (!streams) return true;
      try {
        batch = options.encode_bags(batch);
        return true;
      } catch (const core::Error&) {
        const BagStream::Failure* failure = nullptr;
        for (const auto& [name, input] : batch.inputs)
          if (input.stream && input.stream->failure()) failure = &*input.stream->failure();
        if (failure == nullptr) throw;
        refuse(of_rows.at(failure->bag), failure->error);
        of_rows.erase(of_rows.begin() + static_cast<std::ptrdiff_t>(failure->bag));
        loaded.erase(loaded.begin() + static_cast<std::ptrdiff_t>(failure->bag));
      }
    }
    return false;
  }
};

Loader::Loader(const Cohort& cohort, const CaseLoader& cases, const FittedTransforms& fitted,
               std::vector<int64_t> rows, const core::SampleKey& key, Options options)
    : impl_(new Impl{.cohort = cohort,
                     .cases = cases,
                     .info = input_info(cohort.inputs(), fitted),
                     .rows = std::move(rows),
                     .key = key,
                     .options = std::move(options),
                     .taken = 0,
                     .queued = 0,
                     .loading = {},
                     .decoders = {},
                     .pool = {}}) {
  if (impl_->options.batch_size < 1) core::fail_usage("batch_size must be at least 1");
  if (impl_->options.workers <= 0) return;
  const auto threads = static_cast<int>(impl_->options.workers);
  impl_->pool.emplace(threads);
  const bool bags =
      std::any_of(impl_->info.begin(), impl_->info.end(), [](const auto& one) { return one.second.bag; });
  if (bags && impl_->options.encode_bags) impl_->decoders = std::make_shared<core::ThreadPool>(threads);
}

Loader::~Loader() = default;

bool Loader::next(Batch& batch) {
  auto& self = *impl_;
  // A batch is a fixed piece of the rows: a bad case makes it smaller and moves no other case; only
  // prediction, where it does not matter, cuts it at large bags.
  while (self.taken < self.rows.size()) {
    std::vector<Case> cases;
    std::vector<int64_t> rows;
    if (self.pool) self.ask();
    const size_t end = std::min(self.rows.size(), self.taken + static_cast<size_t>(self.options.batch_size));
    int64_t streamed = 0;
    while (self.taken < end && streamed < most_streamed) {
      const int64_t row = self.rows[self.taken];
      auto one = self.take();
      if (!one) continue;
      streamed += streamed_instances(*one);
      cases.push_back(std::move(*one));
      rows.push_back(row);
    }
    if (self.pool && !cases.empty()) self.ask();  // the workers go on while the caller computes
    if (self.finish(std::move(rows), std::move(cases), batch)) return true;
  }
  return false;
}

}  // namespace photo51::data
