#pragma once
/// What `embed` computes with.

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "photo51/backbones/encoder.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/options/cohort.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/inference/embed.hpp"

namespace photo51::inference {

/// One input and the encoder that sees it.
struct FrozenEncoder {
  std::string input;
  config::Choice options;  ///< of the input
  data::InputInfo info;
  std::shared_ptr<backbones::Encoder> encoder;
  std::string hash;             ///< of all that its features depend on
  nlohmann::ordered_json made;  ///< index.json
};

struct FrozenEncoders {
  data::CohortOptions cohort;
  data::FittedTransforms fitted;
  bool trained_in_bf16 = false;
  std::vector<FrozenEncoder> encoders;
};
/// Errors as of `embed`.
FrozenEncoders open_encoders(const EmbedRequest& request);

}  // namespace photo51::inference
