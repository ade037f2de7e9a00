#include "data/images/instances.hpp"

#include <algorithm>
#include <numeric>

#include "photo51/core/random.hpp"

namespace photo51::data {

size_t part_count(const Cohort::Impl& cohort, size_t input, size_t row, size_t file) {
  return cohort.modality(input).image->parts(cohort, input, row, file);
}

size_t instance_count(const Cohort::Impl& cohort, size_t input, size_t row) {
  size_t count = 0;
  for (size_t file = 0; file < cohort.files[input][row].channels.size(); ++file)
    count += part_count(cohort, input, row, file);
  return count;
}

Instance instance_at(const Cohort::Impl& cohort, size_t input, size_t row, size_t index) {
  Instance instance{0, index};
  for (size_t parts = 0; instance.part >= (parts = part_count(cohort, input, row, instance.file));
       ++instance.file)
    instance.part -= parts;
  return instance;
}

std::vector<size_t> drawn_instances(size_t count, int64_t limit, const core::SampleKey& key,
                                    const std::string& name) {
  std::vector<size_t> chosen(count);
  std::iota(chosen.begin(), chosen.end(), size_t{0});
  if (!key.is_random() || limit <= 0 || count <= static_cast<size_t>(limit)) return chosen;
  core::Random random = key.stream(name, "data.instances");
  const auto order = random.permutation(static_cast<int64_t>(count));
  chosen.assign(order.begin(), order.begin() + limit);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace photo51::data
