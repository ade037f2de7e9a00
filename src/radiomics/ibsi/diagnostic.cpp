// What the benchmark of the image biomarker standardisation reports beside features: sizes and intensities of
// the images and of the region, step by step.
#include <algorithm>
#include <deque>

#include "radiomics/ibsi/families.hpp"

namespace photo51::radiomics {
namespace {

struct Row {
  std::string tag;
  double (*value)(const Diagnostics& of, int axis, int stage);
  int axis = 0, stage = 0;
};

const ImageSummary& image_of(const Diagnostics& of, int stage) {
  return stage == 0 ? of.drawn_image : of.resampled_image;
}

const MaskSummary& mask_of(const Diagnostics& of, int stage) {
  return stage == 0 ? of.drawn : stage == 1 ? of.resampled : of.resegmented;
}

const MaskSummary& shape_of(const Diagnostics& of, int stage) {
  return stage == 0 ? of.drawn_shape : stage == 1 ? of.resampled_shape : of.resegmented_shape;
}

/// `axis` counts z, y, x.
double image_size(const Diagnostics& of, int axis, int stage) {
  return static_cast<double>(image_of(of, stage).grid.size[axis]);
}
double voxel_size(const Diagnostics& of, int axis, int stage) {
  return image_of(of, stage).grid.spacing[axis];
}
double mask_box(const Diagnostics& of, int axis, int stage) {
  return static_cast<double>(mask_of(of, stage).box[axis]);
}
double shape_box(const Diagnostics& of, int axis, int stage) {
  return static_cast<double>(shape_of(of, stage).box[axis]);
}

class Rows {
 public:
  Rows() {
    for (int stage = 0; stage < 2; ++stage) {
      const char* end = stage == 0 ? "_init_img" : "_interp_img";
      add_axes("img_dim", end, image_size, stage);
      add_axes("vox_dim", end, voxel_size, stage);
      add(
          "mean_int", end, [](const Diagnostics& of, int, int at) { return image_of(of, at).mean; }, stage);
      add(
          "min_int", end, [](const Diagnostics& of, int, int at) { return image_of(of, at).min; }, stage);
      add(
          "max_int", end, [](const Diagnostics& of, int, int at) { return image_of(of, at).max; }, stage);
    }
    constexpr const char* ends[] = {"_init_roi", "_interp_roi", "_reseg_roi"};
    for (int stage = 0; stage < 3; ++stage) {
      const char* end = ends[stage];
      add_axes(
          "int_mask_dim", end,
          [](const Diagnostics& of, int axis, int at) { return image_size(of, axis, std::min(at, 1)); },
          stage);
      add_axes("int_mask_bb_dim", end, mask_box, stage);
      add(
          "int_mask_vox_count", end,
          [](const Diagnostics& of, int, int at) { return static_cast<double>(mask_of(of, at).count); },
          stage);
      add(
          "int_mask_mean_int", end, [](const Diagnostics& of, int, int at) { return mask_of(of, at).mean; },
          stage);
      add(
          "int_mask_min_int", end, [](const Diagnostics& of, int, int at) { return mask_of(of, at).min; },
          stage);
      add(
          "int_mask_max_int", end, [](const Diagnostics& of, int, int at) { return mask_of(of, at).max; },
          stage);
    }
    for (int stage = 0; stage < 3; ++stage) {
      add_axes("morph_mask_bb_dim", ends[stage], shape_box, stage);
      add(
          "morph_mask_vox_count", ends[stage],
          [](const Diagnostics& of, int, int at) { return static_cast<double>(shape_of(of, at).count); },
          stage);
    }
  }

  std::span<const FeatureInfo> infos() const { return infos_; }
  std::vector<double> values(const Diagnostics& of) const {
    std::vector<double> result;
    for (const Row& row : rows_) result.push_back(row.value(of, row.axis, row.stage));
    return result;
  }

 private:
  using Value = decltype(Row::value);

  void add(const std::string& what, const std::string& end, Value value, int stage, int axis = 0) {
    rows_.push_back({what + end, value, axis, stage});
    const char* tag = rows_.back().tag.c_str();
    infos_.push_back({tag, tag, "", ""});
  }
  void add_axes(const std::string& what, const std::string& end, Value value, int stage) {
    add(what + "_x", end, value, stage, 2);
    add(what + "_y", end, value, stage, 1);
    add(what + "_z", end, value, stage, 0);
  }

  std::deque<Row> rows_;  // stays where it is: `infos_` points into it
  std::vector<FeatureInfo> infos_;
};

const Rows& rows() {
  static const Rows rows;
  return rows;
}

Values compute_diagnostic(const Input& input, Aggregations /*wanted*/) {
  return {rows().values(*input.diagnostics)};
}

}  // namespace

const Family& diagnostic() {
  static const Family family{
      {FeatureFamily::diagnostic, "", rows().infos()}, Family::Kind::plain, false, 0, compute_diagnostic};
  return family;
}

}  // namespace photo51::radiomics
