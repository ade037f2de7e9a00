#include "photo51/data/batch.hpp"

namespace photo51::data {
namespace {

at::Tensor moved(const at::Tensor& tensor, at::Device device) {
  return tensor.defined() ? tensor.to(device) : tensor;
}

}  // namespace

InputBatch to(const InputBatch& input, at::Device device) {
  return {moved(input.values, device), moved(input.present, device), moved(input.channel_present, device),
          moved(input.offsets, device), moved(input.view, device)};
}

LabelBatch to(const LabelBatch& labels, at::Device device) {
  return {moved(labels.value, device), moved(labels.event, device), moved(labels.known, device)};
}

}  // namespace photo51::data
