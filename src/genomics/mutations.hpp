#pragma once
/// Mutations in the Mutation Annotation Format (MAF) of the Genomic Data Commons.

#include <string>
#include <string_view>
#include <vector>

#include "photo51/genomics/expression.hpp"

namespace photo51::genomics {

/// Whether the first line that is no comment has the columns Hugo_Symbol and Tumor_Sample_Barcode.
bool is_maf(std::string_view text);
/// 1 where a patient has a variant of the gene that changes its protein, else 0; every gene that no patient
/// has one of is `elsewhere` 0. All `patients` count as sequenced. A barcode is a patient's id, or begins
/// with it and `-` (TCGA). Errors (data): no column Variant_Classification, a row of another length, a
/// variant without a gene or sample, none of the patients.
Expression parse_mutations(std::string_view text, const std::string& source,
                           const std::vector<std::string>& patients);

}  // namespace photo51::genomics
