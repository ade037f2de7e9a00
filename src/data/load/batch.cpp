#include "photo51/data/load/batch.hpp"

namespace photo51::data {
namespace {

at::Tensor moved(const at::Tensor& tensor, at::Device device) {
  return tensor.defined() ? tensor.to(device) : tensor;
}

}  // namespace

InputBatch to(const InputBatch& input, at::Device device) {
  return {moved(input.values, device), input.present, moved(input.channel_present, device), input.offsets,
          input.view};
}

}  // namespace photo51::data
