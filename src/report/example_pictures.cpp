#include "report/example_pictures.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <map>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/images/preview.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/imaging/picture/picture.hpp"

namespace photo51::report {
namespace {

constexpr int64_t picture_pixels = 256;  ///< along the longer side

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
  for (size_t i = 0; i < std::max(right.size(), wrong.size()) && chosen.size() < 6; ++i) {
    if (i < right.size()) chosen.push_back(right[i]);
    if (i < wrong.size() && chosen.size() < 6) chosen.push_back(wrong[i]);
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

}  // namespace

std::vector<Picture> example_pictures(const ReportSource& study, const evaluation::GroundTruth& truth,
                                      std::vector<std::string>& warnings) {
  const data::TaskSpec* head = nullptr;
  for (const auto& spec : truth.specs)
    if (head == nullptr && data::task_of(spec).has_classes()) head = &spec;
  const std::pair<std::string, config::Choice>* input = nullptr;
  for (const auto& entry : study.pipeline.inputs)
    if (input == nullptr && data::is_image(entry.second)) input = &entry;
  std::vector<Picture> pictures;
  if (head == nullptr || input == nullptr) return pictures;
  for (const auto& example : choose(study, truth, *head, input->first)) {
    const std::string& name = study.cohort.id(example.row);
    try {
      std::string channel;
      const std::string png = draw(study, example.row, input->first, channel);
      if (png.empty()) continue;
      pictures.push_back({name, png, head->head + ", " + input->first + " " + channel,
                          in_words(*example.said), example.truth, example.right});
    } catch (const core::Error& error) {
      warnings.push_back("no picture of case " + name + ": " + error.what());
    }
  }
  return pictures;
}

}  // namespace photo51::report
