#pragma once
/// What tests of bag pools are given.

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/mil/bag_pool.hpp"
#include "support/small_bag_pools.hpp"

namespace photo51::test {

inline const std::vector<backbones::LabelShape> one_head = {{"idh", 2}};

inline std::shared_ptr<backbones::BagPool> bag_pool(const config::Choice& choice, int64_t width,
                                                    const std::vector<backbones::LabelShape>& labels) {
  backbones::BagPoolOptions options;
  options.pool = choice;
  return backbones::make_bag_pool(options, width, 1, labels);
}
inline std::shared_ptr<backbones::BagPool> bag_pool(const std::string& name, int64_t width, int64_t views = 1,
                                                    bool view_embedding = false) {
  backbones::BagPoolOptions options;
  options.pool = small_bag_pool(name);
  options.view_embedding = view_embedding;
  return backbones::make_bag_pool(options, width, views, one_head);
}
inline at::Tensor lengths(at::IntArrayRef values) {
  return at::tensor(values, at::kLong);
}
inline at::Tensor first_view(int64_t instances) {
  return at::zeros({instances}, at::kLong);
}

}  // namespace photo51::test
