#pragma once
/// The few layers that networks are built of, each for 2D and 3D alike. Parameter names and layouts are
/// torch.nn's, so that weights pass both ways; initial values come from torch's default generator.

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <string>

namespace photo51::nn {

/// While one lives, layers made on this thread leave their parameters uninitialised: for modules whose
/// weights come from a file at once.
class SkipInit {
 public:
  SkipInit();
  ~SkipInit();
  SkipInit(const SkipInit&) = delete;
  SkipInit& operator=(const SkipInit&) = delete;
  static bool active();
};

/// A float32 tensor to register; `fill` sets its values unless SkipInit is active.
at::Tensor make_tensor(at::IntArrayRef shape, const std::function<void(at::Tensor&)>& fill);
void fill_truncated_normal(at::Tensor& tensor, double deviation);  ///< cut at two deviations
void fill_xavier_uniform(at::Tensor& matrix);                      ///< Glorot and Bengio 2010
/// torch.nn's default of linear layers and their biases: uniform within 1 / sqrt(inputs).
void fill_uniform_by_inputs(at::Tensor& tensor, int64_t inputs);

/// Convolution with padding of half the kernel (or none when `patches`: kernel = stride; or TensorFlow's
/// `same`, whose odd row goes to the far side). He initialisation by outputs.
class Conv : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims = 3, in = 1, out = 1, kernel = 3, stride = 1;
    bool bias = false;
    bool patches = false;
    int64_t groups = 1;
    bool same = false;
  };
  explicit Conv(const Shape& shape);
  at::Tensor forward(const at::Tensor& x) const;
  at::Tensor weight, bias;

 private:
  Shape shape_;
};

/// Normalisation of feature maps [B, C, ...].
///   batch     torch's BatchNorm. A training batch with a single value a channel has no deviation: the
///             running statistics serve and are left as they are.
///   instance  each case and channel by its own mean and deviation, with weight and bias; where the map is a
///             single place it passes unchanged, since nothing would be left of it
///   group     groups of channels (as many as divide the channels, up to 8), Wu and He 2018
class Norm : public torch::nn::Module {
 public:
  Norm(const std::string& kind, int64_t channels, double epsilon = 1e-5);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor weight, bias, running_mean, running_var, num_batches_tracked;

 private:
  enum class Kind { batch, instance, group } kind_;
  int64_t groups_ = 1;
  double epsilon_;
};

class Linear : public torch::nn::Module {
 public:
  Linear(int64_t in, int64_t out);
  at::Tensor forward(const at::Tensor& x) const;
  at::Tensor weight, bias;
};

class LayerNorm : public torch::nn::Module {
 public:
  explicit LayerNorm(int64_t width, double epsilon = 1e-5);
  at::Tensor forward(const at::Tensor& x) const;
  at::Tensor weight, bias;

 private:
  double epsilon_;
};

}  // namespace photo51::nn
