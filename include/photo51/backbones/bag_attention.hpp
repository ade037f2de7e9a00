#pragma once
/// The name under which encoders of bags report what they attend to.

namespace photo51::backbones {

/// In `Tokens::attention`: [instances] the weight of each in its bag.
inline constexpr const char* bag_attention = "bag";

}  // namespace photo51::backbones
