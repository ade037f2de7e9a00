#include "training/plan/image_section.hpp"

#include <algorithm>
#include <cmath>

#include "photo51/core/text.hpp"
#include "photo51/training/plan/image_grids.hpp"
#include "radiomics/region/moments.hpp"
#include "training/plan/normalize_section.hpp"

namespace photo51::training {
namespace {

using data::PlannedImage;
using radiomics::percentile;
using Triple = std::array<double, 3>;

constexpr double margin_mm = 8;          ///< about a mask
constexpr double nonzero_counts = 0.75;  ///< below this share of the image its background is left out

bool says_spacing(const PlannedImage& input) {
  for (const auto& channel : input.channels)
    for (const auto& facts : channel.facts)
      if (!facts.spacing) return false;
  return true;
}

/// The mask of the input, when every measured case has one.
const data::PlannedMask* whole_mask(const PlannedImage& input, const std::vector<data::PlannedMask>& masks) {
  for (const auto& mask : masks) {
    if (mask.column != input.mask) continue;
    for (const auto& channel : input.channels)
      for (const auto& facts : channel.facts)
        if (std::none_of(mask.facts.begin(), mask.facts.end(),
                         [&](const auto& one) { return one.row == facts.row && one.nonzero && one.spacing; }))
          return nullptr;
    return &mask;
  }
  return nullptr;
}

/// What a case shows, in mm (pixels where the files say no size), with what it was measured of.
struct Extent {
  Triple mm{};
  std::string what;
};
Extent extent_of(const PlannedImage& input, const data::PlannedMask* mask) {
  std::array<std::vector<double>, 3> lengths;
  if (mask != nullptr) {
    for (const auto& facts : mask->facts)
      for (size_t axis = 0; axis < 3; ++axis)
        if (facts.nonzero && facts.spacing)
          lengths[axis].push_back(static_cast<double>(facts.nonzero->length(axis)) * (*facts.spacing)[axis] +
                                  (axis == 2 && input.dims == 2 ? 0 : 2 * margin_mm));
  } else {
    for (const auto& one : boxes_of(input))
      for (size_t axis = 0; axis < 3; ++axis)
        lengths[axis].push_back(static_cast<double>(one.box.length(axis)) * spacing_of(*one.facts)[axis]);
  }
  Extent extent;
  for (size_t axis = 0; axis < 3; ++axis)
    extent.mm[axis] = percentile(lengths[axis], mask != nullptr ? 95 : 50);
  extent.what = mask != nullptr ? "the 95th percentile of the regions in `" + mask->column + "` with " +
                                      core::format_number(margin_mm) + " mm about them"
                                : "the median image";
  return extent;
}

/// Channels of the first and the later stages, by how many patients there are to learn from.
std::vector<int64_t> widths_for(int64_t cases, int64_t dims) {
  std::vector<int64_t> widths =
      cases < 100 ? std::vector<int64_t>{12, 24, 48} : std::vector<int64_t>{16, 32, 64};
  if (cases >= 400) widths = {24, 48, 96, 192};
  if (dims == 2 && widths.size() == 3) widths.push_back(widths.back() * 3 / 2);
  return widths;
}

/// Of a training step a voxel of the image: two maps a convolution and their gradients, of all stages.
double bytes_a_voxel(const std::vector<int64_t>& widths, int64_t dims) {
  double floats = 0, voxels = 1;
  for (const int64_t width : widths) {
    floats += 2 * 3 * static_cast<double>(width) * voxels;
    voxels /= dims == 2 ? 4 : 8;
  }
  return 4 * floats;
}

struct Shape {
  Triple spacing{};
  std::array<int64_t, 3> size{1, 1, 1};
  bool coarsened = false;
  double voxels() const {
    return static_cast<double>(size[0]) * static_cast<double>(size[1]) * static_cast<double>(size[2]);
  }
};

void fill_size(Shape& shape, const Triple& mm, int64_t dims) {
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto voxels = static_cast<int64_t>(std::ceil(mm[axis] / shape.spacing[axis] - 1e-6));
    shape.size[axis] = dims == 2 && axis == 2 ? 1 : std::max<int64_t>(8, (voxels + 3) / 4 * 4);
  }
}

/// Coarser until it fits: first the axes that are less than half as coarse as the coarsest, then all.
Shape fitted(const Triple& spacing, const Triple& mm, int64_t dims, double most_voxels) {
  constexpr double step = 1.03;
  Shape shape{.spacing = spacing};
  const size_t axes = dims == 2 ? 2 : 3;
  fill_size(shape, mm, dims);
  while (shape.voxels() > most_voxels &&
         std::any_of(shape.size.begin(), shape.size.begin() + static_cast<long>(axes),
                     [](int64_t n) { return n > 8; })) {
    shape.coarsened = true;
    const double coarsest =
        *std::max_element(shape.spacing.begin(), shape.spacing.begin() + static_cast<long>(axes));
    bool any = false;
    for (size_t axis = 0; axis < axes; ++axis)
      if (coarsest / shape.spacing[axis] > 2) {
        shape.spacing[axis] *= step;
        any = true;
      }
    for (size_t axis = 0; axis < axes && !any; ++axis) shape.spacing[axis] *= step;
    fill_size(shape, mm, dims);
  }
  return shape;
}

/// Of a picture along the two axes that it has.
std::string in_words(const Triple& values, int64_t dims, const std::string& unit) {
  std::vector<std::string> parts;
  for (size_t axis = 0; axis < static_cast<size_t>(dims); ++axis)
    parts.push_back(yaml_number(values[axis], 4));
  return core::join(parts, " x ") + unit;
}

void write_files(YamlText& yaml, const PlannedImage& input) {
  std::vector<std::string> channels;
  size_t files = 0;
  for (const auto& channel : input.channels) {
    channels.push_back(channel.column.name);
    files += channel.facts.size();
  }
  yaml.add(1, input.name + ":");
  yaml.add(2, "modality: " + input.modality, input.why);
  yaml.add(2, "channels: " + yaml_list(channels), std::to_string(files) + " files measured");
  if (input.dims == 2) yaml.add(2, "dims: 2", "every file is one slice, a picture or frames");
}

int64_t instances_of(const PlannedImage& input) {
  if (input.modality == "mammography") return static_cast<int64_t>(input.channels.size());
  return 1;
}

bool has_kind(const PlannedImage& input, const std::string& kind) {
  for (const auto& channel : input.channels)
    for (const auto& facts : channel.facts)
      if (facts.kind == kind) return true;
  return false;
}

std::string encoder_of(const std::vector<int64_t>& widths, const std::string& more = "") {
  return "{name: conv_net, widths: " + yaml_list(widths) + ", dropout: 0.1" + more + "}";
}

PlannedSection write_slides(YamlText& yaml, const PlannedImage& input, const ImageBudget& budget) {
  std::vector<double> finest;
  for (const auto& facts : input.channels.front().facts)
    if (facts.spacing) finest.push_back(1000 * (*facts.spacing)[0]);
  const double coarsest = finest.empty() ? 0.5 : *std::max_element(finest.begin(), finest.end());
  const double mpp = std::max(0.5, std::round(coarsest * 100) / 100);
  constexpr int64_t tile = 224;
  const auto widths = widths_for(budget.cases, 2);
  const double one = bytes_a_voxel(widths, 2) * tile * tile;
  const auto fits = static_cast<int64_t>(budget.memory_gb * 1e9 / one) / budget.batch_size;
  const int64_t instances = std::clamp<int64_t>(fits, 1, 32);
  yaml.add(2, "tile: {mpp: " + yaml_number(mpp, 4) + ", size: " + std::to_string(tile) + "}",
           finest.empty() ? "the slides do not say how fine they are: give `<channel>.mpp`"
                          : "the coarsest of " + std::to_string(finest.size()) + " slides has " +
                                yaml_number(coarsest, 4) + " um a pixel");
  yaml.add(2, "train_instances: " + std::to_string(instances),
           "tiles drawn a case; one takes " + yaml_number(one / 1e6, 3) + " MB of a step");
  yaml.add(2, "preprocess:");
  const auto normalize = normalize_of(input, {}, false);
  yaml.add(3, "normalize: " + normalize.yaml, normalize.why);
  yaml.add(2, "augment: {flip: [x, y]}", "a slide has no upper side");
  return {.encoder = encoder_of(widths, ", bag_pool: gated_abmil"), .encoder_why = "tiles weigh differently"};
}

void write_augment(YamlText& yaml, const PlannedImage& input, const Shape& shape, bool has_spacing) {
  if (input.modality == "histopathology")
    return yaml.add(2, "augment: {flip: [x, y]}", "tissue has no upper side");
  const double across = shape.spacing[0] * static_cast<double>(shape.size[0]);
  const std::string flip = input.modality == "mammography" ? "[y]" : "[x]";
  yaml.add(2,
           "augment: {flip: " + flip + ", affine_probability: 0.7, rotate: 15, scale: 0.1, translate: " +
               yaml_number(across * 0.05, 2) +
               ", intensity_probability: 0.7, gain: 0.1, shift: 0.1, noise: 0.05}",
           "moved by 5 % of " + yaml_number(across, 4) + (has_spacing ? " mm" : " pixels"));
}

/// Strides or kernels, an axis after the other, z first: ["1x3x3", "3x3x3"].
std::string by_stage(const UnetPlan& plan, const std::vector<std::vector<int64_t>>& all) {
  std::vector<std::string> stages;
  for (const auto& stage : all) {
    std::vector<std::string> parts;
    for (const int64_t number : by_zyx(plan, stage, int64_t{0}))
      if (number > 0) parts.push_back(std::to_string(number));
    stages.push_back("\"" + core::join(parts, "x") + "\"");
  }
  return "[" + core::join(stages, ", ") + "]";
}

}  // namespace

