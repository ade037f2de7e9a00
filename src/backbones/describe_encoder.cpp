#include <array>
#include <utility>

#include "backbones/mil/describe_bag.hpp"
#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/backbones/mil/bag_pools.hpp"

namespace photo51::backbones {

void describe_bag(config::Fields& f, BagPoolOptions& o) {
  f.choice("bag_pool", o.pool, bag_pools().components(),
           "bags: how the instances become one token; none = a token each");
  f("view_embedding", o.view_embedding,
    "bags: adds a learned vector to each instance, one for each of the input's channels");
  f("bag_chunk", o.chunk, "bags: instances encoded at once at prediction; training encodes a batch's at once",
    {.min = 1});
}

std::span<const std::string_view> enum_names(TokenPool) {
  static constexpr std::array<std::string_view, 3> names{"mean", "none", "class"};
  return names;
}

void describe_encoder(config::Fields& f, ImageEncoderOptions& o, const std::vector<TokenPool>& pools,
                      const char* dropout) {
  config::Limits limits;
  for (const TokenPool pool : pools) limits.one_of.push_back(config::name_of(pool));
  f("pool", o.pool, "how the feature map becomes tokens: mean = one token, none = one a place",
    std::move(limits));
  f(dropout, o.dropout, "dropout of the tokens' features in training", {.min = 0, .max = 1});
  f("channel_present", o.channel_present, "append which channels a case has (0/1) to its tokens");
  f("weights", o.weights,
    "pretrained state dict, safetensors or a file of torch.save; its classifier is left out");
  f("weights_entry", o.weights_entry, "of a file of torch.save with several state dicts: which (`teacher`)");
  f.section("adapt", o.adapt, "how weights are changed that were made for another input; none = not at all");
  f("dims", o.dims, "2 or 3, checked against the input; 0 = whatever the input has");
  describe_bag(f, o.bag);
  f.check(o.dropout < 1, dropout, "must be below 1");
  f.check(o.dims == 0 || o.dims == 2 || o.dims == 3, "dims", "must be 0, 2 or 3");
}

}  // namespace photo51::backbones
