#pragma once
/// Concatenation: [x_1 | ... | x_M | present_1 ... present_M], where x_m is the input's embedding (projected
/// to `width` features if asked) or, for a case without that input, a learned vector or zeros.

#include "photo51/fusion/fusion.hpp"
#include "photo51/fusion/options.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::fusion {

class Concat : public Fusion {
 public:
  Concat(const ConcatOptions& options, const FusionInputs& inputs);
  Fused fuse(const std::map<std::string, backbones::Tokens>& inputs) override;
  int64_t width() const override { return width_; }

 private:
  struct Input {
    std::string name;
    std::shared_ptr<nn::Linear> project;  ///< null: as it is
    at::Tensor absent;                    ///< undefined: zeros
  };
  ConcatOptions options_;
  int64_t width_ = 0;
  std::vector<Input> inputs_;
};

}  // namespace photo51::fusion
