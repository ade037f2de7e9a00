#include "imaging/masks/label_map.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "imaging/masks/choice.hpp"
#include "imaging/masks/label_values.hpp"
#include "imaging/masks/nrrd_segments.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// How far a label may be from a whole number: writers scale 8 bits, which leaves 0.004.
constexpr double kOff = 0.01;
/// Background that is not quite 0 is taken as 0 up to here only: 1/255 is a scaled label.
constexpr double kBackground = 1e-4;
/// More labels than these are rather an image, of which nobody means all that is not 0.
constexpr size_t kMostLabels = 32, kMostColors = 8;

struct LabelMap {
  fs::path place;
  Format format = Format::unknown;
  Volume volume;                ///< [C, D, H, W]
  std::vector<int64_t> labels;  ///< other than 0, in order
  std::vector<NrrdSegment> segments;

  const at::Tensor& data() const { return volume.data; }
  int64_t channels() const { return volume.data.size(0); }
  std::string as(const std::string& choice) const { return place.filename().string() + "#" + choice; }
  std::string listed() const {
    std::vector<std::string> names;
    for (const int64_t label : labels) {
      if (names.size() == 20) break;
      names.push_back(std::to_string(label));
    }
    return core::join(names, ", ") + (labels.size() > names.size() ? ", …" : "");
  }
};

/// A gray picture may be stored as colors that are all equal.
void drop_equal_colors(Volume& volume) {
  if (volume.channels.size() < 3 || volume.channels[0] != "red") return;
  for (int64_t c = 1; c < 3; ++c)
    if (!at::equal(volume.data[0], volume.data[c])) return;
  volume.data = volume.data.narrow(0, 0, 1).contiguous();
  volume.channels.clear();
}

/// The channel that a choice such as `channel:1` names, counted from 0 as everywhere; `layer:1` is the same.
std::optional<int64_t> channel_of(const std::string& word, const LabelMap& map) {
  for (const char* prefix : {"channel:", "layer:"}) {
    if (!word.starts_with(prefix)) continue;
    const auto number = core::parse_int(word.substr(std::string(prefix).size()));
    if (!number || *number < 0 || *number >= map.channels())
      core::fail_data("has no `" + word + "`; its channels are 0 to " + std::to_string(map.channels() - 1));
    return *number;
  }
  return {};
}

/// The values as whole numbers. Error (data) when they are none.
void to_labels(LabelMap& map) {
  Volume& volume = map.volume;
  const LabelValues values = label_values(volume.data);
  if (values.infinite > 0) require_finite(volume);
  if (values.nan > 0)
    volume.warnings.push_back(std::to_string(values.nan) + " voxels are NaN and count as background");
  double worst = 0;
  for (const auto& [value, count] : values.counts) {
    const double off = std::abs(value - std::round(value));
    if (off <= (std::round(value) == 0 ? kBackground : kOff)) {
      worst = std::max(worst, off);
      if (std::round(value) != 0 && (map.labels.empty() || map.labels.back() != std::llround(value)))
        map.labels.push_back(std::llround(value));
      continue;
    }
    const size_t different = values.counts.size();
    const auto written = [&](double number) {
      return volume.data.scalar_type() == at::kFloat ? core::format_number(static_cast<float>(number))
                                                     : core::format_number(number);
    };
    core::fail_data(
        "its values are no labels: " + (values.more ? "more than " : std::string()) +
        std::to_string(different) + " different ones from " + written(values.counts.begin()->first) + " to " +
        written(values.counts.rbegin()->first) + ", such as " + written(value) +
        (value >= 0 && value <= 1 ? ", as a map of probabilities or an interpolated mask has them" : "") +
        "; set mask_threshold (for example 0.5 of the largest value), or save it with whole numbers");
  }
  if (!at::isFloatingType(volume.data.scalar_type())) return;
  if (worst > 1e-3)
    volume.warnings.push_back("values up to " + core::format_number(std::round(worst * 1e4) / 1e4) +
                              " off whole numbers are rounded to labels");
  if (values.nan > 0) volume.data = volume.data.nan_to_num(0);
  if (worst > 0) volume.data = volume.data.round();
}

/// For label k, the channel of one-hot channels; nothing when it has none. `background`:
/// whether channel 0 is the background.
std::optional<int64_t> one_hot_channel(const LabelMap& map, int64_t label, bool& background) {
  const at::Tensor count = map.data().ne(0).sum(0);
  background = count.min().item<int64_t>() == 1 && count.max().item<int64_t>() == 1;
  const int64_t channel = background ? label : label - 1;
  if (channel < (background ? 1 : 0) || channel >= map.channels()) return {};
  return channel;
}

