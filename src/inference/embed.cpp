#include "photo51/inference/embed.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <future>
#include <limits>
#include <optional>

#include "data/load/wait.hpp"
#include "inference/embed_claim.hpp"
#include "inference/embed_source.hpp"
#include "inference/file_stem.hpp"
#include "photo51/config/enums.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/inference/packed_layers.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;

std::string ending_of(data::FeatureFormat format) {
  return "." + std::string(config::name_of(format));
}

/// The first line in which two texts differ.
std::pair<std::string, std::string> first_difference(const std::string& a, const std::string& b) {
  const auto before = core::split(a, '\n'), now = core::split(b, '\n');
  for (size_t line = 0; line < std::max(before.size(), now.size()); ++line) {
    const std::string was = line < before.size() ? std::string(core::trim(before[line])) : "";
    const std::string is = line < now.size() ? std::string(core::trim(now[line])) : "";
    if (was != is) return {was, is};
  }
  return {a, b};
}

/// The tokens of an image, or the features of the instances that `input` streams: [N, D].
at::Tensor encode(backbones::Encoder& encoder, const data::InputBatch& input, const at::Device& device) {
  if (input.stream) {
    const at::Tensor features = encoder.take(input, device).features;
    if (!features.defined())
      core::fail_usage("this encoder gives no features of single instances; choose an image network");
    return features;
  }
  const backbones::Tokens tokens = encoder.encode(data::floats(data::to(input, device)));
  const at::Tensor values = tokens.values[0];
  return tokens.mask.defined() ? values.index_select(0, tokens.mask[0].nonzero().squeeze(1)) : values;
}

/// The stream's instances as tiles of their slides.
void add_tiles(data::FeatureBag& bag, const data::BagStream& stream, const data::BagSource& source) {
  std::vector<int64_t> corners, files;
  std::vector<std::string> names;
  double extent = 0;
  for (const int64_t number : stream.numbers()) {
    const auto tile = source.tile(number);
    if (!tile) return;
    corners.push_back(std::llround(tile->x));
    corners.push_back(std::llround(tile->y));
    extent = tile->extent_x;
    const std::string file = fs::path(source.file(number)).filename().string();
    auto known = std::ranges::find(names, file);
    if (known == names.end()) known = names.insert(names.end(), file);
    files.push_back(known - names.begin());
  }
  bag.coordinates = at::tensor(corners, at::kLong).view({-1, 2});
  if (names.size() > 1) {
    bag.file = at::tensor(files, at::kLong);
    bag.files = std::move(names);
  }
  bag.tiles["patch_size_level0"] = std::llround(extent);
}

/// One input of all cases.
class Embedding {
 public:
  Embedding(const EmbedRequest& request, const FrozenEncoders& all, FrozenEncoder& frozen,
            const ChosenWay& way, const at::Device& device)
      : request_(request),
        frozen_(frozen),
        way_(way),
        device_(device),
        folder_(request.out / frozen.input),
        cohort_(cohort_options(request, all), {{frozen.input, frozen.options}}, {}, false),
        cases_(cohort_, all.fitted, 0),
        decoders_(request.workers > 0 ? std::make_shared<core::ThreadPool>(static_cast<int>(request.workers))
                                      : nullptr),
        packed_(way.way.packing.value_or(nn::PackingOptions{})) {
    frozen_.encoder->to(device_);
    frozen_.encoder->eval();
  }

  void run(EmbedReport& report) {
    write_index();
    std::vector<int64_t> rows, elsewhere;
    for (int64_t row = 0; row < cohort_.size(); ++row) {
      if (!cohort_.has_input(row, frozen_.input))
        ++report.absent;
      else if (fs::exists(file_of(row)))
        ++report.there;
      else
        rows.push_back(row);
    }
    core::Progress progress("embedding " + frozen_.input, static_cast<int64_t>(rows.size()) + report.there,
                            core::Progress::Show::always, report.there);
    const core::Graceful graceful;
    go_through(rows, report, progress, &elsewhere);
    // What others had begun: they finish it, or they have ended.
    go_through(elsewhere, report, progress, nullptr);
    cohort_.summarise_warnings();
    core::write_file_atomic(folder_ / "warnings.csv", data::to_csv(cohort_.warnings()));
  }

