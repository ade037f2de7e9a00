#include "photo51/imaging/privacy/privacy.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "data/cohort/cohort_impl.hpp"
#include "data/cohort/file_warnings.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// The files and folders of one input, each once, with the first row that names it.
std::vector<std::pair<fs::path, size_t>> paths_of(const std::vector<RowFiles>& rows) {
  std::map<fs::path, size_t> first;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (const fs::path& path : rows[row].channels)
      if (!path.empty()) first.emplace(split_series(path).first, row);
    if (!rows[row].mask.empty()) first.emplace(split_series(rows[row].mask).first, row);
  }
  return {first.begin(), first.end()};
}

/// A command may read its cohort more than once, and inputs share files: what only warns is looked at once a
/// process, unless it has changed.
class Looked {
 public:
  imaging::Identity at(const fs::path& path) {
    const Stamp stamp = stamp_of(path);
    {
      const std::scoped_lock lock(mutex_);
      if (const auto known = known_.find(path); known != known_.end() && known->second.first == stamp)
        return known->second.second;
    }
    imaging::Identity identity = imaging::identity_of(path, imaging::Care::quick);
    const std::scoped_lock lock(mutex_);
    known_[path] = {stamp, identity};
    return identity;
  }

 private:
  using Stamp = std::pair<fs::file_time_type, std::uintmax_t>;
  static Stamp stamp_of(const fs::path& path) {
    std::error_code none;
    const std::uintmax_t size = fs::is_regular_file(path, none) ? fs::file_size(path, none) : 0;
    return {fs::last_write_time(path, none), size};
  }

  std::mutex mutex_;
  std::map<fs::path, std::pair<Stamp, imaging::Identity>> known_;
};

Looked& looked() {
  static Looked all;
  return all;
}

using Found = std::map<fs::path, imaging::Identity>;

void look_at_input(const std::string& input, const std::vector<std::pair<fs::path, size_t>>& paths,
                   bool strict, core::ThreadPool& pool, Found& seen) {
  std::vector<fs::path> fresh;
  for (const auto& [path, row] : paths)
    if (!seen.contains(path)) fresh.push_back(path);
  std::vector<imaging::Identity> found(fresh.size());
  core::Progress progress("reading headers of " + input, static_cast<int64_t>(fresh.size()),
                          core::Progress::Show::if_slow);
  pool.parallel_for(static_cast<int64_t>(fresh.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      found[at] = strict ? imaging::identity_of(fresh[at]) : looked().at(fresh[at]);
      progress.advance();
    }
  });
  for (size_t i = 0; i < fresh.size(); ++i) seen[fresh[i]] = std::move(found[i]);
}

/// What was found of one input, over all of its files.
struct Told {
  std::vector<std::string> names;  ///< in the order in which the files name them
  std::set<size_t> rows;
  std::vector<std::string> unchecked;

  void add(const imaging::Identity& identity, size_t row) {
    if (!identity.elements.empty()) rows.insert(row);
    for (const std::string& name : identity.elements)
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    unchecked.insert(unchecked.end(), identity.unchecked.begin(), identity.unchecked.end());
  }
};

/// The first of them, so that a warning stays a line.
std::string some(std::vector<std::string> names) {
  constexpr size_t kShown = 8;
  if (names.size() <= kShown) return core::join(names, ", ");
  const size_t more = names.size() - kShown;
  names.resize(kShown);
  return core::join(names, ", ") + " and " + std::to_string(more) + " more (photo51 inspect lists them)";
}

}  // namespace

void check_privacy(const Cohort::Impl& cohort) {
  if (cohort.options.privacy == PrivacyCheck::ignore) return;
  const bool strict = cohort.options.privacy == PrivacyCheck::strict;
  Found seen;
  core::ThreadPool pool;
  for (size_t input = 0; input < cohort.inputs.size(); ++input) {
    if (cohort.modality(input).bag) continue;  // numbers of an encoder
    const std::string& name = cohort.inputs[input].first;
    const auto paths = paths_of(cohort.files[input]);
    look_at_input(name, paths, strict, pool, seen);
    Told told;
    for (const auto& [path, row] : paths) told.add(seen[path], row);
    const auto what = [&](const std::string& names) {
      return "files of " + std::to_string(told.rows.size()) + " patient(s), the first " +
             cohort.ids[*told.rows.begin()] + ", tell, or help to tell, who the patient is: " + names;
    };
    if (strict && !told.names.empty())
      core::fail_data("input " + name + ": " + what(imaging::in_words(told.names)) +
                      "; remove them, or set cohort.privacy to warn");
    if (strict && !told.unchecked.empty())
      core::fail_data("input " + name + ": " + std::to_string(told.unchecked.size()) +
                      " file(s) cannot be checked for what tells who the patient is, the first " +
                      told.unchecked.front() +
                      "; convert it, move it out of the folder, or set cohort.privacy to warn");
    if (!told.names.empty())
      log_once({"", name, "", what(some(told.names)) + "; remove them before the files leave the clinic"});
  }
}

}  // namespace photo51::data
