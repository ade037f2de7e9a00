#pragma once
/// What one wants to know of the image encoders before choosing one: `photo51 describe backbones`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"

namespace photo51::backbones {

struct EncoderOverview {
  std::string name, help;
  EncoderFacts facts;
  /// Of its network with default options and no classifier, for images [3, 224, 224] and [1, 96, 96, 96];
  /// nothing where it takes no such images, or the encoder is more than a network.
  std::optional<int64_t> parameters_2d{}, parameters_3d{};
  /// Whose weights that network takes: "timm", "torchvision 0.12".
  std::vector<std::string> dialects{};
  std::vector<std::string> libraries{};  ///< of these, each once and without its version
};
/// All rows of `image_encoders`, in its order.
std::vector<EncoderOverview> overview();

/// "11.2 M", "24.6 k".
std::string short_count(int64_t parameters);

}  // namespace photo51::backbones
