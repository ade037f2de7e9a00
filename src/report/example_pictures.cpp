#include "report/example_pictures.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <map>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/mask.hpp"
#include "photo51/imaging/picture.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/slide.hpp"
#include "photo51/preprocess/tiles.hpp"

namespace photo51::report {
namespace {

using Kind = data::LabelSpec::Kind;

constexpr int64_t picture_pixels = 256;  ///< along the longer side

struct Example {
  int64_t row = 0;
  const model::Prediction* said = nullptr;  ///< of the most probable class
  std::string truth;
  bool right = false;
};

std::string truth_name(const data::LabelSpec& spec, const data::Case::Label& label) {
  const auto index = static_cast<size_t>(label.value);
  if (spec.kind == Kind::multiclass && index < spec.classes.size()) return spec.classes[index];
  return std::to_string(index);
}

/// The surest right and the surest wrong ones, in turn.
std::vector<Example> choose(const Study& study, const evaluation::Truth& truth, const data::LabelSpec& spec,
                            const std::string& input) {
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

std::string cell_of(const Study& study, int64_t row, const std::string& input, const std::string& column) {
  const std::string own = study.cohort.cell(row, input + "." + column);
  return own.empty() ? study.cohort.cell(row, column) : own;
}

std::optional<std::filesystem::path> file_of(const Study& study, int64_t row, const std::string& input,
                                             const std::string& channel) {
  const std::string cell = cell_of(study, row, input, channel);
  if (cell.empty()) return std::nullopt;
  const std::filesystem::path path(cell);
  return path.is_absolute() ? path : study.pipeline.cohort.manifest.parent_path() / path;
}

/// The tile that the row looks at, or the whole slide.
at::Tensor slide_picture(const Study& study, int64_t row, const std::string& input,
                         const data::InputOptions& options, const std::filesystem::path& path,
                         const std::string& channel) {
  imaging::SlideOptions how = options.tile->slide;
  if (const auto mpp = core::parse_double(cell_of(study, row, input, channel + ".mpp"))) how.mpp = *mpp;
  const auto slide = imaging::open_slide(path, how);
  if (options.center.empty()) return imaging::thumbnail(slide, picture_pixels);
  const auto x = core::parse_double(cell_of(study, row, input, options.center[0]));
  const auto y = core::parse_double(cell_of(study, row, input, options.center[1]));
  if (!x || !y) core::fail_data("its place on the slide is not given");
  return preprocess::read_tiles(slide, {preprocess::tile_around(slide, *options.tile, {*x, *y})},
                                *options.tile)[0];
}

std::string draw(const Study& study, int64_t row, const std::string& input, const data::InputOptions& options,
                 std::string& channel) {
  std::optional<std::filesystem::path> image;
  for (const auto& name : options.channels) {
    channel = name;
    image = file_of(study, row, input, name.substr(0, name.find('@')));
    // Of several files of a bag, the first.
    if (image && data::is_bag(options)) image = core::split(image->string(), ';').front();
    if (image) break;
  }
  if (!image) return "";
  if (options.tile)
    return imaging::encode_png(
        slide_picture(study, row, input, options, *image, channel).permute({1, 2, 0}).contiguous());
  const auto volume =
      imaging::read_volume(*image, {.modality = imaging::modality_from(options.modality), .series = {}});
  std::optional<imaging::Volume> mask;
  if (!options.mask.empty())
    if (const auto path = file_of(study, row, input, options.mask))
      mask = imaging::read_mask(*path, {&volume});
  if (mask && !mask->geometry.matches(volume.geometry)) mask.reset();
  imaging::PictureOptions picture;
  picture.mask = mask ? &*mask : nullptr;
  picture.longest_side = picture_pixels;
  const int64_t slice = mask ? imaging::fullest_slice(*mask, 2) : volume.geometry.size[2] / 2;
  return imaging::encode_png(imaging::slice_picture(volume, 2, slice, picture));
}

std::string in_words(const model::Prediction& p) {
  std::string text = p.class_name + " " + core::format_fixed(p.value, 2);
  if (p.low < p.high) text += " (" + core::format_fixed(p.low, 2) + "–" + core::format_fixed(p.high, 2) + ")";
  return text;
}

}  // namespace

std::vector<Picture> example_pictures(const Study& study, const evaluation::Truth& truth,
                                      std::vector<std::string>& warnings) {
  const data::LabelSpec* head = nullptr;
  for (const auto& spec : truth.specs)
    if (head == nullptr && (spec.kind == Kind::binary || spec.kind == Kind::multiclass)) head = &spec;
  const std::pair<std::string, data::InputOptions>* input = nullptr;
  for (const auto& entry : study.pipeline.inputs)
    if (input == nullptr && data::is_image(entry.second)) input = &entry;
  std::vector<Picture> pictures;
  if (head == nullptr || input == nullptr) return pictures;
  for (const auto& example : choose(study, truth, *head, input->first)) {
    const std::string& name = study.cohort.id(example.row);
    try {
      std::string channel;
      const std::string png = draw(study, example.row, input->first, input->second, channel);
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
