#include "backbones/foreign/program_network.hpp"

#include <utility>

#include "nn/programs/archive.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"

namespace photo51::backbones {

ProgramNetwork::ProgramNetwork(std::filesystem::path file, const char* kind,
                               const ProgramOutputOptions& output)
    : file_(std::move(file)), kind_(kind), output_(output) {
  if (file_.empty()) core::fail_usage("`file` is missing: the program to run");
  bytes_ = core::read_file(file_);
  hash_ = core::hash_bytes(bytes_);
}

std::string ProgramNetwork::why_opaque() const {
  return "it is the " + std::string(kind_) + " " + file_.filename().string() +
         ", whose layers report nothing and take no adapter; use an architecture of ours with its weights "
         "(`photo51 weights inspect` says which)";
}

std::string ProgramNetwork::read_again() const {
  std::string content = core::read_file(file_);
  if (core::hash_bytes(content) != hash_)
    core::fail_data(file_.string() + ": was changed while the program ran; put it back, or start again");
  return content;
}

Features ProgramNetwork::run_on(const at::Tensor& image) {
  std::vector<ProgramOutput> returned;
  try {
    returned = run(image);
  } catch (const core::Error&) {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    core::fail_data("the program fails on images " + c10::str(image.sizes()) + ", " +
                    c10::toString(image.scalar_type()) + ", " + image.device().str() + ": " +
                    nn::reason_of(error));
  }
  return features_of(returned, output_, image.sizes());
}

void ProgramNetwork::try_out(const InputShape& shape) {
  const at::NoGradGuard no_grad;
  const auto zeros = [&](int64_t channels) {
    std::vector<int64_t> sizes{2, channels};
    sizes.insert(sizes.end(), shape.size.begin(), shape.size.end());
    return at::zeros(sizes);
  };
  train(false);
  const auto runs_with = [&](int64_t channels) {
    try {
      run_on(zeros(channels));
      return true;
    } catch (const core::Error&) {
      return false;
    }
  };
  core::with_context(file_.string(), [&] {
    try {
      const Features found = run_on(zeros(shape.channels));
      for (const auto& stage : found.stages) widths_.push_back(stage.size(1));
      if (found.prefix.defined()) prefix_tokens_ = found.prefix.size(1);
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      for (const int64_t channels : {1, 2, 3, 4})
        if (channels != shape.channels && runs_with(channels))
          core::fail_data(std::string(error.what()) + "; it runs on images with " + std::to_string(channels) +
                          " channels: give it an input with as many");
      core::fail_data(std::string(error.what()) +
                      "; save it for images of this size and number of channels, or change the input");
    }
  });
  train(true);
  bytes_ = {};
}

Features ProgramNetwork::features(const at::Tensor& image) {
  return core::with_context(
      [&] { return file_.string(); },
      [&] {
        Features found = run_on(image);
        bool same = found.stages.size() == widths_.size();
        for (size_t i = 0; same && i < widths_.size(); ++i) same = found.stages[i].size(1) == widths_[i];
        if (!same)
          core::fail_data(
              "the program's features have other channels than those of its first images; use one "
              "whose output does not depend on what it sees");
        return found;
      });
}

}  // namespace photo51::backbones
