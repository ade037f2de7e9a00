// photo51 radiomics --cases MANIFEST: the cases of a manifest, one row a case and region.
#include <cmath>
#include <mutex>
#include <optional>

#include "commands/outputs.hpp"
#include "commands/radiomics_regions.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::commands::regions {
namespace {

namespace fs = std::filesystem;

/// `#` and what follows it is not of the path.
std::string hash_of(const std::string& reference) {
  return imaging::content_hash(reference.substr(0, reference.find('#')));
}

/// Only the usual column may be absent.
std::optional<size_t> label_column(const core::Table& table, const std::string& name) {
  if (name.empty()) return {};
  return name == Arguments().label_column ? table.find(name) : table.require(name);
}

/// Where the JSON file beside a table goes.
fs::path provenance_of(fs::path table) {
  return table.replace_extension(".json");
}

/// The cases of a manifest: a row a case and region for the CSV, and where each came from.
class Batch {
 public:
  Batch(const Arguments& arguments, Wanted wanted)
      : arguments_(arguments),
        wanted_(std::move(wanted)),
        table_(core::read_table(arguments.manifest)),
        image_(table_.require(arguments.image_column)),
        mask_(table_.require(arguments.mask_column)),
        label_(label_column(table_, arguments.label_column)),
        cases_(table_.rows.size()) {
    for (const auto& warning : table_.warnings) core::log_warning(warning);
    if (label_ && !arguments.regions.empty())
      core::fail_usage("column " + table_.columns[*label_] +
                       " and --roi both choose what of the mask is the region; leave one of them out");
    std::vector<fs::path> inputs{arguments.manifest, arguments.config};
    for (const auto& row : table_.rows)
      for (const size_t column : {image_, mask_})
        if (!row[column].empty()) inputs.push_back(arguments.manifest.parent_path() / row[column]);
    Outputs outputs(std::move(inputs));
    outputs.add(arguments.out);
    outputs.add(provenance_of(arguments.out));
  }

  void run() {
    core::ThreadPool pool(arguments_.threads);
    core::Progress progress("radiomics", static_cast<int64_t>(cases_.size()));
    pool.parallel_for(static_cast<int64_t>(cases_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        compute_row(static_cast<size_t>(row));
        const std::lock_guard lock(mutex_);
        progress.advance();
      }
    });
  }

  void write() {
    warnings_.summarise();
    size_t failed = 0;
    for (const Case& one : cases_) failed += one.error.empty() ? 0 : 1;
    if (failed == cases_.size()) core::fail_data("no case of " + table_.source + " could be computed");
    if (failed > 0)
      core::log_warning(std::to_string(failed) + " of " + std::to_string(cases_.size()) +
                        " cases are left out");
    core::write_file_atomic(arguments_.out, csv());
    core::write_file_atomic(provenance_of(arguments_.out), provenance());
  }

 private:
  struct Case {
    Regions regions;
    std::string image_hash, mask_hash, error;
    Json warnings = Json::array();
  };

  std::string cell(size_t row, size_t column) const { return table_.rows[row][column]; }
  /// Paths in a manifest are relative to it.
  std::string path(size_t row, size_t column) const {
    const std::string& text = table_.rows[row][column];
    if (core::is_blank(text)) core::fail_data("column " + table_.columns[column] + " is empty");
    return (arguments_.manifest.parent_path() / text).string();
  }

  /// The settings, with the label that the row asks for.
  Wanted wanted_of(size_t row, const std::string& mask) const {
    Wanted wanted = wanted_;
    const std::string text = label_ ? std::string(core::trim(table_.rows[row][*label_])) : "";
    if (text.empty()) return wanted;
    const auto number = core::parse_double(text);
    if (!number || *number != std::round(*number) || *number == 0 || std::abs(*number) > 1e9)
      core::fail_data("column " + table_.columns[*label_] + " is `" + text +
                      "`, not a label of the mask; correct it, or name another column by --label-column");
    if (mask.find('#') != std::string::npos && !fs::exists(mask))
      core::fail_data("column " + table_.columns[*label_] + " and what stands behind # in " + mask +
                      " both choose the region; leave one of them out");
    wanted.masks.label = static_cast<int64_t>(*number);
    return wanted;
  }

  void compute_row(size_t row) {
    Case& one = cases_[row];
    try {
      const std::string image = path(row, image_), mask = path(row, mask_);
      const std::string line = "line_" + std::to_string(table_.lines[row]);
      const auto folder = [&](const fs::path& parent) { return parent.empty() ? parent : parent / line; };
      one.regions =
          compute(image, mask, arguments_, wanted_of(row, mask),
                  {folder(arguments_.maps), folder(arguments_.voxelwise)}, {warnings_, line}, nullptr);
      one.warnings = Odd{warnings_, line}.json();
      one.image_hash = hash_of(image);
      one.mask_hash = hash_of(mask);
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      one.error = table_.where(row) + ": " + error.what();
      core::log_warning("left out: " + one.error);
    }
  }

  /// Features by IBSI's tags; the profile `pyradiomics` by its own names.
  std::string label(const radiomics::Feature& feature) const {
    return wanted_.settings.profile == "pyradiomics" ? feature.name : feature.tag;
  }

  std::string csv() const {
    std::string text;
    for (size_t row = 0; row < cases_.size(); ++row) {
      for (const Region& region : cases_[row].regions) {
        if (text.empty()) {
          std::vector<std::string> header = table_.columns;
          header.emplace_back("roi");
          for (const auto& feature : region.features) header.push_back(label(feature));
          text = core::csv_row(header);
        }
        std::vector<std::string> cells = table_.rows[row];
        cells.push_back(region.name);
        for (const auto& feature : region.features) cells.push_back(number(feature.value));
        text += core::csv_row(cells);
      }
    }
    return text;
  }

  std::string provenance() const {
    Json done = Json::array(), failed = Json::array();
    for (size_t row = 0; row < cases_.size(); ++row) {
      const Case& one = cases_[row];
      if (one.error.empty())
        done.push_back({{"line", table_.lines[row]},
                        {"image", cell(row, image_)},
                        {"image_xxh3", one.image_hash},
                        {"mask", cell(row, mask_)},
                        {"mask_xxh3", one.mask_hash},
                        {"warnings", one.warnings}});
      else
        failed.push_back({{"line", table_.lines[row]}, {"error", one.error}});
    }
    return core::json_text(Json{{"photo51", core::version()},
                                {"commit", core::build_commit()},
                                {"manifest", table_.source},
                                {"manifest_xxh3", core::hash_file(arguments_.manifest)},
                                {"settings", json_of(wanted_)},
                                {"regions", arguments_.regions},
                                {"cases", std::move(done)},
                                {"left_out", std::move(failed)}},
                           1) +
           "\n";
  }

  const Arguments& arguments_;
  Wanted wanted_;
  core::Table table_;
  size_t image_, mask_;
  std::optional<size_t> label_;
  std::vector<Case> cases_;
  data::Warnings warnings_;
  std::mutex mutex_;
};

}  // namespace

void run_batch(const Arguments& arguments) {
  if (arguments.out.empty()) core::fail_usage("--cases needs --out, the CSV file to write");
  Batch batch(arguments, read_settings(arguments, arguments.words));
  batch.run();
  batch.write();
}

}  // namespace photo51::commands::regions