  /// Of the cases' files, relative to `out`; empty where there is none.
  std::vector<std::string> paths() const {
    std::vector<std::string> names;
    for (int64_t row = 0; row < cohort_.size(); ++row)
      names.push_back(fs::exists(file_of(row)) ? frozen_.input + "/" + file_of(row).filename().string() : "");
    return names;
  }

 private:
  struct Begun {
    int64_t row;
    std::unique_ptr<Claim> claim;
    std::future<data::Case> loading;
  };

  static data::CohortOptions cohort_options(const EmbedRequest& request, const FrozenEncoders& all) {
    data::CohortOptions options = all.cohort;
    options.manifest = fs::absolute(request.manifest);
    options.data_root = request.data_root.empty() ? request.data_root : fs::absolute(request.data_root);
    options.split = {};
    options.on_bad_case = data::BadCase::skip;  // each is reported, and the others go on
    return options;
  }
  fs::path file_of(int64_t row) const {
    return folder_ / (file_stem(cohort_.id(row)) + ending_of(request_.format));
  }
  fs::path lock_of(int64_t row) const { return folder_ / ("." + file_stem(cohort_.id(row)) + ".lock"); }

  /// Error (usage): the folder's features were made otherwise.
  void write_index() {
    core::make_directories(folder_);
    const fs::path file = folder_ / "index.json";
    const auto claim = Claim::wait_for(folder_ / ".index.lock");
    frozen_.made["files"] = std::string(config::name_of(request_.format));
    if (!fs::exists(file)) {
      core::write_file_atomic(file, core::json_text(frozen_.made, 2) + "\n");
      return;
    }
    const auto there = core::read_json_object(file, "choose another --out, or remove the folder");
    for (const char* key : {"format", "network", "weights", "preprocessing", "encoder", "files"}) {
      const std::string now = frozen_.made.at(key).get<std::string>();
      const std::string before =
          there.contains(key) && there.at(key).is_string() ? there.at(key).get<std::string>() : "";
      if (before == now) continue;
      const auto [was, is] = first_difference(before, now);
      core::fail_usage(file.string() + ": the features there were made otherwise: `" + key + "` was `" + was +
                       "` and is `" + is + "`; choose another --out");
    }
  }

  data::Case load(int64_t row) const {
    return cases_.load(row, {}, {}, frozen_.info.bag ? 0 : std::numeric_limits<int64_t>::max());
  }

  /// `elsewhere` gets the cases that another process embeds; null: they are waited for.
  void go_through(const std::vector<int64_t>& rows, EmbedReport& report, core::Progress& progress,
                  std::vector<int64_t>* elsewhere) {
    // The next case loads while this one is encoded.
    std::optional<core::ThreadPool> loaders;
    if (request_.workers > 0) loaders.emplace(static_cast<int>(request_.workers));
    const size_t ahead = loaders ? static_cast<size_t>(frozen_.info.bag ? 2 : request_.workers + 1) : 1;
    std::deque<Begun> begun;
    for (size_t next = 0; next < rows.size() || !begun.empty();) {
      for (; next < rows.size() && begun.size() < ahead; ++next)
        if (auto one = begin(rows[next], elsewhere, loaders, report, progress))
          begun.push_back(std::move(*one));
      if (begun.empty()) continue;
      finish(begun.front(), report);
      begun.pop_front();
      progress.advance();
      if (core::interrupted())
        throw core::Error(core::Fault::interrupted,
                          "interrupted; what is finished is kept, the same call goes on");
    }
  }

  std::optional<Begun> begin(int64_t row, std::vector<int64_t>* elsewhere,
                             std::optional<core::ThreadPool>& loaders, EmbedReport& report,
                             core::Progress& progress) {
    auto claim = elsewhere != nullptr ? Claim::take(lock_of(row)) : Claim::wait_for(lock_of(row));
    if (!claim) {
      elsewhere->push_back(row);
      return std::nullopt;
    }
    if (fs::exists(file_of(row))) {  // another process has finished it
      ++report.there;
      progress.advance();
      return std::nullopt;
    }
    Begun one{row, std::move(claim), {}};
    if (loaders)
      one.loading = loaders->submit([this, row] { return load(row); });
    else
      one.loading = std::async(std::launch::deferred, [this, row] { return load(row); });
    return one;
  }

