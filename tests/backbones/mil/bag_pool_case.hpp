#pragma once
/// What tests of bag pools are given.

#include <ATen/ATen.h>

#include <memory>
#include <string>

#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::test {

inline std::shared_ptr<backbones::BagPool> bag_pool(const std::string& name, int64_t width, int64_t views = 1,
                                                    bool view_embedding = false) {
  backbones::BagPoolOptions options;
  options.pool = name;
  options.attention_width = 4;
  options.view_embedding = view_embedding;
  return backbones::make_bag_pool(options, width, views);
}
inline at::Tensor lengths(at::IntArrayRef values) {
  return at::tensor(values, at::kLong);
}
inline at::Tensor first_view(int64_t instances) {
  return at::zeros({instances}, at::kLong);
}

}  // namespace photo51::test
