#include "photo51/data/segmenters/options.hpp"

#include <algorithm>
#include <array>

namespace photo51::data {

std::span<const std::string_view> enum_names(RegionUse) {
  static constexpr std::array<std::string_view, 3> names{"strip", "crop", "mask"};
  return names;
}

std::span<const std::string_view> enum_names(AxisOrder) {
  static constexpr std::array<std::string_view, 2> names{"zyx", "xyz"};
  return names;
}

std::span<const std::string_view> enum_names(Activation) {
  static constexpr std::array<std::string_view, 3> names{"none", "sigmoid", "softmax"};
  return names;
}

std::span<const std::string_view> enum_names(KeptPieces) {
  static constexpr std::array<std::string_view, 2> names{"all", "largest"};
  return names;
}

void describe_segmenter(config::Fields& f, SegmenterOptions& o) {
  const auto use = [&](RegionUse one) { return std::ranges::find(o.use, one) != o.use.end(); };
  f("channels", o.channels,
    "of the input's channels, the first that a case has is segmented; empty: all of the input's, in their "
    "order",
    {.lone = true});
  f("threshold", o.threshold, "a voxel is in the region where its probability is above",
    {.min = 0, .max = 1});
  f("dilate", o.dilate, "the region grows so far, or shrinks below 0",
    {.min = -100, .max = 100, .unit = "mm"});
  f("use", o.use,
    "strip: voxels of all channels outside the region become `background`; crop: the scan is cut to the "
    "region's box; mask: the region is the input's mask; also several, as [strip, crop]",
    {.lone = true});
  f.check(!o.use.empty(), "use", "say what the region is for: strip, crop or mask");
  f("background", o.background, "strip: the value outside the region, such as -1000 of CT");
  f.check(o.background == 0 || use(RegionUse::strip), "background", "is for use: strip");
  f("margin", o.margin, "crop: added on every side, as far as the scan reaches", {.min = 0, .unit = "mm"});
  f.check(o.margin == 0 || use(RegionUse::crop), "margin", "is for use: crop");
}

void describe(config::Fields& f, TorchScriptSegmenterOptions& o) {
  f("program", o.program, "a segmenter that torch.jit.save has written; it goes with the run",
    {.required = true});
  f("method", o.method, "the method that takes images");
  f("together", o.together, "the program takes all of `channels` at once, those that a case lacks as zeros");
  f.section("preprocess", o.preprocess, "how the images are prepared that the program sees");
  f("axes", o.axes, "of these images: [channels, z, y, x], or [channels, x, y, z] as NiBabel and MONAI read");
  f("dims", o.dims, "3, or 2: the program sees slice by slice along z", {.min = 2, .max = 3});
  f("window", o.window, "edges x, y, z (dims: 2: x, y) of what it sees at once; empty: whole images",
    {.min = 1, .max = 4096, .unit = "voxels"});
  f("overlap", o.overlap, "of neighbouring windows, as a part of the edge; they count by a Gaussian",
    {.min = 0, .max = 0.9});
  f("activation", o.activation, "what makes probabilities of the outputs; none: they are probabilities");
  f("classes", o.classes,
    "channels of the output, from 0, that are the region: their sum by softmax, else the largest; empty: the "
    "only one, or all but the first",
    {.min = 0});
  f("keep", o.keep, "of the pieces of the region, which touch by faces, edges or corners");
  f("fill_holes", o.fill_holes, "what the region encloses belongs to it");
  describe_segmenter(f, o);
  f.check(!o.method.empty(), "method", "is empty; it takes the name of a method");
  f.check(o.window.empty() || o.window.size() == static_cast<size_t>(o.dims), "window",
          "takes one number an axis, x first, or none");
  f.check(o.preprocess.crop.around != preprocess::CropAround::mask &&
              o.preprocess.normalize.region != preprocess::NormalizeRegion::mask,
          "preprocess", "there is no mask before the region is found");
  f.check(o.preprocess.normalize.method != preprocess::NormalizeMethod::histogram, "preprocess",
          "normalize histogram is learned from the training part, and the program was trained elsewhere");
}

void describe(config::Fields& f, DeepbetOptions& o) {
  constexpr const char* fetched = " (tools/pretrained/deepbet.py fetches it); it goes with the run";
  f("program", o.program, (std::string("deepbet's model.pt") + fetched).c_str(), {.required = true});
  f("box_program", o.box_program, (std::string("deepbet's bbox_model.pt") + fetched).c_str(),
    {.required = true});
  describe_segmenter(f, o);
}

}  // namespace photo51::data