bool is_one_hot(const LabelMap& map) {
  return map.channels() > 1 && map.segments.empty() && map.labels.size() == 1;
}

std::vector<Candidate> candidates_of(const LabelMap& map) {
  std::vector<Candidate> all;
  for (const NrrdSegment& s : map.segments)
    all.push_back({s.name, s.value, "in layer " + std::to_string(s.layer)});
  return all;
}

at::Tensor segment_mask(const LabelMap& map, size_t index) {
  const NrrdSegment& segment = map.segments[index];
  if (segment.layer < 0 || segment.layer >= map.channels())
    core::fail_data("segment `" + segment.name + "` is said to lie in layer " +
                    std::to_string(segment.layer) + ", but there are " + std::to_string(map.channels()) +
                    "; save it again");
  return map.data()[segment.layer].eq(segment.value);
}

[[noreturn]] void fail_several_channels(const LabelMap& map, const std::string& why) {
  core::fail_data("has " + std::to_string(map.channels()) + " channels; a mask has one" + why +
                  ". Choose one as " + map.as("channel:0") + " (to " + std::to_string(map.channels() - 1) +
                  "), or unite all as " + map.as("*"));
}

at::Tensor label_mask(LabelMap& map, int64_t label) {
  if (map.channels() > 1 && !map.segments.empty())
    return segment_mask(map, pick_number(label, candidates_of(map), "segment"));
  if (is_one_hot(map)) {
    bool background = false;
    const auto channel = one_hot_channel(map, label, background);
    if (!channel)
      core::fail_data("has no label " + std::to_string(label) + ": it has " + std::to_string(map.channels()) +
                      " channels, one a label" +
                      (background ? ", of which the first is the background" : ""));
    map.volume.warnings.push_back("label " + std::to_string(label) + " is its channel " +
                                  std::to_string(*channel) + ", counted from 0" +
                                  (background ? "; channel 0 is the background" : ""));
    return map.data()[*channel].ne(0);
  }
  std::vector<int64_t> with;
  for (int64_t c = 0; c < map.channels(); ++c)
    if (map.data()[c].eq(label).any().item<bool>()) with.push_back(c);
  if (with.empty())
    core::fail_data("no voxel is " + std::to_string(label) + "; its values are 0" +
                    (map.labels.empty() ? "" : ", " + map.listed()));
  if (with.size() > 1)
    fail_several_channels(
        map, ", and " + std::to_string(with.size()) + " of them have the label " + std::to_string(label));
  return map.data()[with[0]].eq(label);
}

at::Tensor word_mask(LabelMap& map, const std::string& word) {
  if (const auto channel = channel_of(word, map)) return map.data()[*channel].ne(0);
  const auto all = candidates_of(map);
  const auto number = core::parse_double(word);
  const bool whole = number && *number == std::round(*number) && std::abs(*number) < 1e15;
  if (!all.empty() && (!whole || map.channels() > 1))
    return segment_mask(map, pick(word, all, "segment", map.place)[0]);
  if (!whole)
    core::fail_data("`" + word + "` is no value of a label map; write a whole number, as " + map.as("2"));
  return label_mask(map, std::llround(*number));
}

at::Tensor everything(const LabelMap& map) {
  bool background = false;
  if (is_one_hot(map)) (void)one_hot_channel(map, 1, background);
  return background ? map.data().narrow(0, 1, map.channels() - 1).ne(0).any(0) : map.data().ne(0).any(0);
}

at::Tensor chosen_mask(LabelMap& map, const std::string& choice) {
  if (choice == "*") return everything(map);
  std::vector<std::string> words{choice};
  const auto all = candidates_of(map);
  if (all.empty() || matches_of(choice, all).empty()) words = core::split(choice, ',');
  at::Tensor mask;
  for (const std::string& word : words) {
    const at::Tensor one = word_mask(map, std::string(core::trim(word)));
    mask = mask.defined() ? mask.logical_or(one) : one;
  }
  return mask;
}

