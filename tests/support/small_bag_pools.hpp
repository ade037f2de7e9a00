#pragma once
/// The pools of bags in sizes that tests take, without dropout.

#include <stdexcept>
#include <string>

#include "photo51/backbones/mil/options.hpp"

namespace photo51::test {

inline config::Choice small_bag_pool(const std::string& name) {
  using namespace backbones;
  if (name == "mean" || name == "max" || name == "none") return config::choose(name);
  if (name == "mi_net") return config::choose(name, MiNetOptions{.hidden = {5, 4}});
  if (name == "abmil" || name == "gated_abmil") return config::choose(name, AbmilOptions{.hidden = 4});
  if (name == "clam_sb" || name == "clam_mb")
    return config::choose(name,
                          ClamOptions{.embed_dim = 4, .hidden = 3, .dropout = 0, .k_sample = 2, .head = {}});
  if (name == "dsmil") return config::choose(name, DsmilOptions{.hidden = 4, .head = {}});
  if (name == "transmil")
    return config::choose(name,
                          TransmilOptions{.embed_dim = 4, .heads = 2, .num_landmarks = 2, .dropout = 0});
  if (name == "dtfd")
    return config::choose(name, DtfdOptions{.embed_dim = 4, .hidden = 3, .pseudo_bags = 2, .head = {}});
  if (name == "transformer")
    return config::choose(name, TransformerPoolOptions{.embed_dim = 4, .depth = 2, .heads = 2});
  throw std::invalid_argument("add the pool `" + name + "` to tests/support/small_bag_pools.hpp");
}

}  // namespace photo51::test
