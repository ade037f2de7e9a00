#include <chrono>
#include <deque>
#include <future>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {

struct Loader::Impl {
  const Cohort& cohort;
  const CaseLoader& cases;
  std::map<std::string, InputInfo> info;
  std::vector<int64_t> rows;
  Draw draw;
  Options options;
  size_t taken = 0;   ///< rows handed out
  size_t queued = 0;  ///< rows whose loading was asked for
  std::deque<std::future<Case>> loading;
  std::optional<core::ThreadPool> pool;  ///< last, so that it ends before what its threads use

  /// Keeps the batch at hand and `prefetch` more on their way.
  void ask() {
    const auto ahead = static_cast<size_t>((options.prefetch + 1) * options.batch_size);
    for (; queued < rows.size() && queued < taken + ahead; ++queued)
      loading.push_back(pool->submit([this, row = rows[queued]] { return cases.load(row, draw); }));
  }

  /// The next row's case; nothing when it is bad and bad cases are left out.
  std::optional<Case> take() {
    const int64_t row = rows[taken++];
    try {
      if (!pool) return cases.load(row, draw);
      auto loaded = std::move(loading.front());
      loading.pop_front();
      // A case may take long; whoever saves a state when interrupted need not wait for it.
      while (loaded.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout)
        if (core::interrupted())
          throw core::Error(core::Fault::interrupted, "interrupted while cases were loaded");
      return loaded.get();
    } catch (const core::Error& error) {
      if (!options.skip_bad || error.fault() != core::Fault::data) throw;
      if (options.on_bad)
        options.on_bad(row, error.what());
      else
        cohort.report_left_out(cohort.id(row), error.what());
      return std::nullopt;
    }
  }
};

Loader::Loader(const Cohort& cohort, const CaseLoader& cases, const FittedTransforms& fitted,
               std::vector<int64_t> rows, Draw draw, Options options)
    : impl_(new Impl{.cohort = cohort,
                     .cases = cases,
                     .info = input_info(cohort.inputs(), fitted),
                     .rows = std::move(rows),
                     .draw = std::move(draw),
                     .options = std::move(options),
                     .taken = 0,
                     .queued = 0,
                     .loading = {},
                     .pool = {}}) {
  if (impl_->options.batch_size < 1) core::fail_usage("batch_size must be at least 1");
  if (impl_->options.workers > 0) impl_->pool.emplace(static_cast<int>(impl_->options.workers));
}

Loader::~Loader() = default;

bool Loader::next(Batch& batch) {
  auto& self = *impl_;
  std::vector<Case> cases;
  // A batch is a fixed piece of the rows: a bad case makes it smaller and moves no other case.
  while (cases.empty() && self.taken < self.rows.size()) {
    if (self.pool) self.ask();
    const size_t end = std::min(self.rows.size(), self.taken + static_cast<size_t>(self.options.batch_size));
    while (self.taken < end)
      if (auto one = self.take()) cases.push_back(std::move(*one));
  }
  if (cases.empty()) return false;
  if (self.pool) self.ask();  // the workers go on while the caller computes
  batch = collate(cases, self.info, self.cohort.labels());
  return true;
}

}  // namespace photo51::data
