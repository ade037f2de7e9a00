#pragma once
/// What all image encoders share: what becomes of the network's features.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/nn/weights/adapt_options.hpp"

namespace photo51::backbones {

/// How the instances of a bag become tokens (backbones/mil/bag_pool.hpp; options of the pools:
/// backbones/mil/options.hpp).
struct BagPoolOptions {
  config::Choice pool = config::choose("mean");  ///< a row of `bag_pools`
  bool view_embedding = false;                   ///< adds a learned vector of its view to each instance
  int64_t chunk = 64;                            ///< instances encoded at once where no gradient is needed
};

/// mean: one token; none: a token a place; class_token (`class`): the ViT's class token.
enum class TokenPool { mean, none, class_token };
std::span<const std::string_view> enum_names(TokenPool);

struct ImageEncoderOptions {
  TokenPool pool = TokenPool::mean;
  double dropout = 0;  ///< of the tokens' features
  bool channel_present =
      false;  ///< appends which channels (bags: views) the case has, as 0/1, to every token
  std::filesystem::path weights;  ///< pretrained, see nn::load_pretrained
  std::string weights_entry = {};
  nn::AdaptOptions adapt = {};
  int64_t dims = 0;  ///< 2 or 3, checked against the input; 0 = whatever the input has
  BagPoolOptions bag = {};
};
/// For an architecture's own `describe`. `pools` are those that its network can do; `dropout` is the key of
/// the tokens' dropout.
void describe_encoder(config::Fields& f, ImageEncoderOptions& o, const std::vector<TokenPool>& pools,
                      const char* dropout = "dropout");

}  // namespace photo51::backbones
