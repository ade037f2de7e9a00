#pragma once
/// What a config may choose of a transformer's perceptron, without torch.

#include <span>
#include <string_view>

namespace photo51::nn {

/// gelu: two layers with a GELU between; swiglu: Shazeer, GLU variants improve transformer, 2020.
enum class PerceptronKind { gelu, swiglu };
std::span<const std::string_view> enum_names(PerceptronKind);

}  // namespace photo51::nn
