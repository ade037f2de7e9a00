#pragma once
/// Gene expression tables: genes by patients or patients by genes, as numbers.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace photo51::genomics {

/// Values of some patients, a row each. Missing values (core::is_blank) are NaN.
struct Expression {
  std::string source;  ///< the file, for messages
  std::vector<std::string> patients;
  std::shared_ptr<const std::vector<std::string>> genes;
  std::vector<float> values;                       ///< [patients, genes]
  std::unordered_map<std::string, size_t> row_of;  ///< patient -> row
  std::optional<float> elsewhere = {};             ///< of genes that are not in the table; nothing: unknown

  const float* row(size_t patient) const { return values.data() + patient * genes->size(); }
};

/// Reads a table, separated and encoded as core::read_table reads, whose header and first column hold the
/// names; a header one cell shorter than the rows (as R writes it) has no corner. Which way it lies is told
/// by where `patients` stand; only these patients are kept. A table of one sample may carry any name for it
/// when `patients` is one.
///
/// A GCT (`#1.2`, `#1.3`) is known by its first line: the genes are its first column (Name, id), what else it
/// says of genes and samples is passed over, and its dimensions are checked.
///
/// A MAF of mutations (columns Hugo_Symbol, Tumor_Sample_Barcode, Variant_Classification) becomes 1 where a
/// patient has a variant of the gene that changes its protein, else 0; all `patients` count as sequenced.
///
/// Errors (data): missing or empty file; the patients stand on neither side, or as many on both; a gene or
/// patient that stands twice; a row of another length; text or an infinity where a number should be
/// (file:line, column); a GCT whose dimensions are not those of its table; a variant without a gene or
/// sample.
Expression read_expression(const std::filesystem::path& path, const std::vector<std::string>& patients);
Expression parse_expression(std::string_view text, const std::string& source,
                            const std::vector<std::string>& patients);

}  // namespace photo51::genomics
