#include "photo51/backbones/foreign/program_output.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <numeric>

#include "backbones/foreign/program_network.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {
namespace {

void flatten_output(const c10::IValue& value, const std::string& name, std::vector<ProgramOutput>& found) {
  const std::string begin = name.empty() ? "" : name + ".";
  if (value.isTensor()) {
    if (const at::Tensor& values = value.toTensor(); values.defined() && values.is_floating_point())
      found.push_back({name.empty() ? "0" : name, values});
  } else if (value.isTuple() || value.isList()) {
    const auto items = value.isTuple() ? c10::ArrayRef<c10::IValue>(value.toTupleRef().elements())
                                       : c10::ArrayRef<c10::IValue>(value.toListRef());
    for (size_t i = 0; i < items.size(); ++i) flatten_output(items[i], begin + std::to_string(i), found);
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      const c10::IValue& key = entry.key();
      flatten_output(entry.value(), begin + (key.isString() ? key.toStringRef() : c10::str(key)), found);
    }
  }
}

std::string list_outputs(const std::vector<ProgramOutput>& outputs) {
  std::vector<std::string> lines;
  for (const auto& output : outputs)
    lines.push_back("`" + output.name + "` " + c10::str(output.values.sizes()));
  return core::join(lines, ", ");
}

/// Of tokens' places: the one grid of that many whose cells have equal edges in voxels, or what was asked.
std::vector<int64_t> grid_of(int64_t places, const std::vector<int64_t>& asked, at::IntArrayRef image) {
  const auto product = [](at::IntArrayRef sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
  };
  if (!asked.empty()) return product(asked) == places ? asked : std::vector<int64_t>{};
  for (int64_t edge = 1; edge <= *std::ranges::max_element(image); ++edge) {
    std::vector<int64_t> grid;
    for (const int64_t size : image)
      if (size % edge == 0) grid.push_back(size / edge);
    if (grid.size() == image.size() && product(grid) == places) return grid;
  }
  return {};
}

class StageMaker {
 public:
  StageMaker(const ProgramOutputOptions& options, at::IntArrayRef image)
      : options_(options), batch_(image[0]), image_(image.slice(2)) {}

  at::Tensor stage(const ProgramOutput& output) const {
    const at::Tensor& values = output.values;
    const auto dims = static_cast<int64_t>(image_.size());
    if (values.dim() < 2 || values.size(0) != batch_) fail(output, "");
    if (values.dim() == 2) {
      std::vector<int64_t> sizes = values.sizes().vec();
      sizes.resize(image_.size() + 2, 1);
      return values.view(sizes);
    }
    if (values.dim() == 3) {
      const int64_t places = values.size(1) - options_.prefix_tokens;
      const auto grid = grid_of(places, options_.grid, image_);
      if (grid.empty())
        fail(output, ", whose " + std::to_string(std::max<int64_t>(places, 0)) +
                         " places are no grid of the image: set `prefix_tokens` or `grid`");
      std::vector<int64_t> sizes{batch_, values.size(2)};
      sizes.insert(sizes.end(), grid.begin(), grid.end());
      return values.slice(1, options_.prefix_tokens).transpose(1, 2).reshape(sizes);
    }
    if (values.dim() != dims + 2) fail(output, "");
    return options_.channels_last ? values.movedim(-1, 1) : values;
  }

  at::Tensor prefix(const ProgramOutput& last) const {
    if (options_.prefix_tokens == 0) return {};
    if (last.values.dim() != 3)
      core::fail_usage("`prefix_tokens` is for outputs [B, N, C], and `" + last.name + "` is " +
                       c10::str(last.values.sizes()) + "; leave it out");
    return last.values.slice(1, 0, options_.prefix_tokens);
  }

 private:
  [[noreturn]] void fail(const ProgramOutput& output, const std::string& more) const {
    core::fail_usage("the output `" + output.name + "` is " + c10::str(output.values.sizes()) +
                     (more.empty() ? ", and images of this input give features [B, C], [B, N, C] or [B, C, " +
                                         std::string(image_.size() == 3 ? "D, " : "") +
                                         "H, W]; name another one by `output`"
                                   : more));
  }

  const ProgramOutputOptions& options_;
  int64_t batch_;
  at::IntArrayRef image_;
};

std::vector<ProgramOutput> chosen_outputs(const std::vector<ProgramOutput>& all,
                                          const std::vector<std::string>& names) {
  if (all.empty()) core::fail_usage("the program returns no tensor of floating numbers; use another one");
  if (names.empty()) return all;
  std::vector<ProgramOutput> chosen;
  for (const auto& name : names) {
    const auto found = std::ranges::find(all, name, &ProgramOutput::name);
    if (found == all.end())
      core::fail_usage("`output`: the program has no output `" + name + "`; it has " + list_outputs(all));
    chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace

void describe_output(config::Fields& f, ProgramOutputOptions& o) {
  f("output", o.output,
    "the outputs that are features, finest first: numbers of a tuple or list, keys of a dictionary; empty = "
    "all");
  f("channels_last", o.channels_last, "feature maps are [B, H, W, C] and not [B, C, H, W]");
  f("prefix_tokens", o.prefix_tokens,
    "of tokens [B, N, C]: how many, at the beginning, are of the whole image", {.min = 0});
  f("grid", o.grid, "of tokens: [z,] y, x of their places; empty = as the image's size says", {.min = 1});
}

std::vector<ProgramOutput> outputs_of(const c10::IValue& returned) {
  std::vector<ProgramOutput> found;
  flatten_output(returned, "", found);
  return found;
}

Features features_of(const std::vector<ProgramOutput>& outputs, const ProgramOutputOptions& options,
                     at::IntArrayRef image) {
  const auto chosen = chosen_outputs(outputs, options.output);
  const StageMaker maker(options, image);
  Features found;
  for (const auto& output : chosen) {
    found.stages.push_back(maker.stage(output));
    const size_t count = found.stages.size();
    if (count > 1 && found.stages[count - 2][0][0].numel() < found.stages[count - 1][0][0].numel())
      core::fail_usage(
          "`output`: the stages are not finest first; name those that are features, in that "
          "order, of " +
          list_outputs(outputs));
  }
  found.prefix = maker.prefix(chosen.back());
  return found;
}

}  // namespace photo51::backbones
