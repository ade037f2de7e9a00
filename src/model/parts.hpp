#pragma once
/// What a model is made of.

#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/model/model.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::model {

/// How a head sees the encoders: the fusion of some or all of them.
struct View {
  std::string name;  ///< of the module
  std::vector<std::string> inputs;
  std::shared_ptr<fusion::Fusion> fusion;
};

struct Model::Parts {
  struct Encoder {
    std::string input;
    std::shared_ptr<backbones::Encoder> module;
    std::vector<std::string> names;  ///< of its features
  };
  struct Head {
    std::string name;
    double weight = 1;
    radiogenomics::Sees sees = radiogenomics::Sees::fusion;
    size_t view = 0;                  ///< of fusion
    std::vector<std::string> inputs;  ///< of embeddings; of maps one
    std::vector<std::string> heads;   ///< of heads
    std::shared_ptr<radiogenomics::Head> module;
  };
  std::vector<Encoder> encoders;
  std::vector<View> views;
  std::vector<Head> heads;  ///< in the config's order, but for those that see heads: they come last
  double dropout = 0, modality_dropout = 0;

  const Head& head(const std::string& name) const {
    for (const auto& one : heads)
      if (one.name == name) return one;
    core::fail_usage("the model has no head `" + name + "`");
  }
};

}  // namespace photo51::model