bool is_never_negative(const PlannedImage& input) {
  for (const auto& channel : input.channels)
    for (const auto& facts : channel.facts)
      if (facts.min < 0) return false;
  return true;
}

PlannedSection write_whole_input(YamlText& yaml, const PlannedImage& input,
                                 const std::vector<data::PlannedMask>& masks, const ImageBudget& budget,
                                 const std::optional<NnunetPlans>& plans) {
  write_files(yaml, input);
  if (input.modality == "histopathology" && has_kind(input, "slide"))
    return write_slides(yaml, input, budget);
  const bool cine = has_kind(input, "cine");
  const int64_t instances = instances_of(input) * (cine ? 4 : 1);
  const data::PlannedMask* mask = instances > 1 ? nullptr : whole_mask(input, masks);
  if (mask != nullptr)
    yaml.add(2, "mask: " + yaml_word(mask->column), "says where to look; every measured case has one");
  else if (!input.mask.empty())
    yaml.comment(2, "`" + input.mask +
                        (instances > 1 ? "` is not used: a bag has no mask."
                                       : "` is not used: not every measured case has a region in it."));
  if (needs_stored_suv(input)) yaml.add(2, "suv: stored", "the files do not say how uptake was measured");
  if (cine) yaml.add(2, "frames: 4", "taken evenly of each cine");
  if (input.modality == "ultrasound") yaml.add(2, "color: gray");

  const bool has_spacing = says_spacing(input);
  const auto widths = widths_for(budget.cases, input.dims);
  const double one = bytes_a_voxel(widths, input.dims);
  const double fits = budget.memory_gb * 1e9 / (one * static_cast<double>(budget.batch_size * instances));
  const double sensible = input.dims == 2 ? 512.0 * 512 : 128.0 * 128 * 128;
  const Extent extent = extent_of(input, mask);
  bool tenth = false;
  const auto target = target_spacing(grids_of(input), tenth);
  Shape shape = fitted({target[2], target[1], target[0]}, extent.mm, input.dims, std::min(fits, sensible));
  if (input.dims == 2) shape.spacing[2] = 1;
  if (plans) {
    const auto mm = by_zyx(plans->plan, plans->plan.spacing, 1.0);
    const auto size = by_zyx(plans->plan, plans->plan.patch, int64_t{1});
    shape = {.spacing = {mm[2], mm[1], mm[0]}, .size = {size[2], size[1], size[0]}, .coarsened = false};
  }
  yaml.add(2, "preprocess:");
  if (input.dims == 2) yaml.add(3, "orientation: none", "pictures stay as they are");
  const std::string from =
      plans ? "of the plans"
            : std::string("the median of the files; ") +
                  (tenth && input.dims == 3 ? "the coarsest axis has the 10th percentile; " : "");
  if (has_spacing)
    yaml.add(3, "spacing: " + yaml_list(std::vector<double>(shape.spacing.begin(), shape.spacing.end()), 4),
             plans
                 ? from
                 : (shape.coarsened ? "coarser than the median " +
                                          in_words({target[2], target[1], target[0]}, input.dims, " mm") +
                                          ", so that the size fits"
                                    : from + in_words({target[2], target[1], target[0]}, input.dims, " mm")));
  if (mask != nullptr)
    yaml.add(3, "crop: {around: mask, margin: " + core::format_number(margin_mm) + "}");
  else if (input.dims == 3 && is_never_negative(input) && share_of_nonzero(input) < nonzero_counts)
    yaml.add(3, "crop: {around: foreground}",
             "what is not 0 is " + yaml_number(100 * share_of_nonzero(input), 3) + " % of the median image");
  yaml.add(3, "size: " + yaml_list(std::vector<int64_t>(shape.size.begin(), shape.size.end())),
           plans
               ? "the patch of the plans"
               : extent.what + " is " + in_words(extent.mm, input.dims, has_spacing ? " mm" : " pixels") +
                     "; " + std::to_string(static_cast<int64_t>(fits)) + " voxels fit into " +
                     yaml_number(budget.memory_gb, 3) + " GB at batch " + std::to_string(budget.batch_size));
  if (!has_spacing) yaml.add(3, "fit: resize", "the files do not say how large a pixel is");
  if (shape.coarsened || !has_spacing) yaml.add(3, "antialias: true", "voxels grow");
  const auto normalize =
      plans ? normalize_of(*plans) : normalize_of(input, masks, is_never_negative(input) && input.dims == 3);
  yaml.add(3, "normalize: " + normalize.yaml, normalize.why);
  write_augment(yaml, input, shape, has_spacing);

  const auto planes = static_cast<double>(input.channels.size() + (mask != nullptr ? 1 : 0));
  std::string more;
  if (instances > 1)
    more = input.modality == "mammography" ? ", bag_pool: max, view_embedding: true" : ", bag_pool: mean";
  return {.encoder = encoder_of(widths, more),
          .encoder_why = "small, for " + std::to_string(budget.cases) + " patients; " + yaml_number(one, 3) +
                         " bytes a voxel in a step",
          .bytes_a_case =
              4 * shape.voxels() * planes * (instances > 1 ? static_cast<double>(instances) / planes : 1)};
}

