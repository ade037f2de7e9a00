#include "data/cohort/stores.hpp"

#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

namespace fs = std::filesystem;

std::vector<Sample> read_samples(const Manifest& manifest, const std::string& input, const std::string& table,
                                 std::optional<size_t> column) {
  const auto& ids = manifest.ids;
  std::map<fs::path, std::vector<size_t>> rows_of;  // a table may hold one patient or all of them
  if (column) {
    for (size_t row = 0; row < ids.size(); ++row)
      if (const fs::path path = manifest.file(row, *column); !path.empty()) rows_of[path].push_back(row);
  } else if (const fs::path path = manifest.resolve(table); fs::exists(path)) {
    for (size_t row = 0; row < ids.size(); ++row) rows_of[path].push_back(row);
  } else {
    core::fail_data("input " + input + ": table: `" + table + "` is neither a column of " +
                    manifest.table.source + " nor a file (" + path.string() + ")" +
                    core::suggest(table, manifest.table.columns));
  }
  std::vector<Sample> samples(ids.size());
  std::shared_ptr<const std::vector<std::string>> genes;
  core::Progress progress("reading tables of " + input, static_cast<int64_t>(rows_of.size()),
                          core::Progress::Show::if_slow);
  for (const auto& [path, rows] : rows_of) {
    progress.advance();
    std::vector<std::string> patients;
    for (const size_t row : rows) patients.push_back(ids[row]);
    std::shared_ptr<genomics::Expression> expression;
    try {
      expression = std::make_shared<genomics::Expression>(core::with_context(
          "input " + input, [&, &file = path] { return genomics::read_expression(file, patients); }));
    } catch (const core::Error& error) {
      // A table of many patients is not a bad case but a bad cohort.
      if (manifest.options.on_bad_case != BadCase::skip || rows.size() > 1 ||
          error.fault() != core::Fault::data)
        throw;
      samples[rows[0]].problem = error.what();
      continue;
    }
    // A file a patient: they share one list of names.
    if (genes && *genes == *expression->genes) expression->genes = genes;
    genes = expression->genes;
    for (const size_t row : rows) {
      samples[row].path = path;
      const auto found = expression->row_of.find(ids[row]);
      if (found == expression->row_of.end()) continue;
      samples[row].table = expression;
      samples[row].row = found->second;
    }
  }
  return samples;
}

std::shared_ptr<const std::vector<std::string>> Stores::shared_names(
    std::shared_ptr<const std::vector<std::string>> names) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& known : name_lists_)
    if (*known == *names) return known;
  name_lists_.push_back(names);
  return names;
}

std::vector<std::vector<double>> Stores::landmarks(
    size_t input, size_t row, const std::function<std::vector<std::vector<double>>()>& make) const {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = landmarks_.find({input, row}); known != landmarks_.end()) return known->second;
  }
  auto found = make();
  const std::scoped_lock lock(mutex_);
  return landmarks_.emplace(std::pair{input, row}, std::move(found)).first->second;
}

bool Stores::is_news(size_t input, const std::string& region) const {
  const std::scoped_lock lock(mutex_);
  return told_regions_.emplace(input, region).second;
}

}  // namespace photo51::data
