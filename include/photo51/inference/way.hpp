#pragma once
/// How a loaded model computes its predictions: layout, what is folded and packed, precision. Training and
/// the evaluation within it compute otherwise, and so do captures and graphs of gradients.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/nn/inference/packed_layers.hpp"

namespace photo51::model {
class Model;
}

namespace photo51::inference {

/// automatic: bf16 where the model was trained in it and the processor has instructions for it, else float32.
enum class Precision { automatic, fp32, bf16 };
std::span<const std::string_view> enum_names(Precision);

struct Way {
  std::string name;
  bool channels_last = false;
  std::optional<nn::PackingOptions> packing{};  ///< none: layers run as they are
};
/// All there are, each with one thing more than the one before: from plain float32 to bf16.
const std::vector<Way>& ways();

struct ChosenWay {
  Way way;
  std::string why;  ///< "bf16: ..." or "float32: ..."
};
/// On a device as of core::resolve_device.
ChosenWay choose_way(Precision wanted, const std::string& device, bool trained_in_bf16);

/// The model predicts so from now on.
void set_way(model::Model& model, const Way& way);

}  // namespace photo51::inference
