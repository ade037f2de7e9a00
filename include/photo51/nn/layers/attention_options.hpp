#pragma once
/// What a config may choose of an attention, without torch.

#include <cstdint>
#include <span>
#include <string_view>

namespace photo51::nn {

/// all: of queries, keys and values; query_value: keys have none (Bao et al., BEiT, ICLR 2022, and EVA);
/// none.
enum class QkvBias { all, query_value, none };
std::span<const std::string_view> enum_names(QkvBias);

/// axial: EVA-02's (Fang et al., Image and Vision Computing 2024); dinov3: DINOv3's (Simeoni et al., 2025).
enum class RotaryKind { axial, dinov3 };
std::span<const std::string_view> enum_names(RotaryKind);

enum class RotaryDtype { float32, bfloat16 };
std::span<const std::string_view> enum_names(RotaryDtype);

struct RotaryOptions {
  RotaryKind kind = RotaryKind::axial;
  double temperature = 0;  ///< 0: the kind's own, 10000 or 100
  int64_t reference = 0;   ///< axial: edge of the grid that the weights were trained on; 0: the grid's own
  /// To what the periods, which are computed in float32, are rounded: DINOv3's own files hold bfloat16.
  RotaryDtype dtype = RotaryDtype::float32;
};

}  // namespace photo51::nn
