#include "photo51/data/cohort/check.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/images/problems.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/inspect/check.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// A file of a case, and how it is looked at.
struct Named {
  size_t input, row;
  std::string what;  ///< "channel flair"
  fs::path path;
  enum class Kind { image, slide, other } kind;
};

std::vector<Named> files_of(const Cohort::Impl& cohort, size_t input, size_t row) {
  std::vector<Named> named;
  if (cohort.files[input].empty()) return named;
  const RowFiles& files = cohort.files[input][row];
  const auto kind = cohort.modality(input).bag   ? Named::Kind::other
                    : cohort.names[input].slides ? Named::Kind::slide
                                                 : Named::Kind::image;
  for (size_t i = 0; i < files.channels.size(); ++i)
    if (!files.channels[i].empty())
      named.push_back({input, row, "channel " + cohort.channel_of(input, row, i), files.channels[i], kind});
  for (size_t i = 0; i < files.registrations.size(); ++i)
    if (!files.registrations[i].empty())
      named.push_back({input, row, "registration of " + cohort.channel_of(input, row, i),
                       files.registrations[i], Named::Kind::other});
  if (!files.mask.empty())
    named.push_back({input, row, "mask " + cohort.names[input].mask, files.mask, Named::Kind::image});
  return named;
}

/// The mask that is the row's label of a dense task.
std::optional<Named> label_file(const Cohort::Impl& cohort, const TaskSpec& spec, size_t row) {
  const Case::Label& label = cohort.label_values.at(spec.head)[row];
  if (label.file.empty() || cohort.inputs.empty()) return std::nullopt;
  return Named{cohort.input_index(spec.input), row, "label " + spec.column, label.file, Named::Kind::image};
}

void look_at(const Named& file) {
  switch (file.kind) {
    case Named::Kind::image:
      return imaging::check_header(file.path);
    case Named::Kind::slide:
      return imaging::check_slide(file.path);
    case Named::Kind::other:
      core::require_regular_file(file.path);
      core::require_readable(file.path);
  }
}

std::string where(const Cohort::Impl& cohort, size_t input, size_t row) {
  return "case " + cohort.ids[row] + ": input " + cohort.name(input) + ": ";
}

using CheckTask = std::pair<size_t, size_t>;  ///< input, row

std::vector<BadFile> sorted(std::vector<BadFile> bad) {
  std::sort(bad.begin(), bad.end(), [](const BadFile& a, const BadFile& b) {
    return a.row != b.row ? a.row < b.row : a.why < b.why;
  });
  return bad;
}

}  // namespace

std::vector<BadFile> check_files(const Cohort& cohort, const std::vector<int64_t>& rows) {
  const auto& impl = cohort.impl();
  std::vector<BadFile> bad;
  std::map<std::pair<fs::path, int>, std::vector<Named>> by_path;  // inputs and rows share files
  for (size_t input = 0; input < impl.inputs.size(); ++input)
    for (const int64_t at : rows) {
      const auto row = static_cast<size_t>(at);
      for (auto& file : files_of(impl, input, row))
        by_path[{file.path, static_cast<int>(file.kind)}].push_back(std::move(file));
      const auto& samples = impl.stores.samples[input];
      if (!samples.empty() && !samples[row].problem.empty())
        bad.push_back({at, where(impl, input, row) + samples[row].problem});
    }
  for (const auto& spec : impl.labels)
    for (const int64_t at : rows)
      if (auto label = label_file(impl, spec, static_cast<size_t>(at)))
        by_path[{label->path, static_cast<int>(label->kind)}].push_back(std::move(*label));
  std::vector<const std::vector<Named>*> all;
  for (const auto& [path, named] : by_path) all.push_back(&named);
  std::mutex mutex;
  core::Progress progress("checking files", static_cast<int64_t>(all.size()), core::Progress::Show::if_slow);
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(all.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& named = *all[static_cast<size_t>(i)];
      const std::string problem = problem_of([&] { look_at(named.front()); });
      if (problem.empty()) continue;
      const std::lock_guard lock(mutex);
      for (const auto& file : named)
        bad.push_back(
            {static_cast<int64_t>(file.row), where(impl, file.input, file.row) + file.what + ": " + problem});
    }
    progress.advance(end - begin);
  });
  return sorted(std::move(bad));
}

std::vector<BadFile> read_files(const Cohort& cohort, const std::vector<int64_t>& rows) {
  const auto& impl = cohort.impl();
  std::vector<CheckTask> tasks;
  for (const int64_t row : rows)
    for (size_t input = 0; input < impl.inputs.size(); ++input)
      if (impl.has_input(input, static_cast<size_t>(row)))
        tasks.emplace_back(input, static_cast<size_t>(row));
  std::vector<BadFile> bad;
  std::mutex mutex;
  core::Progress progress("reading", static_cast<int64_t>(tasks.size()));
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(tasks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& [input, row] = tasks[static_cast<size_t>(i)];
      const auto problems = impl.modality(input).problems(impl, input, row);
      {
        const std::lock_guard lock(mutex);
        for (const auto& problem : problems)
          bad.push_back({static_cast<int64_t>(row), where(impl, input, row) + problem});
      }
      progress.advance(1, "case " + impl.ids[row]);
    }
  });
  return sorted(std::move(bad));
}

std::string list_of(const std::vector<BadFile>& bad) {
  constexpr size_t most = 20;
  std::string text;
  for (size_t i = 0; i < std::min(bad.size(), most); ++i) text += "\n  " + bad[i].why;
  if (bad.size() > most) text += "\n  and " + std::to_string(bad.size() - most) + " more";
  return text;
}

void hash_files(const Cohort& cohort) {
  const auto& impl = cohort.impl();
  std::set<fs::path> paths;
  for (size_t input = 0; input < impl.inputs.size(); ++input) {
    for (size_t row = 0; row < impl.files[input].size(); ++row)
      for (const auto& file : files_of(impl, input, row)) paths.insert(file.path);
    for (const auto& sample : impl.stores.samples[input])
      if (sample.table) paths.insert(sample.path);
  }
  for (const auto& spec : impl.labels)
    for (size_t row = 0; row < impl.ids.size(); ++row)
      if (const auto label = label_file(impl, spec, row)) paths.insert(label->path);
  impl.files.hash_all({paths.begin(), paths.end()}, "hashing files");
}

std::vector<BlankCount> blank_cells(const Cohort& cohort) {
  const auto& table = cohort.impl().table;
  std::vector<BlankCount> counts;
  for (size_t column = 0; column < table.columns.size(); ++column) {
    BlankCount count{table.columns[column], 0};
    for (const auto& row : table.rows) count.blank += is_blank(row[column]) ? 1 : 0;
    counts.push_back(std::move(count));
  }
  return counts;
}

}  // namespace photo51::data
