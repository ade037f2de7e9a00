#include "genomics/mutations.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "genomics/lines.hpp"
#include "photo51/core/error.hpp"

namespace photo51::genomics {
namespace {

using Cells = std::vector<std::string_view>;

/// The classes that change a protein, as maftools takes them (Mayakonda et al., Genome Research 2018).
constexpr std::array<std::string_view, 9> changing{
    "Frame_Shift_Del",   "Frame_Shift_Ins",  "In_Frame_Del",           "In_Frame_Ins", "Missense_Mutation",
    "Nonsense_Mutation", "Nonstop_Mutation", "Translation_Start_Site", "Splice_Site"};

std::optional<size_t> column(const Cells& header, std::string_view name) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<size_t>(found - header.begin());
}

/// Of the first line that is no comment; empty when there is none.
Cells header_of(std::string_view text) {
  Cells header;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') {
      split_line(line, '\t', header);
      return header;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return header;
}

class Sequenced {
 public:
  explicit Sequenced(const std::vector<std::string>& patients) {
    for (size_t i = 0; i < patients.size(); ++i) row_of_.emplace(patients[i], i);
  }
  const std::unordered_map<std::string, size_t>& rows() const { return row_of_; }
  std::optional<size_t> row(std::string_view barcode) const {
    for (size_t end = barcode.size(); end != std::string_view::npos && end > 0;
         end = barcode.rfind('-', end - 1)) {
      const auto found = row_of_.find(std::string(barcode.substr(0, end)));
      if (found != row_of_.end()) return found->second;
    }
    return std::nullopt;
  }

 private:
  std::unordered_map<std::string, size_t> row_of_;
};

}  // namespace

bool is_maf(std::string_view text) {
  const Cells header = header_of(text);
  return column(header, "Hugo_Symbol") && column(header, "Tumor_Sample_Barcode");
}

Expression parse_mutations(std::string_view text, const std::string& source,
                           const std::vector<std::string>& patients) {
  const Cells header = header_of(text);
  const size_t gene = column(header, "Hugo_Symbol").value(),
               sample = column(header, "Tumor_Sample_Barcode").value();
  const auto effect = column(header, "Variant_Classification");
  if (!effect)
    core::fail_data(source + ": has no column `Variant_Classification`, which says what a variant does");
  const Lines lines = core::with_context(source, [&] { return lines_of(text); });
  const Sequenced sequenced(patients);
  std::set<std::pair<std::string, size_t>> mutated;  // by gene, patient
  bool any = false, heading = true;
  std::string stranger;
  Cells cells;
  for (size_t i = 0; i < lines.text.size(); ++i) {
    if (lines.text[i].front() == '#') continue;
    if (std::exchange(heading, false)) continue;
    split_line(lines.text[i], '\t', cells);
    const std::string where = source + ":" + std::to_string(lines.number[i]);
    if (cells.size() != header.size())
      core::fail_data(where + ": " + std::to_string(cells.size()) + " cells, but the header names " +
                      std::to_string(header.size()));
    if (cells[gene].empty() || cells[sample].empty())
      core::fail_data(where + ": the variant has no " + (cells[gene].empty() ? "gene" : "sample"));
    const auto row = sequenced.row(cells[sample]);
    if (!row && stranger.empty()) stranger = cells[sample];
    any = any || row;
    if (row && std::find(changing.begin(), changing.end(), cells[*effect]) != changing.end())
      mutated.emplace(cells[gene], *row);
  }
  if (!any)
    core::fail_data(source + ": no patient of the cohort" +
                    (patients.empty() ? "" : " (such as `" + patients[0] + "`)") + " has a variant" +
                    (stranger.empty() ? "" : " (samples such as `" + stranger + "` do)") +
                    "; use the manifest's patient ids");
  Expression table;
  table.source = source;
  table.patients = patients;
  table.row_of = sequenced.rows();
  table.elsewhere = 0;
  std::vector<std::string> genes;
  for (const auto& [name, row] : mutated)
    if (genes.empty() || genes.back() != name) genes.push_back(name);
  table.values.assign(patients.size() * genes.size(), 0);
  for (const auto& [name, row] : mutated) {
    const auto at = std::lower_bound(genes.begin(), genes.end(), name) - genes.begin();
    table.values[row * genes.size() + static_cast<size_t>(at)] = 1;
  }
  table.genes = std::make_shared<const std::vector<std::string>>(std::move(genes));
  return table;
}

}  // namespace photo51::genomics
