#include "data/images/stored_bytes.hpp"

#include "data/cohort/cohort_impl.hpp"
#include "photo51/preprocess/bytes.hpp"

namespace photo51::data {

bool stays_bytes(const Cohort::Impl& cohort, size_t input) {
  const auto stay = cohort.modality(input).image->stays_bytes;
  return stay != nullptr && stay(cohort.choice(input));
}

at::Tensor lookup_of(const Cohort::Impl& cohort, size_t input) {
  if (!stays_bytes(cohort, input)) return {};
  const auto planes = cohort.modality(input).files->planes(cohort.choice(input)).size();
  return preprocess::byte_values(cohort.image_options(input).preprocess.normalize,
                                 static_cast<int64_t>(planes));
}

}  // namespace photo51::data