  void finish(Begun& one, EmbedReport& report) {
    try {
      const data::Case loaded = request_.workers > 0 ? data::wait_for(one.loading) : one.loading.get();
      write(one.row, loaded);
      ++report.written;
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      const std::string context = "case " + cohort_.id(one.row);
      const std::string said = error.what();
      report.failed.emplace_back(cohort_.id(one.row), said);
      core::log_warning((said.starts_with(context + ": ") ? "" : context + ": ") + said);
    }
  }

  void write(int64_t row, const data::Case& loaded) {
    const data::Batch batch = data::collate({loaded}, {{frozen_.input, frozen_.info}}, {}, decoders_);
    const data::InputBatch& input = batch.inputs.at(frozen_.input);
    data::FeatureBag bag;
    {
      const c10::InferenceMode mode;
      std::optional<nn::PackedLayers::Use> use;
      std::optional<nn::Autocast> autocast;
      if (way_.way.packing) {
        use.emplace(packed_);
        if (packed_.options().type != at::kFloat) autocast.emplace(device_.type(), packed_.options().type);
      }
      bag.features = encode(*frozen_.encoder, input, device_).to(at::kCPU, at::kFloat).contiguous();
    }
    if (!at::isfinite(bag.features).all().item<bool>())
      core::fail_data(
          "case " + cohort_.id(row) +
          ": its features are no finite numbers; look at its images, or embed in --precision fp32");
    bag.encoder = frozen_.hash;
    const auto& source = loaded.inputs.at(frozen_.input).source;
    if (input.stream && source) add_tiles(bag, *input.stream, *source);
    if (bag.coordinates.defined()) {
      bag.tiles["patch_size"] = frozen_.made.at("tile_size").get<int64_t>();
      bag.tiles["overlap"] = frozen_.made.at("overlap").get<int64_t>();
      bag.mpp = frozen_.made.at("mpp").get<double>();
    }
    data::write_features(file_of(row), request_.format, bag);
  }

  const EmbedRequest& request_;
  FrozenEncoder& frozen_;
  const ChosenWay& way_;
  at::Device device_;
  fs::path folder_;
  data::Cohort cohort_;
  data::CaseLoader cases_;
  std::shared_ptr<core::ThreadPool> decoders_;
  nn::PackedLayers packed_;
};

/// The manifest with a column for each input's files.
void write_manifest(const EmbedRequest& request, const std::vector<std::string>& inputs,
                    const std::vector<std::vector<std::string>>& paths) {
  core::Table table = core::read_table(request.manifest);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string column = inputs[i] + "_features";
    const auto there = table.find(column);
    if (!there) table.columns.push_back(column);
    for (size_t row = 0; row < table.rows.size(); ++row) {
      if (there)
        table.rows[row][*there] = paths[i][row];
      else
        table.rows[row].push_back(paths[i][row]);
    }
  }
  std::string text = core::csv_row(table.columns);
  for (const auto& row : table.rows) text += core::csv_row(row);
  core::write_file_atomic(request.out / "manifest.csv", text);
}

}  // namespace

EmbedReport embed(const EmbedRequest& request) {
  FrozenEncoders all = open_encoders(request);
  const std::string device = core::resolve_device(request.device);
  const ChosenWay way = choose_way(request.precision, device, all.trained_in_bf16);
  EmbedReport report;
  std::vector<std::string> inputs;
  std::vector<std::vector<std::string>> paths;
  for (auto& frozen : all.encoders) {
    Embedding embedding(request, all, frozen, way, at::Device(device));
    embedding.run(report);
    inputs.push_back(frozen.input);
    paths.push_back(embedding.paths());
  }
  write_manifest(request, inputs, paths);
  return report;
}

}  // namespace photo51::inference
