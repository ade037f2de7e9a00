#include "report/map_pictures.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/images/label_map.hpp"
#include "photo51/data/images/preview.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/imaging/masks/classes.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/inference/case_map.hpp"

namespace photo51::report {
namespace {

constexpr int64_t longest_side = 256;
constexpr size_t most_pictures = 6;
constexpr std::array<uint8_t, 3> drawn_color{64, 200, 120};

struct Outlined {
  std::string case_id;
  double dice = 0, predicted_ml = 0, true_ml = 0;
};

/// The cases with a score, from the least to the best overlap; of many, some evenly apart.
std::vector<Outlined> chosen_cases(const ReportSource& study, const std::string& head) {
  std::vector<Outlined> all;
  const auto scores = study.maps.find(head);
  if (scores == study.maps.end()) return all;
  for (const auto& [name, classes] : scores->second) {
    Outlined one{name, 0, 0, 0};
    int64_t count = 0;
    for (const auto& score : classes) {
      one.predicted_ml += score.predicted_ml;
      one.true_ml += score.true_ml;
      if (!std::isfinite(score.dice)) continue;
      one.dice += score.dice;
      ++count;
    }
    if (count == 0) continue;
    one.dice /= static_cast<double>(count);
    all.push_back(one);
  }
  std::ranges::stable_sort(all, {}, &Outlined::dice);
  if (all.size() <= most_pictures) return all;
  std::vector<Outlined> some;
  for (size_t i = 0; i < most_pictures; ++i) some.push_back(all[i * (all.size() - 1) / (most_pictures - 1)]);
  return some;
}

/// A color picture, the outlines of the second mask over those of the first.
at::Tensor outlined(const imaging::Volume& image, int64_t slice, const imaging::Volume& drawn,
                    const imaging::Volume& predicted) {
  const auto picture = [&](const imaging::Volume* mask, const std::array<uint8_t, 3>& color) {
    imaging::PictureOptions options;
    options.mask = mask;
    options.outline = color;
    options.longest_side = longest_side;
    return imaging::slice_picture(image, 2, slice, options);
  };
  const imaging::PictureOptions usual;
  imaging::Volume nothing = drawn;
  nothing.data = at::zeros_like(drawn.data);
  const at::Tensor plain = picture(&nothing, usual.outline);
  const at::Tensor over = picture(&predicted, usual.outline);
  const at::Tensor line = over.ne(plain).any(-1, /*keepdim=*/true);
  return at::where(line, over, picture(&drawn, drawn_color));
}

std::string draw_outlines(const ReportSource& study, int64_t row, const data::TaskSpec& spec) {
  const auto found = data::preview(study.cohort, row, spec.input, longest_side);
  if (!found || found->image.data.size(0) != 1) return "";
  const auto file = inference::map_file(study.map_folder, study.cohort.id(row), spec.head);
  const imaging::Geometry& grid = found->image.geometry;
  const imaging::Volume predicted = imaging::classes_on_grid(
      imaging::read_volume(file, {.modality = imaging::Modality::segmentation, .series = {}}), grid);
  const data::LabelMap label = data::original_label(study.cohort, row, spec.head);
  if (!label.classes.defined()) return "";
  const imaging::Volume drawn =
      imaging::classes_on_grid(imaging::make_volume(label.classes.unsqueeze(0), label.geometry), grid);
  imaging::Volume both = drawn;
  both.data = drawn.data.ne(0).logical_or(predicted.data.ne(0)).to(at::kByte);
  const int64_t slice = imaging::fullest_slice(both, 2);
  imaging::Volume first = drawn, second = both;
  first.data = drawn.data.ne(0).to(at::kByte);
  second.data = predicted.data.ne(0).to(at::kByte);
  second.geometry = grid;
  return imaging::encode_png(outlined(found->image, slice, first, second));
}

}  // namespace

std::vector<Picture> map_pictures(const ReportSource& study, std::vector<std::string>& warnings) {
  std::vector<Picture> pictures;
  if (study.map_folder.empty()) return pictures;
  for (const auto& spec : study.cohort.labels()) {
    if (!data::task_of(spec).is_dense || !pictures.empty()) continue;
    for (const auto& one : chosen_cases(study, spec.head)) {
      int64_t row = 0;
      while (row < study.cohort.size() && study.cohort.id(row) != one.case_id) ++row;
      if (row == study.cohort.size()) continue;
      try {
        const std::string png = draw_outlines(study, row, spec);
        if (png.empty()) continue;
        pictures.push_back(
            {one.case_id, png, spec.head + ": drawn green, predicted orange",
             core::format_fixed(one.predicted_ml, 1) + " ml, Dice " + core::format_fixed(one.dice, 2),
             core::format_fixed(one.true_ml, 1) + " ml", one.dice >= 0.5});
      } catch (const core::Error& error) {
        warnings.push_back("no picture of case " + one.case_id + ": " + error.what());
      }
    }
  }
  return pictures;
}

}  // namespace photo51::report
