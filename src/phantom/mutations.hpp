#pragma once
/// The mutation table of a phantom cohort (Mutation Annotation Format).

#include <string>
#include <vector>

#include "phantom/biology.hpp"

namespace photo51::phantom {

/// One MAF row a mutation of the patients that were sequenced. The drivers that the patient has carry a
/// variant that changes the protein; silent variants in them and variants of 20 bystanders (MUT1 …), some
/// silent, tell nothing. A sequenced patient without a mutation has no row.
std::string mutation_table(const std::vector<Patient>& patients, int64_t seed);

}  // namespace photo51::phantom
