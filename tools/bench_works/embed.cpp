#include "photo51/inference/embed.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "bench.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/model/encoders.hpp"
#include "photo51/model/options.hpp"
#include "photo51/nn/inference/packed_layers.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::bench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t edge = 224, chunk = 64;
constexpr const char* input_text =
    "{modality: histopathology, channels: [slide], dims: 2, tile: {mpp: 0.5, size: 224, tissue: none}, "
    "preprocess: {normalize: {method: fixed, mean: [0.5], std: [0.25], full_scale: 255}}}";
constexpr const char* encoder_text = "{name: resnet, depth: 18, bag_chunk: 64";

struct Chosen {
  std::vector<std::pair<std::string, config::Choice>> choices;
};
config::Choice chosen(const config::Components& components, const char* key, const std::string& text) {
  Chosen read;
  config::Node whole = config::Node::map(), group = config::Node::map();
  group.set("he", config::parse_yaml(text, "bench"));
  whole.set("group", group);
  config::read_section(
      whole,
      {[&](config::Fields& f) { f.choice_group("group", read.choices, components, "", {}, key); }, {}, {}});
  return read.choices.at(0).second;
}

}  // namespace

/// A slide's tiles through a ResNet 18 to a file of features, or one half of that alone: their decoding to
/// what the network sees, or the network on as many tiles in memory.
void embed(const Arguments& arguments) {
  const fs::path slide = fs::absolute(arguments.at(0)), folder = arguments.at(2);
  const int threads = std::stoi(arguments.at(1));
  const std::string part = arguments.at(3);
  fs::create_directories(folder);
  const fs::path weights = folder / "weights.safetensors", manifest = folder / "cases.csv";
  std::ofstream(manifest) << "patient,slide\nP1," << slide.string() << "\n";
  const data::Inputs inputs{{"he", chosen(data::modalities(), data::modality_key, input_text)}};
  const auto info = data::input_info(inputs, {}).at("he");
  at::manual_seed(1);
  const auto encoder =
      model::make_encoder(chosen(model::encoders(), "name", std::string(encoder_text) + "}"), info);
  encoder->eval();
  if (part == "embed") {
    nn::Tensors network;
    for (const auto& [name, tensor] : nn::state_of(*encoder))
      if (name.starts_with("backbone.")) network[name.substr(9)] = tensor;
    nn::write_safetensors(weights, network);
    std::ofstream(folder / "embed.yaml")
        << "inputs: {he: " << input_text << "}\nmodel: {encoders: {he: " << encoder_text
        << ", weights: " << fs::absolute(weights).string() << "}}}\n";
    inference::EmbedRequest request;
    request.source = folder / "embed.yaml";
    request.manifest = manifest;
    request.out = folder / "out";
    request.device = "cpu";
    request.workers = threads;
    print_median(1, 3, [&] {
      fs::remove_all(request.out);
      if (inference::embed(request).written != 1) throw std::runtime_error("nothing was embedded");
    });
    return;
  }
  data::CohortOptions options;
  options.manifest = manifest;
  const data::Cohort cohort(options, inputs, {}, false);
  const data::CaseLoader cases(cohort, {}, 0);
  const auto pool = std::make_shared<core::ThreadPool>(threads);
  const auto stream_of = [&] {
    return data::collate({cases.load(0, {}, {}, 0)}, {{"he", info}}, {}, pool).inputs.at("he");
  };
  if (part == "decode") {
    print_median(1, 3, [&] {
      const data::InputBatch batch = stream_of();
      while (batch.stream->next(chunk).defined()) {
      }
    });
    return;
  }
  int64_t count = 0;
  {
    const data::InputBatch batch = stream_of();
    for (at::Tensor tiles; (tiles = batch.stream->next(chunk)).defined();) count += tiles.size(0);
  }
  /// Tiles that are there already, whatever is asked for.
  class Ready final : public data::BagSource {
   public:
    explicit Ready(int64_t size) : count_(size), tiles_(at::rand({chunk, 3, edge, edge})) {}
    int64_t count() const override { return count_; }
    Instance read(int64_t index) const override { return {tiles_[index % chunk], 0}; }
    std::optional<Block> read_block(int64_t, int64_t size) const override {
      return Block{tiles_.narrow(0, 0, std::min(size, chunk)), at::zeros({std::min(size, chunk)}, at::kLong)};
    }
    void leave_out(int64_t, const core::Error& why) const override { throw core::Error(why); }
    std::string file(int64_t) const override { return ""; }

   private:
    int64_t count_;
    at::Tensor tiles_;
  };
  nn::PackedLayers packed;
  print_median(1, 3, [&] {
    const c10::InferenceMode mode;
    const nn::PackedLayers::Use use(packed);
    data::InputBatch batch;
    batch.present = at::ones({1}, at::kBool);
    batch.stream = std::make_shared<data::BagStream>(
        std::vector<data::BagStream::Bag>{{"P1", std::make_shared<Ready>(count)}},
        data::BagStream::Options{});
    encoder->take(batch, at::kCPU);
  });
}

}  // namespace photo51::bench
