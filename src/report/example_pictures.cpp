#include "report/example_pictures.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/images/preview.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/slide/slide.hpp"

namespace photo51::report {
namespace {

constexpr int64_t picture_pixels = 256;                      ///< along the longer side
constexpr int64_t heat_map_pixels = 512, tile_pixels = 128;  ///< likewise
constexpr size_t most_examples = 6, most_tiles = 8;

struct Example {
  int64_t row = 0;
  const model::Prediction* said = nullptr;  ///< of the most probable class
  std::string truth;
  bool right = false;
};

std::string truth_name(const data::TaskSpec& spec, const data::Case::Label& label) {
  const auto index = static_cast<size_t>(label.value);
  if (data::task_of(spec).has_named_classes() && index < spec.classes.size()) return spec.classes[index];
  return std::to_string(index);
}

/// The surest right and the surest wrong ones, in turn.
std::vector<Example> choose(const ReportSource& study, const evaluation::GroundTruth& truth,
                            const data::TaskSpec& spec, const std::string& input) {
  std::map<std::string, const model::Prediction*> surest;
  for (const auto& prediction : study.predictions) {
    if (prediction.head != spec.head) continue;
    auto& best = surest[prediction.case_id];
    if (best == nullptr || prediction.value > best->value) best = &prediction;
  }
  std::vector<Example> right, wrong;
  for (int64_t row = 0; row < study.cohort.size(); ++row) {
    const auto found = surest.find(study.cohort.id(row));
    if (found == surest.end() || !study.cohort.has_input(row, input)) continue;
    const auto& label = truth.labels.at(spec.head).at(study.cohort.id(row));
    if (!label.known) continue;
    const std::string name = truth_name(spec, label);
    const Example example{row, found->second, name, found->second->class_name == name};
    (example.right ? right : wrong).push_back(example);
  }
  const auto by_confidence = [](const Example& a, const Example& b) { return a.said->value > b.said->value; };
  std::stable_sort(right.begin(), right.end(), by_confidence);
  std::stable_sort(wrong.begin(), wrong.end(), by_confidence);
  std::vector<Example> chosen;
  for (size_t i = 0; i < std::max(right.size(), wrong.size()) && chosen.size() < most_examples; ++i) {
    if (i < right.size()) chosen.push_back(right[i]);
    if (i < wrong.size() && chosen.size() < most_examples) chosen.push_back(wrong[i]);
  }
  return chosen;
}

std::string draw(const ReportSource& study, int64_t row, const std::string& input, std::string& channel) {
  const auto found = data::preview(study.cohort, row, input, picture_pixels);
  if (!found) return "";
  channel = found->channel;
  const imaging::Volume& volume = found->image;
  if (volume.data.size(0) == 3 && volume.data.scalar_type() == at::kByte)
    return imaging::encode_png(volume.data.select(1, 0).permute({1, 2, 0}).contiguous());
  const bool outlined = found->mask && found->mask->geometry.matches(volume.geometry);
  imaging::PictureOptions picture;
  picture.mask = outlined ? &*found->mask : nullptr;
  picture.longest_side = picture_pixels;
  const int64_t slice = outlined ? imaging::fullest_slice(*found->mask, 2) : volume.geometry.size[2] / 2;
  return imaging::encode_png(imaging::slice_picture(volume, 2, slice, picture));
}

std::string in_words(const model::Prediction& p) {
  std::string text = p.class_name + " " + core::format_fixed(p.value, 2);
  if (p.low < p.high) text += " (" + core::format_fixed(p.low, 2) + "–" + core::format_fixed(p.high, 2) + ")";
  return text;
}

/// A written heat map without its legend, as small as a page needs it.
std::string shrunk(const inference::HeatMap::OfSlide& map) {
  const imaging::Slide picture = imaging::open_slide(map.picture);
  const double step = std::max(
      1.0, static_cast<double>(std::max(map.width, map.height)) / static_cast<double>(heat_map_pixels));
  const auto pixels = [&](int64_t size) {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(size) / step));
  };
  const at::Tensor small = at::empty({3, pixels(map.height), pixels(map.width)}, at::kByte);
  imaging::read_scaled(picture, 0, 0, {step, step}, small);
  return imaging::encode_png(small.permute({1, 2, 0}).contiguous());
}

