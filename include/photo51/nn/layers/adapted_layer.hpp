#pragma once
/// A layer of a weight and perhaps a bias, with a slot for an adapter.

#include <memory>

#include "photo51/nn/adapters/adapter.hpp"
#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

class AdaptedLayer : public Layer {
 public:
  at::Tensor weight, bias;  ///< `bias` is undefined where the layer has none

  /// Registered as the submodule `adapter`, so that it trains, moves and is saved with the layer; it takes
  /// the place of one that is there, and null leaves none. Error (usage): its change is not of the weight's
  /// shape.
  void set_adapter(std::shared_ptr<Adapter> adapter);
  const std::shared_ptr<Adapter>& adapter() const { return adapter_; }
  /// With those of the adapter, whose change is of what the layer reports.
  std::vector<at::Tensor> seen_parameters() const override;
  /// Adds the adapter's change to the weight and takes the adapter out. Errors (usage): there is none, or
  /// it is no change of the weight.
  void merge_adapter();

 protected:
  at::Tensor adapted(const at::Tensor& input, const at::Tensor& output) const {
    return adapter_ ? output + adapter_->delta(input) : output;
  }
  /// x W^T + bias and what the adapter adds, of a layer whose weight is a matrix; `bias` may be undefined.
  at::Tensor product(const at::Tensor& x, const at::Tensor& with_bias) const;

 private:
  std::shared_ptr<Adapter> adapter_;
};

}  // namespace photo51::nn
