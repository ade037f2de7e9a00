#pragma once
/// The options of the encoders of tables (omics, clinical, lesion descriptors). Those of heads:
/// heads/options.hpp.

#include <cstdint>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::radiogenomics {

/// Klambauer et al., Self-normalizing neural networks, NeurIPS 2017.
struct SnnOptions {
  std::vector<int64_t> hidden{64, 32};
  double dropout = 0.1;  ///< alpha dropout after each layer
  double noise = 0;      ///< deviation of Gaussian noise on the input in training (Bishop 1995: Tikhonov)
};
void describe(config::Fields& f, SnnOptions& o);

struct LinearOptions {
  int64_t width = 0;  ///< features of the embedding; has to be given
  double dropout = 0;
};
void describe(config::Fields& f, LinearOptions& o);

struct IdentityOptions {
  double dropout = 0;
};
void describe(config::Fields& f, IdentityOptions& o);

}  // namespace photo51::radiogenomics
