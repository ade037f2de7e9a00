#include "preprocess/mask2d/components.hpp"

#include <ATen/ATen.h>

#include <vector>

#include "photo51/ops/components.hpp"

namespace photo51::preprocess {

void drop_pieces(at::Tensor& mask, int64_t pixels) {
  if (pixels <= 1) return;
  const ops::ConnectedComponents found = ops::connected_components(mask, ops::Neighbours::corners);
  std::vector<char> stays{0};
  for (const auto& part : found.parts) stays.push_back(part.size >= pixels ? 1 : 0);
  const auto* label = found.labels.const_data_ptr<int32_t>();
  bool* pixel = mask.mutable_data_ptr<bool>();
  for (int64_t i = 0; i < mask.numel(); ++i) pixel[i] = stays[static_cast<size_t>(label[i])] != 0;
}

}  // namespace photo51::preprocess
