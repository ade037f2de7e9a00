#include "photo51/backbones/encoder.hpp"

#include <torch/nn/module.h>

namespace photo51::backbones {

Tokens encode_present(const data::InputBatch& input, int64_t width,
                      const std::function<at::Tensor(const data::InputBatch&)>& encode) {
  const at::Tensor rows = input.present.nonzero().squeeze(1);
  const int64_t batch = input.present.size(0);
  const at::Device device = input.values.device();
  if (rows.numel() == 0) {
    const auto options = input.values.options();
    return {at::zeros({batch, 1, width}, options), at::zeros({batch, 1}, options.dtype(at::kBool))};
  }
  if (rows.numel() == batch) {
    const at::Tensor tokens = encode(input);
    return {tokens,
            at::ones({batch, tokens.size(1)}, tokens.options().dtype(at::kBool).requires_grad(false))};
  }
  data::InputBatch present;
  const at::Tensor places = rows.to(device);
  if (!input.offsets.defined()) present.values = input.values.index_select(0, places);
  present.present = input.present.index_select(0, rows);
  if (input.channel_present.defined())
    present.channel_present = input.channel_present.index_select(0, places);
  const at::Tensor tokens = encode(present);
  const at::Tensor all =
      at::zeros({batch, tokens.size(1), tokens.size(2)}, tokens.options().requires_grad(false));
  return {all.index_copy(0, places, tokens),
          input.present.to(device).unsqueeze(1).expand({batch, tokens.size(1)})};
}

}  // namespace photo51::backbones
