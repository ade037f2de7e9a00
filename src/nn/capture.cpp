#include "photo51/nn/capture.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/opaque.hpp"

namespace photo51::nn {
namespace {

/// The Capture that was made last on this thread; each knows the one around it.
thread_local Capture* innermost = nullptr;

}  // namespace

Capture::Capture(const torch::nn::Module& root, CaptureOptions options)
    : options_(std::move(options)), outer_(innermost) {
  const auto add_module = [&](const std::string& path, const torch::nn::Module* module) {
    if (!options_.filter || options_.filter(path)) records_[module] = {path, {}};
    if (const auto* opaque = dynamic_cast<const Opaque*>(module)) opaque_[path] = opaque->why_opaque();
  };
  add_module("", &root);
  for (const auto& entry : root.named_modules("", /*include_self=*/false))
    add_module(entry.key(), entry.value().get());
  innermost = this;
}

Capture::~Capture() {
  innermost = outer_;
}

void Capture::add(const torch::nn::Module& module, const at::Tensor& input, const at::Tensor& output) {
  const auto found = records_.find(&module);
  if (found == records_.end()) return;
  auto pass = std::make_shared<Pass>();
  if (options_.inputs) pass->input = input.detach().clone();
  pass->output = output.detach().clone();
  // The graph may outlive the Capture, and must not keep what it recorded.
  if (output.requires_grad())
    output.register_hook([weak = std::weak_ptr<Pass>(pass)](const at::Tensor& gradient) {
      const auto kept = weak.lock();
      if (kept && gradient.defined()) kept->gradient = gradient.detach().clone();
    });
  found->second.passes.push_back(std::move(pass));
}

std::vector<std::string> Capture::paths() const {
  std::vector<std::string> paths;
  for (const auto& [module, record] : records_)
    if (!record.passes.empty()) paths.push_back(record.path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

const Capture::Record& Capture::record(const std::string& path) const {
  for (const auto& [module, record] : records_)
    if (record.path == path && !record.passes.empty()) return record;
  for (const auto& [outer, why] : opaque_)
    if (outer.empty() || path == outer || path.starts_with(outer + "."))
      core::fail_usage("`" + path + "` cannot be captured: " + why);
  core::fail_usage("nothing was captured of the module `" + path + "`" + core::suggest(path, paths()) +
                   "; run the network while the capture lives, and let its filter pass this name");
}

std::vector<at::Tensor> Capture::activations(const std::string& path) const {
  std::vector<at::Tensor> values;
  for (const auto& pass : record(path).passes) values.push_back(pass->output);
  return values;
}

std::vector<at::Tensor> Capture::inputs(const std::string& path) const {
  if (!options_.inputs) core::fail_usage("this capture keeps no inputs; set `inputs` in its options");
  std::vector<at::Tensor> values;
  for (const auto& pass : record(path).passes) values.push_back(pass->input);
  return values;
}

std::vector<at::Tensor> Capture::gradients(const std::string& path) const {
  std::vector<at::Tensor> values;
  for (const auto& pass : record(path).passes) values.push_back(pass->gradient);
  return values;
}

void report(const torch::nn::Module& module, const at::Tensor& input, const at::Tensor& output) {
  for (Capture* capture = innermost; capture != nullptr; capture = capture->outer_)
    capture->add(module, input, output);
}

bool is_captured(const torch::nn::Module& module) {
  for (const Capture* capture = innermost; capture != nullptr; capture = capture->outer_)
    if (capture->records_.contains(&module)) return true;
  return false;
}

bool is_capturing() {
  return innermost != nullptr;
}

}  // namespace photo51::nn
