#include "photo51/data/cohort/check.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/images/instances.hpp"
#include "data/images/prepared_image.hpp"
#include "data/images/read_input.hpp"
#include "data/options/region_kind.hpp"
#include "data/tables/region_features.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/inspect/check.hpp"
#include "photo51/imaging/volume.hpp"

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

const std::string& channel_of(const Cohort::Impl& cohort, size_t input, size_t row, size_t file) {
  const auto& views = cohort.files[input][row].views;
  return cohort.inputs[input].second.channels[views.empty() ? file : views[file]];
}

std::vector<Named> files_of(const Cohort::Impl& cohort, size_t input, size_t row) {
  std::vector<Named> named;
  if (cohort.files[input].empty()) return named;
  const auto& files = cohort.files[input][row];
  const auto kind = cohort.inputs[input].second.tile ? Named::Kind::slide : Named::Kind::image;
  for (size_t i = 0; i < files.channels.size(); ++i)
    if (!files.channels[i].empty())
      named.push_back({input, row, "channel " + channel_of(cohort, input, row, i), files.channels[i], kind});
  for (size_t i = 0; i < files.registrations.size(); ++i)
    if (!files.registrations[i].empty())
      named.push_back({input, row, "registration of " + channel_of(cohort, input, row, i),
                       files.registrations[i], Named::Kind::other});
  if (!files.mask.empty())
    named.push_back({input, row, "mask " + cohort.inputs[input].second.mask, files.mask, Named::Kind::image});
  return named;
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
  return "case " + cohort.ids[row] + ": input " + cohort.inputs[input].first + ": ";
}

/// What `body` finds wrong, or nothing. Only bad data is an answer.
std::string problem_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const core::Error& error) {
    if (error.fault() != core::Fault::data) throw;
    return error.what();
  }
  return "";
}

/// Reads what this row has of an input; every file that fails is said once.
std::vector<std::string> problems_of(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.inputs[input].second;
  if (!cohort.samples[input].empty()) {
    const auto& problem = cohort.samples[input][row].problem;
    return problem.empty() ? std::vector<std::string>{} : std::vector{problem};
  }
  if (cohort.files[input].empty()) return {};
  std::vector<std::string> problems;
  const auto add = [&](const std::string& problem) {
    if (!problem.empty() && std::find(problems.begin(), problems.end(), problem) == problems.end())
      problems.push_back(problem);
  };
  if (is_lesion(options) || is_radiomics(options)) {
    add(problem_of([&] { described(cohort, input, row); }));
  } else if (is_bag(options)) {
    std::set<size_t> bad;  // files; one broken instance says enough
    for (size_t file = 0; file < cohort.files[input][row].channels.size(); ++file) {
      const std::string problem = problem_of([&] { part_count(cohort, input, row, file); });
      if (problem.empty()) continue;
      bad.insert(file);
      add("channel " + channel_of(cohort, input, row, file) + ": " + problem);
    }
    if (!bad.empty()) return problems;  // which instance is which is not known then
    for (size_t i = 0, count = instance_count(cohort, input, row); i < count; ++i) {
      const size_t file = instance_at(cohort, input, row, i).file;
      if (bad.contains(file)) continue;
      const std::string problem = problem_of([&] {
        try {
          prepare_image(cohort, input, row, i);
        } catch (const core::Error& error) {
          leave_out_tile(cohort, input, row, i, error);
        }
      });
      if (!problem.empty()) bad.insert(file);
      add(problem);
    }
    return problems;
  } else {
    add(problem_of([&] { prepare_image(cohort, input, row, 0); }));
  }
  if (problems.empty()) return problems;
  // Another file of the same case may be bad as well.
  std::vector<std::string> alone;
  const auto modality =
      is_image(options) ? imaging::modality_from(options.modality) : imaging::Modality::unknown;
  const auto& channels = cohort.files[input][row].channels;
  for (size_t i = 0; i < channels.size(); ++i) {
    const std::string problem =
        channels[i].empty() ? "" : problem_of([&] { read_channel(cohort, input, row, i, modality); });
    if (!problem.empty()) alone.push_back(problem);
  }
  return alone.empty() ? problems : alone;
}

using Task = std::pair<size_t, size_t>;  ///< input, row

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
      if (!impl.samples[input].empty() && !impl.samples[input][row].problem.empty())
        bad.push_back({at, where(impl, input, row) + impl.samples[input][row].problem});
    }
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
  std::vector<Task> tasks;
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
      const auto problems = problems_of(impl, input, row);
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
    for (const auto& sample : impl.samples[input])
      if (sample.table) paths.insert(sample.path);
  }
  impl.hash_all({paths.begin(), paths.end()}, "hashing files");
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
