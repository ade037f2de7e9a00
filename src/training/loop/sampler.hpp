#pragma once
/// Which training rows an epoch sees, and in which order.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {

struct OrderOptions {
  Sampling sampler = Sampling::none;
  std::string head;  ///< that `sampler` looks at
  int64_t batch_size = 8;
};

/// The head that `sampler` looks at: `wanted`, or the first that fits when it is empty. Error (usage) when
/// there is none or `wanted` does not fit.
std::string sampler_head(const std::vector<data::TaskSpec>& labels, Sampling sampler,
                         const std::string& wanted);

/// A shuffle of `rows` that depends on nothing but its arguments. Balanced: every known class (event:
/// observed or censored) is drawn as often as the most frequent one, its rows in turn, none left out; rows of
/// unknown class stand once. A last batch of one row would break batch normalisation: that row sits this
/// epoch out.
std::vector<int64_t> epoch_order(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                 const OrderOptions& options, uint64_t seed, int64_t epoch);

}  // namespace photo51::training
