#pragma once
/// What the layers of a network become where it only predicts: batch norms are folded into the convolutions
/// before them, weights are rounded once to the type that it computes in and laid out as oneDNN wants them.
/// The network's parameters and buffers stay as they are.
///
///   nn::PackedLayers packed({.type = at::kBFloat16});
///   {
///     const c10::InferenceMode mode;
///     const nn::PackedLayers::Use use(packed);
///     network.forward(image);  // packs each layer when it first runs, for images of that size
///   }

#include <ATen/core/Tensor.h>

#include <memory>

namespace photo51::nn {

class AdaptedLayer;
class Conv;
class Norm;

struct PackingOptions {
  bool fold = true;  ///< batch norms
  bool pack = true;  ///< oneDNN's layouts, on processors
  /// float32, or bfloat16: then the rest of the network is meant to run under nn::Autocast. A network of
  /// float64 computes in float64.
  at::ScalarType type = at::ScalarType::Float;
};

/// It holds copies of weights for as long as it lives, so the layers' own must not change meanwhile. An
/// adapter's change of a weight is added to the copy; layers whose adapter is no such change run as they are.
/// Several threads may use one at once.
class PackedLayers {
 public:
  explicit PackedLayers(const PackingOptions& options = {});
  ~PackedLayers();
  PackedLayers(const PackedLayers&) = delete;
  PackedLayers& operator=(const PackedLayers&) = delete;
  const PackingOptions& options() const;

  /// While one lives, layers that run on this thread use `packed`. Of several the last one that lives counts.
  class Use {
   public:
    explicit Use(PackedLayers& packed);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    PackedLayers* before_;
  };
  /// Whether nothing wants to see each layer on its own: there is neither a Capture nor a graph of gradients
  /// on this thread.
  static bool apply();
  /// In use on this thread, where they apply; else null.
  static PackedLayers* in_use();

  /// For layers: what they make of `x`, a convolution with a norm behind it and perhaps a ReLU, or the
  /// product with a matrix and a bias that may be undefined. Undefined where nothing is gained: they then run
  /// as they are.
  at::Tensor convolve(const Conv& conv, const Norm* norm, const at::Tensor& x, bool relu);
  at::Tensor multiply(const AdaptedLayer& layer, const at::Tensor& bias, const at::Tensor& x);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::nn
