#pragma once
/// What images weights were made for, as their file says it: the entry `preprocessing` of its metadata, JSON
/// such as {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "range": [0, 255], "spacing": [1, 1,
/// 1]}.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

inline constexpr const char* preprocessing_key = "preprocessing";  ///< of the metadata

/// All of it is optional.
struct MadeFor {
  std::vector<double> mean{}, std{};  ///< a channel, of intensities brought to 0 to 1 by `range`
  std::optional<std::array<double, 2>>
      range{};                    ///< the intensities that became 0 and 1: 0, 255; -175, 250 HU
  std::vector<double> spacing{};  ///< x, y[, z] mm
  bool empty() const { return mean.empty() && std.empty() && !range && spacing.empty(); }
};
/// Of a file's metadata; empty where they do not say. Error (data): the entry is not as above.
MadeFor made_for(const Metadata& metadata);
std::string to_json(const MadeFor& made_for);

}  // namespace photo51::nn
