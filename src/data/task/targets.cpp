#include "photo51/data/task/targets.hpp"

#include <ATen/ops/zeros.h>

#include "photo51/data/task/task.hpp"

namespace photo51::data {

at::Tensor known_rows(const Targets& targets) {
  const at::Tensor& known = targets.known;
  return (known.dim() > 1 ? known.any(1) : known).nonzero().squeeze(1);
}

Targets collate_numbers(const std::vector<const Case::Label*>& labels) {
  const auto count = static_cast<int64_t>(labels.size());
  Targets targets{at::zeros({count}, at::kFloat), {}, at::zeros({count}, at::kBool)};
  for (int64_t i = 0; i < count; ++i) {
    const auto* label = labels[static_cast<size_t>(i)];
    if (label == nullptr || !label->known) continue;
    targets.value.data_ptr<float>()[i] = static_cast<float>(label->value);
    targets.known.data_ptr<bool>()[i] = true;
  }
  return targets;
}

}  // namespace photo51::data
