#include "photo51/data/import/spatial_transcriptomics.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/import/spot_table.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/genomics/expression.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

struct Section {
  std::vector<std::vector<std::string>> rows;  ///< of cohort.csv
  genomics::Expression counts;
  std::vector<size_t> sample;  ///< row of `counts`, by row
};

/// What a spot's counts are divided by.
double library_size(const genomics::Expression& counts, size_t sample) {
  double sum = 0;
  for (size_t gene = 0; gene < counts.genes->size(); ++gene) {
    const double count = counts.row(sample)[gene];
    if (!(count >= 0))
      core::fail_data(counts.source + ": `" + counts.patients[sample] + "`, gene `" + (*counts.genes)[gene] +
                      "`: " + core::format_number(count) + " is not a count");
    sum += count;
  }
  return sum;
}

class SectionReader {
 public:
  SectionReader(const SpotOptions& options, const core::Table& table) : options_(options), table_(table) {
    for (const auto* column :
         {&options.section, &options.patient, &options.image, &options.spots, &options.counts})
      table.require(*column);
  }

  Section read(size_t row, SpotSummary& summary) const {
    const std::string name = cell(row, options_.section);
    const auto spots = read_spot_table(file(row, options_.spots), options_, summary.off_tissue);
    for (const auto& warning : spots.warnings) core::log_warning(warning);
    const size_t spot = spots.require(options_.spot), x = spots.require(options_.x),
                 y = spots.require(options_.y);
    std::vector<std::string> names;
    for (const auto& one : spots.rows) names.push_back(one[spot]);
    Section section{
        .rows = {}, .counts = genomics::read_expression(file(row, options_.counts), names), .sample = {}};
    const auto mpp = table_.find(options_.mpp);
    std::set<std::string> seen;
    for (size_t i = 0; i < spots.rows.size(); ++i) {
      const auto& one = spots.rows[i];
      if (!seen.insert(one[spot]).second)
        core::fail_data(spots.where(i) + ": spot `" + one[spot] + "` stands twice");
      for (const size_t column : {x, y}) place(spots, i, column);
      const auto sample = section.counts.row_of.find(one[spot]);
      if (sample == section.counts.row_of.end() || library_size(section.counts, sample->second) == 0) {
        ++summary.without_counts;
        continue;
      }
      section.sample.push_back(sample->second);
      section.rows.push_back({name + "_" + one[spot], cell(row, options_.patient), name,
                              file(row, options_.image).string(), one[x], one[y],
                              mpp ? table_.rows[row][*mpp] : ""});
    }
    return section;
  }

 private:
  const std::string& cell(size_t row, const std::string& column) const {
    const std::string& value = table_.rows[row][table_.require(column)];
    if (core::is_blank(value)) core::fail_data(table_.where(row) + ": column `" + column + "` is blank");
    return value;
  }

  fs::path file(size_t row, const std::string& column) const {
    fs::path path = fs::absolute(options_.sections.parent_path() / cell(row, column)).lexically_normal();
    std::error_code code;
    if (!fs::exists(path, code))
      core::fail_data(table_.where(row) + ": column `" + column + "`: " + path.string() + ": no such file");
    return path;
  }

  static void place(const core::Table& spots, size_t row, size_t column) {
    const auto value = core::parse_double(spots.rows[row][column]);
    if (!value || !core::fits_float(*value))
      core::fail_data(spots.where(row) + ": `" + spots.rows[row][column] + "` in column `" +
                      spots.columns[column] + "` is not a number of pixels");
  }

  const SpotOptions& options_;
  const core::Table& table_;
};

/// In the first section's order.
std::vector<std::string> common_genes(const std::vector<Section>& sections) {
  std::vector<std::string> genes = *sections.front().counts.genes;
  for (const auto& section : sections) {
    const std::set<std::string> here(section.counts.genes->begin(), section.counts.genes->end());
    std::erase_if(genes, [&](const auto& gene) { return !here.contains(gene); });
  }
  if (genes.empty()) core::fail_data("the sections' tables of counts have no gene in common");
  return genes;
}

void append_expression(const Section& section, const std::vector<std::string>& genes,
                       const SpotOptions& options, std::string& text) {
  const auto& counts = section.counts;
  std::vector<size_t> columns;
  columns.reserve(genes.size());
  std::unordered_map<std::string_view, size_t> place_of;
  for (size_t i = 0; i < counts.genes->size(); ++i) place_of.emplace((*counts.genes)[i], i);
  for (const auto& gene : genes) columns.push_back(place_of.at(gene));
  for (size_t i = 0; i < section.rows.size(); ++i) {
    const size_t sample = section.sample[i];
    const double sum = library_size(counts, sample);
    text += core::guarded(section.rows[i][0]);
    for (const size_t column : columns) {
      double value = counts.row(sample)[column];
      if (options.scale > 0) value *= options.scale / sum;
      if (options.log) value = std::log1p(value);
      text += '\t' + core::format_number(static_cast<float>(value));
    }
    text += '\n';
  }
}

/// Error (usage) when a file of that name is there and is not one that `write_spots` made: by its first line.
void refuse_foreign(const fs::path& file, const std::string& begins) {
  if (!fs::exists(file)) return;
  std::string start(begins.size(), ' ');
  start.resize(core::RegularFile(file).read(start.data(), start.size()));
  if (start != begins)
    core::fail_usage(file.string() +
                     ": is there already and was not made by `photo51 spots`; choose another folder");
}

}  // namespace

SpotSummary write_spots(const SpotOptions& options, const fs::path& folder) {
  const std::string header = core::csv_row({"spot", "patient", "section", "image", "x", "y", "image.mpp"});
  refuse_foreign(folder / "cohort.csv", header);
  refuse_foreign(folder / "expression.tsv", "spot\t");
  if (!(options.scale >= 0)) core::fail_usage("scale: counts are brought to a sum above 0, or 0 for none");
  const auto table = core::read_table(options.sections);
  for (const auto& warning : table.warnings) core::log_warning(warning);
  SpotSummary summary;
  std::vector<Section> sections;
  const SectionReader reader(options, table);
  for (size_t row = 0; row < table.rows.size(); ++row) sections.push_back(reader.read(row, summary));
  if (sections.empty()) core::fail_data(table.source + ": has no section");
  const auto genes = common_genes(sections);

  std::string manifest = header;
  std::string expression = "spot";
  for (const auto& gene : genes) expression += '\t' + core::guarded(gene);
  expression += '\n';
  for (const auto& section : sections) {
    for (const auto& row : section.rows) manifest += core::csv_row(row);
    append_expression(section, genes, options, expression);
    summary.spots += static_cast<int64_t>(section.rows.size());
  }
  summary.sections = static_cast<int64_t>(sections.size());
  summary.genes = static_cast<int64_t>(genes.size());
  core::make_directories(folder);
  core::write_file_atomic(folder / "expression.tsv", expression);
  core::write_file_atomic(folder / "cohort.csv", manifest);
  return summary;
}

}  // namespace photo51::data