/// What a page shows of where the model looked; of several slides the first that was drawn.
void add_heat_map(Picture& picture, const inference::HeatMap& map) {
  for (const auto& slide : map.slides) {
    if (slide.picture.empty()) continue;
    picture.heat_map = shrunk(slide);
    break;
  }
  for (size_t i = 0; i < std::min(map.top.size(), most_tiles); ++i)
    picture.tiles.push_back(imaging::encode_png(
        imaging::thumbnail(imaging::open_slide(map.top[i].picture), tile_pixels).permute({1, 2, 0})));
}

const inference::HeatMap* heat_map_of(const ReportSource& study, const std::string& case_id,
                                      const std::string& input) {
  for (const auto& map : study.heat_maps)
    if (map.case_id == case_id && map.input == input) return &map;
  return nullptr;
}

/// The input that is shown: one with heat maps, else the first image.
const std::pair<std::string, config::Choice>* shown_input(const ReportSource& study) {
  for (const auto& map : study.heat_maps)
    if (!map.slides.empty())
      for (const auto& entry : study.pipeline.inputs)
        if (entry.first == map.input) return &entry;
  for (const auto& entry : study.pipeline.inputs)
    if (data::is_image(entry.second)) return &entry;
  return nullptr;
}

/// Of a model without classes: the first cases that have heat maps, neither right nor wrong.
std::vector<Example> first_with_heat_maps(const ReportSource& study, const evaluation::GroundTruth& truth,
                                          const std::string& input) {
  std::vector<Example> chosen;
  for (int64_t row = 0; row < study.cohort.size() && chosen.size() < most_examples; ++row) {
    const std::string& id = study.cohort.id(row);
    if (heat_map_of(study, id, input) == nullptr) continue;
    const auto said = std::ranges::find_if(study.predictions, [&](const auto& p) { return p.case_id == id; });
    if (said == study.predictions.end()) continue;
    const auto& label = truth.labels.at(said->head).at(id);
    chosen.push_back({row, &*said, label.known ? core::format_number(label.value) : "–", true});
  }
  return chosen;
}

}  // namespace

std::vector<Picture> example_pictures(const ReportSource& study, const evaluation::GroundTruth& truth,
                                      std::vector<std::string>& warnings) {
  const data::TaskSpec* head = nullptr;
  for (const auto& spec : truth.specs)
    if (head == nullptr && data::task_of(spec).has_classes()) head = &spec;
  const auto* input = shown_input(study);
  std::vector<Picture> pictures;
  if (input == nullptr || (head == nullptr && study.heat_maps.empty())) return pictures;
  for (const auto& example : head != nullptr ? choose(study, truth, *head, input->first)
                                             : first_with_heat_maps(study, truth, input->first)) {
    const std::string& name = study.cohort.id(example.row);
    try {
      Picture picture;
      picture.case_id = name;
      std::string channel;
      if (data::is_image(input->second)) picture.png = draw(study, example.row, input->first, channel);
      if (const auto* map = heat_map_of(study, name, input->first)) add_heat_map(picture, *map);
      if (picture.png.empty() && picture.heat_map.empty() && picture.tiles.empty()) continue;
      picture.caption = example.said->head + ", " + input->first + (channel.empty() ? "" : " " + channel);
      picture.prediction = in_words(*example.said);
      picture.truth = example.truth;
      picture.right = example.right;
      pictures.push_back(std::move(picture));
    } catch (const core::Error& error) {
      warnings.push_back("no picture of case " + name + ": " + error.what());
    }
  }
  return pictures;
}

}  // namespace photo51::report
