#pragma once
/// What every layer is: a module that reports what goes in and what comes out to nn::Capture, so that what
/// its parameters do can be seen.

#include <torch/nn/module.h>

#include <string>
#include <vector>

namespace photo51::nn {

class Layer : public torch::nn::Module {
 public:
  /// Parameters that act on nothing but what the layer (or a submodule of it) reports: its own, unless it
  /// says otherwise.
  virtual std::vector<at::Tensor> seen_parameters() const { return parameters(/*recurse=*/false); }
};

/// A layer of one parameter that the module around it has registered, because other libraries have it there
/// (`class_token`, not `class_token.weight`); the layer itself adds nothing to a state dict:
///
///   token_ = register_module("class_token", std::make_shared<PrefixToken>(
///                                               register_parameter("class_token", make_tensor(...))));
class OuterParameterLayer : public Layer {
 public:
  explicit OuterParameterLayer(at::Tensor registered) : values_(std::move(registered)) {}
  std::vector<at::Tensor> seen_parameters() const override { return {values_}; }

 protected:
  at::Tensor values_;
};

/// Names of the parameters below `root` that no layer shows, in the order of its state dict. A Capture sees
/// nothing of what they do.
std::vector<std::string> unseen_parameters(const torch::nn::Module& root);
/// For what cannot do without a parameter's part, such as gradients a case. Error (usage) that begins with
/// `purpose` and names the parameters: there are such.
void require_seen_parameters(const torch::nn::Module& root, const std::string& purpose);

}  // namespace photo51::nn
