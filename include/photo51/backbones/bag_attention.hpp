#pragma once
/// The names under which encoders of bags report what they attend to.

namespace photo51::backbones {

/// In `Tokens::attention`: [instances] the weight of each in its bag.
inline constexpr const char* bag_attention = "bag";
/// In `Tokens::attention`: [instances, S] what the pool says of each instance alone (BagPool::Pooled).
inline constexpr const char* bag_scores = "bag_scores";

}  // namespace photo51::backbones