/// Of a map of which nobody picked anything.
at::Tensor usual_mask(LabelMap& map, const MaskOptions& options) {
  if (map.channels() > 1) {
    if (map.segments.size() > 1) pick("", candidates_of(map), "segment", map.place);
    if (map.segments.size() == 1) return segment_mask(map, 0);
    fail_several_channels(map, "");
  }
  auto& warnings = map.volume.warnings;
  const std::string how = "choose one as " + map.as(map.labels.empty() ? "1" : std::to_string(map.labels[0]));
  const bool picture = !map.volume.spacing_known;
  if (map.labels.size() > 1 && map.format == Format::jpeg)
    core::fail_data("is a JPEG, whose compression changes labels (its values are 0, " + map.listed() +
                    "); set mask_threshold: 128, or save it as PNG");
  if (map.labels.size() > (picture ? kMostColors : kMostLabels))
    core::fail_data("has " + std::to_string(map.labels.size()) + " different values (" + map.listed() +
                    "), as an image rather than a mask has; " + how + ", unite all as " + map.as("*") +
                    ", or set mask_threshold");
  if (!options.usual_label || map.labels.empty()) {
    if (map.labels.size() > 1)
      warnings.push_back("its labels " + map.listed() + " are united; " + how + ", or write " + map.as("*") +
                         " to unite them");
    return map.data()[0].ne(0);
  }
  const int64_t usual = *options.usual_label;
  if (map.labels.size() == 1) {
    if (map.labels[0] != usual)
      warnings.push_back("its only label is " + map.listed() + ", not " + std::to_string(usual) +
                         ", and is the region");
    return map.data()[0].ne(0);
  }
  if (!std::ranges::binary_search(map.labels, usual))
    core::fail_data("no voxel has the label " + std::to_string(usual) + "; its labels are " + map.listed() +
                    "; " + how + ", or set `pyradiomics.label`");
  warnings.push_back("of its labels " + map.listed() + ", " + std::to_string(usual) + " is the region; " +
                     how + " to say so");
  return map.data()[0].eq(usual);
}

at::Tensor above(LabelMap& map, const std::string& choice, const MaskOptions& options) {
  const auto channel = choice.empty() ? std::nullopt : channel_of(choice, map);
  if ((!choice.empty() && !channel) || options.label)
    core::fail_usage("mask_threshold makes a region of values, but `" +
                     (choice.empty() ? std::to_string(*options.label) : choice) +
                     "` picks a label; leave one of them out");
  if (map.channels() > 1 && !channel) fail_several_channels(map, "");
  const int64_t wrong = count_not_finite(map.volume);
  if (wrong > 0)
    map.volume.warnings.push_back(std::to_string(wrong) + " voxels are NaN or infinite; NaN is background");
  return map.data()[channel.value_or(0)].ge(*options.threshold);
}

LabelMap opened_map(const fs::path& place) {
  LabelMap map;
  map.place = place;
  map.volume = read_volume(place, {.modality = Modality::segmentation, .series = {}});
  return map;
}

void look_into(LabelMap& map) {
  std::error_code code;
  if (!fs::is_directory(map.place, code)) map.format = detect_format(map.place);
  if (map.format == Format::nrrd) map.segments = nrrd_segments(map.place);
  drop_equal_colors(map.volume);
}

/// The volume with other voxels, which are labels.
Volume labelled(LabelMap&& map, const at::Tensor& labels) {
  if (!labels.any().item<bool>()) map.volume.warnings.emplace_back("the mask is empty");
  map.volume.data = labels.unsqueeze(0).to(at::kByte);
  map.volume.units = Units::label;
  map.volume.channels.clear();
  map.volume.seconds.clear();
  map.volume.b_values.clear();
  return std::move(map.volume);
}

}  // namespace

Volume read_label_classes(const fs::path& place, const std::vector<int64_t>& values) {
  LabelMap map = opened_map(place);
  return core::with_context(place.string(), [&] {
    look_into(map);
    to_labels(map);
    if (map.channels() != 1)
      core::fail_data("has " + std::to_string(map.channels()) +
                      " channels; a map of classes has one, with a value a class");
    at::Tensor classes = at::zeros(map.data()[0].sizes(), at::kByte);
    for (const int64_t label : map.labels) {
      const auto found = std::ranges::find(values, label);
      if (found == values.end()) {
        std::vector<std::string> named;
        for (const int64_t value : values) named.push_back(std::to_string(value));
        core::fail_data("holds the value " + std::to_string(label) +
                        ", which is no class; its values are 0, " + map.listed() +
                        " and those of the head's `values` " + core::join(named, ", ") +
                        ": name a class for each, or correct the mask");
      }
      classes.masked_fill_(map.data()[0].eq(label), found - values.begin() + 1);
    }
    return labelled(std::move(map), classes);
  });
}

Volume read_label_map(const fs::path& place, const std::string& choice, const MaskOptions& options) {
  LabelMap map = opened_map(place);
  return core::with_context(place.string(), [&] {
    look_into(map);
    at::Tensor mask;
    if (options.threshold) {
      mask = above(map, choice, options);
    } else {
      to_labels(map);
      require_one_choice(choice, options.label);
      mask = options.label    ? label_mask(map, *options.label)
             : choice.empty() ? usual_mask(map, options)
                              : chosen_mask(map, choice);
    }
    return labelled(std::move(map), mask);
  });
}

}  // namespace photo51::imaging