PlannedSection write_patch_input(YamlText& yaml, const PlannedImage& input,
                                 const std::vector<data::PlannedMask>& masks, const UnetPlan& plan,
                                 const std::optional<NnunetPlans>& plans) {
  write_files(yaml, input);
  yaml.add(2, "preprocess:");
  if (input.dims == 2) yaml.add(3, "orientation: none", "pictures stay as they are");
  const auto mm = by_zyx(plan, plan.spacing, 1.0);
  const bool has_spacing = says_spacing(input);
  if (has_spacing)
    yaml.add(3, "spacing: " + yaml_list(std::vector<double>{mm[2], mm[1], mm[0]}),
             plans ? "of the plans"
                   : (plan.resampled_to_10th && plan.axes.size() == 3
                          ? "median an axis; the coarsest has the 10th percentile"
                          : "median an axis"));
  const double share = share_of_nonzero(input);
  if (is_never_negative(input) && share < 1)
    yaml.add(3, "crop: {around: foreground}",
             "what is not 0 is " + yaml_number(100 * share, 3) + " % of the median image");
  const auto normalize = plans ? normalize_of(*plans) : normalize_of(input, masks, share < nonzero_counts);
  yaml.add(3, "normalize: " + normalize.yaml, normalize.why);
  const auto patch = by_zyx(plan, plan.patch, int64_t{1});
  std::vector<int64_t> xyz{patch[2], patch[1], patch[0]};
  const std::string maps =
      plans ? "of the plans"
            : yaml_number(plan.feature_maps / 1e6, 3) + " million numbers in the feature maps of one";
  yaml.add(2, "patch: {size: " + yaml_list(xyz) + "}", maps);
  yaml.add(2, "augment: {flip: [x, y" + std::string(plan.axes.size() == 3 ? ", z" : "") +
                  "], affine_probability: 0.2, rotate: 30, scale: 0.3, intensity_probability: 0.2, noise: "
                  "0.1, gain: 0.25, "
                  "gamma: 0.3}");

  return {
      .encoder = "{name: dynunet" + std::string(plan.axes.size() == 2 && input.dims == 3 ? ", dims: 2" : "") +
                 ", features: " + yaml_list(plan.features) + ", strides: " + by_stage(plan, plan.strides) +
                 ", kernels: " + by_stage(plan, plan.kernels) + "}",
      .encoder_why = "halved while 4 voxels remain, and only along axes of similar spacing",
      .decoder = "{name: dynunet}"};
}

}  // namespace photo51::training
