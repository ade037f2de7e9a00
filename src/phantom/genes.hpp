#pragma once
/// The measured genes: which there are, what they hang on, their pathways. The same for every seed, so that a
/// model trained on one phantom cohort reads another.

#include <array>
#include <string>
#include <vector>

#include "phantom/biology.hpp"

namespace photo51::phantom {

struct Gene {
  std::string name, pathway;
  Loading loading;         ///< on the hidden genes; zero for bystanders
  double pathway_weight;   ///< on the pathway's own activity, which tells nothing of the hidden genes
  double mean, deviation;  ///< log2 units of the table
};

/// 100 genes: HELIX1 and HELIX2 (noisy readings of the hidden genes), fifteen genes in the pathway of each,
/// and bystanders in four pathways.
const std::vector<Gene>& gene_panel();

/// Standardised values in the panel's order.
std::vector<double> draw_expression(const std::array<double, 2>& genes, core::Random& random);
/// The table's value of a standardised one.
double table_value(const Gene& gene, double standardised);

}  // namespace photo51::phantom
