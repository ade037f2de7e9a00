#include "photo51/backbones/encoder.hpp"

#include <torch/nn/module.h>

#include <limits>

#include "photo51/core/error.hpp"
#include "photo51/data/load/bag_stream.hpp"

namespace photo51::backbones {

data::InputBatch taken(const data::InputBatch& streamed) {
  data::InputBatch input = streamed;
  input.offsets = streamed.stream->offsets();
  input.view = streamed.stream->view();
  input.channel_present = streamed.stream->channel_present();
  input.stream = nullptr;
  return input;
}

void Encoder::keep_features() {
  core::fail_usage(
      "a map is made of an image's features, and this encoder has none of one image: it takes a table or a "
      "bag; name the input of an image");
}

data::InputBatch Encoder::take(const data::InputBatch& streamed, const at::Device& device) {
  const at::Tensor values = streamed.stream->next(std::numeric_limits<int64_t>::max());
  data::InputBatch input = taken(streamed);
  input.values = values;
  return data::floats(data::to(input, device));
}

Tokens encode_present(const data::InputBatch& input, int64_t width,
                      const std::function<Tokens(const data::InputBatch&)>& encode) {
  const at::Tensor rows = input.present.nonzero().squeeze(1);
  const int64_t batch = input.present.size(0);
  const at::Tensor& held = input.features.defined() ? input.features : input.values;
  const at::Device device = held.device();
  if (rows.numel() == 0) {
    const auto options = held.options();
    return {at::zeros({batch, 1, width}, options), at::zeros({batch, 1}, options.dtype(at::kBool))};
  }
  if (rows.numel() == batch) {
    Tokens tokens = encode(input);
    if (!tokens.mask.defined())
      tokens.mask = at::ones({batch, tokens.values.size(1)},
                             tokens.values.options().dtype(at::kBool).requires_grad(false));
    return tokens;
  }
  data::InputBatch present;
  const at::Tensor places = rows.to(device);
  if (!input.offsets.defined()) present.values = input.values.index_select(0, places);
  present.present = input.present.index_select(0, rows);
  if (input.channel_present.defined())
    present.channel_present = input.channel_present.index_select(0, places);
  Tokens tokens = encode(present);
  const auto spread = [&](const at::Tensor& of_present) {
    std::vector<int64_t> sizes = of_present.sizes().vec();
    sizes[0] = batch;
    return at::zeros(sizes, of_present.options().requires_grad(false)).index_copy(0, places, of_present);
  };
  tokens.mask = tokens.mask.defined()
                    ? spread(tokens.mask)
                    : input.present.to(device).unsqueeze(1).expand({batch, tokens.values.size(1)});
  tokens.values = spread(tokens.values);
  if (tokens.positions.defined()) tokens.positions = spread(tokens.positions);
  return tokens;
}

Tokens encode_present(const data::InputBatch& input, int64_t width,
                      const std::function<at::Tensor(const data::InputBatch&)>& encode) {
  return encode_present(input, width, [&](const data::InputBatch& present) -> Tokens {
    return {encode(present), {}};
  });
}

}  // namespace photo51::backbones
