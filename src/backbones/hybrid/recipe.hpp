#pragma once
/// In what the published networks of convolution and attention differ, beside their sizes.

#include <cstdint>
#include <string>
#include <vector>

namespace photo51::backbones {

enum class HybridActivation { relu, silu, gelu, gelu_tanh };
/// What halves a map: the mean of 2 places an axis; of 3 around each second one, the zeros beyond the edge
/// counted; the greatest of these 3.
enum class HybridPool { mean_of_2, mean_of_3, max_of_3 };

/// The inverted bottleneck (norm; 1-wide, depthwise 3-wide, 1-wide) with squeeze and excitation.
struct MbConvRecipe {
  bool expand_output = true;      ///< the hidden channels are 4 times the block's output's, not its input's
  bool activated_before = false;  ///< an activation after the first norm
  bool output_bias = true;        ///< of the last convolution and of the shortcut's
  bool halved_by_pool = false;    ///< else by the depthwise convolution
  bool squeeze_early = false;     ///< before the norm of the depthwise convolution
  bool same = false;              ///< TensorFlow's padding
  bool always_expand = false;     ///< the shortcut of a halving block has a convolution, needed or not
  double squeeze_ratio = 0.25;    ///< of the hidden channels, or of the output's with `expand_output`
  double epsilon = 1e-5;
  HybridPool pool = HybridPool::mean_of_2;  ///< of the shortcut
  HybridActivation activation = HybridActivation::gelu, squeeze_activation = HybridActivation::silu;
};

/// table, tensorflow: the two of nn::RelativePositionBias; table_and_index: with the index as a buffer;
/// perceptron: a function of the logarithms of the differences.
enum class RelativePosition { table, table_and_index, tensorflow, perceptron };

struct HybridAttentionRecipe {
  int64_t dim_head = 32;
  bool head_first = true;       ///< Q, K and V of a head beside each other; else all of Q, of K, of V
  bool expand_first = true;     ///< where channels change, Q, K and V have the output's, not the input's
  bool scale_by_width = false;  ///< products by 1 / sqrt(width), not of a head's width
  RelativePosition position = RelativePosition::table;
  int64_t position_width = 512;  ///< hidden features of the perceptron
};

/// Attention, then a perceptron, each after a norm and beside a shortcut.
struct HybridTransformerRecipe {
  HybridAttentionRecipe attention;
  std::string norm = "layer";  ///< a row of nn::norms; of maps
  double epsilon = 1e-6;
  double layer_scale = 0;  ///< its first values; 0: none
  bool shortcut_bias = true;
  HybridPool pool = HybridPool::mean_of_2;
  HybridActivation activation = HybridActivation::gelu;
};

struct HybridRecipe {
  std::vector<int64_t> embed_dim, depths;  ///< channels and blocks of each stage
  std::vector<int64_t> stem_width;         ///< of its two convolutions
  bool stem_bias1 = false, stem_bias2 = false;
  bool head_hidden = false;  ///< norm, perceptron and classifier of the mean; else the mean of the norm
  bool head_bias = true;
  MbConvRecipe conv;
  HybridTransformerRecipe transformer;
};

}  // namespace photo51::backbones
