#include "photo51/backbones/foreign/exported.hpp"

#include <c10/util/Logging.h>
#include <torch/nativert/ModelRunnerHandle.h>
#include <torch/nn/module.h>

#include <optional>
#include <vector>

#include "backbones/foreign/exported_archive.hpp"
#include "backbones/foreign/program_network.hpp"
#include "nn/programs/archive.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {
namespace {

/// The runtime writes to standard error of which operators it has no second kind, when it loads a program,
/// and later on what it throws as well. Above errors it would list the program's tensors when loading.
class QuietRuntime {
 public:
  explicit QuietRuntime(int least) : before_(FLAGS_caffe2_log_level) { FLAGS_caffe2_log_level = least; }
  ~QuietRuntime() { FLAGS_caffe2_log_level = before_; }
  QuietRuntime(const QuietRuntime&) = delete;
  QuietRuntime& operator=(const QuietRuntime&) = delete;

 private:
  int before_;
};

class ExportedNetwork final : public ProgramNetwork {
 public:
  ExportedNetwork(const ExportedOptions& options, const InputShape& shape)
      : ProgramNetwork(options.file, "torch.export program", options.output), size_(shape.size) {
    core::with_context(options.file.string(), [&] {
      const std::string name = check_exported(nn::Archive(bytes()), shape);
      const QuietRuntime quiet(c10::GLOG_ERROR);
      try {
        runner_.emplace(options.file.string(), name);
      } catch (const std::exception& error) {
        core::fail_data("cannot be loaded: " + nn::reason_of(error) +
                        "; save it again with torch.export.save of this version of torch");
      }
    });
    try_out(shape);
  }

  /// It has no weights of ours, so there is nothing that others could take the place of.
  std::vector<nn::Dialect> dialects() const override { return {{.library = "torch.export"}}; }

 protected:
  std::vector<ProgramOutput> run(const at::Tensor& image) override {
    if (image.sizes().slice(2) != at::IntArrayRef(size_))
      core::fail_data("images are " + c10::str(image.sizes().slice(2)) +
                      " in size, and the program was made for " + c10::str(at::IntArrayRef(size_)) +
                      " alone");
    const QuietRuntime quiet(c10::GLOG_FATAL);
    std::vector<ProgramOutput> outputs = outputs_of(runner_->run({image.detach().cpu()}, {}));
    // What it makes cannot take part in anything that has a gradient; its copy can.
    for (auto& output : outputs) output.values = output.values.to(image.device()).clone();
    return outputs;
  }

 private:
  std::vector<int64_t> size_;  ///< the runtime does not check it
  std::optional<torch::nativert::ModelRunnerHandle> runner_;
};

}  // namespace

void describe(config::Fields& f, ExportedOptions& o) {
  f("file", o.file, "a program that torch.export.save has written; it goes with the run", {.required = true});
  describe_output(f, o.output);
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none, TokenPool::class_token});
  f.check(o.encoder.weights.empty(), "weights", "an exported program has its own and takes no others");
}

std::shared_ptr<Backbone> make_exported(const ExportedOptions& options, const InputShape& shape,
                                        int64_t classes) {
  if (classes > 0)
    core::fail_usage("an exported program is built without a classifier; take its outputs as they are");
  return std::make_shared<ExportedNetwork>(options, shape);
}

EncoderRow exported_row() {
  auto row = image_encoder_row<ExportedOptions, make_exported>(
      "exported", "a program of torch.export, which computes but does not train, 2D or 3D");
  row.build.program = program_file<ExportedOptions>;
  return row;
}

}  // namespace photo51::backbones
