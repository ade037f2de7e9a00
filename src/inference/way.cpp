#include "photo51/inference/way.hpp"

#include <array>

#include "photo51/core/device.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {

std::span<const std::string_view> enum_names(Precision) {
  static constexpr std::array<std::string_view, 3> names{"auto", "fp32", "bf16"};
  return names;
}

const std::vector<Way>& ways() {
  static const std::vector<Way> all{
      {"plain float32", false},
      {"channels-last", true},
      {"norms folded", true, nn::PackingOptions{.fold = true, .pack = false}},
      {"weights packed", true, nn::PackingOptions{}},
      {"bf16", true, nn::PackingOptions{.type = at::kBFloat16}},
  };
  return all;
}

ChosenWay choose_way(Precision wanted, const std::string& device, bool trained_in_bf16) {
  const Way &bf16 = ways().back(), &fp32 = *(ways().end() - 2);
  const bool on_cpu = device == "cpu";
  const std::string has = on_cpu ? core::bf16_instructions() : "";
  const std::string none = "the processor has no bf16 instructions (amx_bf16, avx512_bf16)";
  switch (wanted) {
    case Precision::fp32:
      return {fp32, "float32: it was asked for"};
    case Precision::bf16:
      if (on_cpu && has.empty()) return {bf16, "bf16: it was asked for, though " + none};
      return {bf16, "bf16: it was asked for"};
    case Precision::automatic:
      break;
  }
  if (!trained_in_bf16) return {fp32, "float32: the model was trained in it"};
  if (!on_cpu) return {fp32, "float32: on a GPU bf16 is only taken when it is asked for"};
  if (has.empty()) return {fp32, "float32: " + none};
  return {bf16, "bf16: the processor has " + has + " and the model was trained in bf16"};
}

void set_way(model::Model& model, const Way& way) {
  model.set_channels_last(way.channels_last && !way.packing);  // packed layers see to it themselves
  model.set_packing(way.packing);
}

}  // namespace photo51::inference
