#pragma once
/// The options of detection: boxes around lesions, found by anchors (RetinaNet; Lin et al., Focal loss for
/// dense object detection, ICCV 2017) in 2D and 3D. Sizes are in voxels of the image that the network sees.

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::radiogenomics {

/// Where the anchors of a place stand. middle: in the middle of the equal part of the image that the place
/// is of; middle_voxel: as MONAI, at the near edge of the voxel after half of a whole stride; corner: as
/// torchvision, at the near corner of the part.
enum class AnchorCentre { middle, middle_voxel, corner };
std::span<const std::string_view> enum_names(AnchorCentre);

struct AnchorOptions {
  /// One a level, finest first: an anchor has the area or volume of a square or cube of this edge.
  std::vector<double> sizes{8, 16, 32, 64};
  std::vector<double> scales{1};  ///< each size times each of these
  /// Edges after that of the first axis, over it: in 2D x to y, one number an anchor; in 3D y to z and x to
  /// z, two numbers an anchor. Empty: squares or cubes. (torchvision's ratios are y to x.)
  std::vector<double> aspect_ratios{};
  AnchorCentre centre = AnchorCentre::middle;
  bool rounded = false;  ///< half edges to whole voxels, halves to the even one, as torchvision and MONAI do
};
void describe(config::Fields& f, AnchorOptions& o);

/// How boxes are told relative to anchors, see box_coding.hpp.
struct BoxCodingOptions {
  std::vector<double> weights{};               ///< of shifts along each axis, then of sizes; empty: 1
  double most_growth = std::log(1000.0 / 16);  ///< a logarithm; decoding lets no edge grow by more
};
void describe(config::Fields& f, BoxCodingOptions& o);

/// Coarser levels behind the last stage. max_pool: every second place; convs: two convolutions of stride 2
/// of the last level; convs_of_stage: of the last stage itself.
enum class ExtraLevels { none, max_pool, convs, convs_of_stage };
std::span<const std::string_view> enum_names(ExtraLevels);

struct PyramidOptions {
  int64_t channels = 64;          ///< of every level
  std::vector<int64_t> stages{};  ///< of the network, 0 = finest, ascending; empty: all
  ExtraLevels extra = ExtraLevels::none;
};
void describe(config::Fields& f, PyramidOptions& o);

/// Which anchors learn which box. atss: Zhang et al., CVPR 2020; iou: by thresholds, as RetinaNet.
enum class BoxMatcher { atss, iou };
std::span<const std::string_view> enum_names(BoxMatcher);

struct MatcherOptions {
  BoxMatcher kind = BoxMatcher::atss;
  int64_t candidates = 4;     ///< atss: nearest places a level
  bool centre_inside = true;  ///< atss: an anchor's centre has to lie in the box
  bool every_box = true;      ///< atss: a box that is left without an anchor gets the one that overlaps most
  double high = 0.5;          ///< iou: from here on an anchor learns the box
  double low = 0.4;           ///< iou: below, it learns that there is none; between, nothing
  bool low_quality = true;    ///< iou: the anchors that overlap a box most learn it, however little
};
void describe(config::Fields& f, MatcherOptions& o);

enum class ClassLoss { focal, cross_entropy };
std::span<const std::string_view> enum_names(ClassLoss);
enum class BoxLoss { smooth_l1, l1, giou };
std::span<const std::string_view> enum_names(BoxLoss);

/// Of the anchors of an image some: all that learn a box, up to a part, and of the others those with the
/// highest scores (MONAI and nnDetection).
struct HardNegativeOptions {
  int64_t anchors = 64;  ///< an image
  double positive_fraction = 1.0 / 3;
  int64_t least_negatives = 1;  ///< where there are so many
  double pool = 20;  ///< negatives are drawn from so many times their number with the highest scores
};
void describe(config::Fields& f, HardNegativeOptions& o);

struct DetectionLossOptions {
  ClassLoss classes = ClassLoss::focal;
  double alpha = 0.25, gamma = 2;                       ///< focal
  std::optional<HardNegativeOptions> hard_negatives{};  ///< cross_entropy needs them
  BoxLoss boxes = BoxLoss::smooth_l1;
  double beta = 1.0 / 9;  ///< smooth_l1: quadratic below
};
void describe(config::Fields& f, DetectionLossOptions& o);

/// Which boxes an image is said to have.
struct SelectOptions {
  double score_threshold = 0.05;  ///< a score has to exceed it
  int64_t candidates = 1000;      ///< a level, before suppression
  double iou_threshold = 0.5;     ///< a box that overlaps one of a higher score and its class by more goes
  int64_t detections = 100;       ///< an image
  double least_edge = 1;          ///< of a box within the image; smaller ones go
};
void describe(config::Fields& f, SelectOptions& o);

struct DetectionOptions {
  PyramidOptions pyramid;
  AnchorOptions anchors;
  BoxCodingOptions coding;
  int64_t convolutions = 4;    ///< of each tower
  std::string norm = "group";  ///< of towers: none or a row of nn::norms
  bool bias = true;            ///< of convolutions before a norm
  double prior = 0.01;         ///< score of every anchor at first
  MatcherOptions matcher;
  DetectionLossOptions loss;
  SelectOptions select;
};
void describe(config::Fields& f, DetectionOptions& o);

}  // namespace photo51::radiogenomics
