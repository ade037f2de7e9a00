// A fusion: the mean, over the inputs that a patient has, of their embeddings projected to one width.
#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <photo51/fusion/fusion.hpp>
#include <photo51/nn/layers/linear.hpp>

#include "components.hpp"

using namespace photo51;

namespace {

struct PresentMeanOptions {
  int64_t width = 16;
};
void describe(config::Fields& f, PresentMeanOptions& o) {
  f("width", o.width, "features that each input is projected to", {.min = 1});
}

class PresentMean final : public fusion::Fusion {
 public:
  PresentMean(const PresentMeanOptions& options, const fusion::FusionInputs& inputs) : width_(options.width) {
    for (const auto& [name, features] : inputs)
      inputs_.emplace_back(
          name, register_module("project_" + name, std::make_shared<nn::Linear>(features, width_)));
  }

  fusion::Fused fuse(const std::map<std::string, backbones::Tokens>& tokens) override {
    at::Tensor sum, count;
    for (const auto& [name, project] : inputs_) {
      const auto [values, present] = fusion::mean_token(tokens.at(name));
      const at::Tensor weight = present.unsqueeze(1).to(values.scalar_type());
      const at::Tensor part = project->forward(values) * weight;
      sum = sum.defined() ? sum + part : part;
      count = count.defined() ? count + weight : weight;
    }
    return {sum / count.clamp_min(1)};
  }

  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  std::vector<std::pair<std::string, std::shared_ptr<nn::Linear>>> inputs_;
};

}  // namespace

void add_present_mean() {
  fusion::fusions().add(
      config::component<PresentMeanOptions>("present_mean", "mean of the inputs that are there, projected"),
      [](const config::Choice& choice,
         const fusion::FusionInputs& inputs) -> std::shared_ptr<fusion::Fusion> {
        return std::make_shared<PresentMean>(choice.as<PresentMeanOptions>(), inputs);
      });
}
