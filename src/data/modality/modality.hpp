#pragma once
/// The table of modalities: a row says all that others have to know of one. Nobody compares names, and nobody
/// but its own file looks into a modality's options.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/learned.hpp"
#include "data/modality/fitted.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/sample_key.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/modality/image.hpp"
#include "photo51/data/modality/numbers.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/imaging/masks/options.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"

namespace photo51::data {

struct BagPlaces;
struct ImageFile;
struct Instance;
struct PreparedImage;
struct Description;

/// What has to be known of where voxels lie.
struct PlaceNeeds {
  bool scan = true;  ///< of a body, which means nothing without millimetres and axes; else a picture
  bool spacing = true, orientation = true;
  bool may_keep_axes = false;  ///< the options can say that no orientation is needed
};

/// Of inputs that are read from image files.
struct FileModality {
  const FileOptions& (*options)(const config::Choice& input);
  /// One file of a case, or the part of it that is asked for (images/image_file.hpp).
  imaging::Volume (*read)(const ImageFile& file);
  PlaceNeeds (*place)(const config::Choice& input);
  imaging::MaskOptions (*masks)(const config::Choice& input);
  /// single, gray or rgb, and what follows the channel's name in the model's channels of one file: {""},
  /// {".red", ".green", ".blue"}, or {".bmode", ".flow"} of a Doppler that is split.
  ColorMode (*color)(const config::Choice& input);
  std::vector<std::string> (*planes)(const config::Choice& input);
};

/// Of inputs whose images a model sees; they have `FileModality` too.
struct ImageModality {
  const ImageOptions& (*options)(const config::Choice& input);
  std::shared_ptr<const PreparedImage> (*prepare)(const Cohort::Impl& cohort, size_t input, size_t row,
                                                  size_t instance);
  /// How many instances one file of a bag makes.
  size_t (*parts)(const Cohort::Impl& cohort, size_t input, size_t row, size_t file);
  /// What a prepared image depends on apart from files and options; null: nothing.
  std::string (*cache_key)(const Cohort::Impl& cohort, size_t input, size_t row, const Instance& which);
  /// A bag goes on without an instance that could not be prepared: what to warn of. Null, or nothing: it does
  /// not.
  std::optional<std::string> (*leave_out)(const Cohort::Impl& cohort, size_t input, size_t row,
                                          const Instance& which, const std::string& why);
  /// A picture of a whole file, its longest side so many pixels; null, or nothing: its first part is shown.
  std::optional<imaging::Volume> (*overview)(const Cohort::Impl& cohort, size_t input, size_t row,
                                             size_t file, int64_t longest_side);
  /// Where on its slide an instance lies; null, or nothing: it is no tile.
  std::optional<preprocess::Tile> (*tile)(const Cohort::Impl& cohort, size_t input, size_t row,
                                          const Instance& which);
  /// Whether the preparation neither moves nor measures the bytes of its files, which then stay bytes until a
  /// model sees them (preprocess/bytes.hpp). Null: it gives float32.
  bool (*stays_bytes)(const config::Choice& input);
};

/// The features of one case. Errors (data) say what is wrong with its row.
using RowReader = std::function<std::vector<float>(size_t row)>;
/// A feature of all rows. Text has a number a word, in no order.
struct FeatureValues {
  std::string named;  ///< "column `age`", "gene `IDH1`"
  bool categories = false;
  std::vector<double> values{};  ///< NaN = unknown
};
/// `count`: among how many features it is one.
using LookAtFeature = std::function<void(const FeatureValues& feature, size_t count)>;

/// Of inputs that are a row of numbers.
struct NumberModality {
  const NumberOptions& (*options)(const config::Choice& input);
  RowReader (*reader)(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted);
  /// The features that the manifest's own tables tell, one after the other; null: they come of images.
  void (*each_feature)(const Cohort::Impl& cohort, size_t input, const LookAtFeature& look);
};

/// A case's bag, all of it or as a source. `stream` names what random numbers are drawn for; where `key` is
/// random the bag is what training sees of it. Errors (data) say what is wrong with its row.
using BagReader = std::function<Case::Input(size_t row, const core::SampleKey& key, const std::string& stream,
                                            bool as_source)>;
/// Of inputs whose cases are bags of vectors, which need no encoder of images.
struct BagModality {
  BagReader (*reader)(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted);
};

/// Of inputs that describe a region by numbers: how a row is described (tables/region_features.hpp).
struct RegionModality {
  Description (*describe)(const Cohort::Impl& cohort, size_t input, size_t row, bool perturbed);
};

struct Modality {
  config::Component component;
  InputColumns (*columns)(const config::Choice& input);
  /// Whether a row has the input.
  bool (*has)(const Cohort::Impl& cohort, size_t input, size_t row);
  /// What a model is given of it. Error (data): it needs what was fitted, and has not got it.
  InputInfo (*info)(const std::string& name, const config::Choice& input, const FittedInput* fitted);
  /// What it learns from the training rows; a null result: nothing.
  Fitted (*fit)(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train);
  /// The same from a model's file, which a stranger may have made; a null result: there is nothing to read.
  Fitted (*fitted)(const core::Learned& learned, const config::Choice& input);
  /// Reads what a row has of it in full: what is wrong, each file once.
  std::vector<std::string> (*problems)(const Cohort::Impl& cohort, size_t input, size_t row);
  std::optional<FileModality> files{};
  std::optional<ImageModality> image{};
  std::optional<NumberModality> numbers{};
  std::optional<BagModality> bag{};
  std::optional<RegionModality> region{};
  /// Error (data) at cells that mean nothing of this modality; null: any may stand.
  void (*check_cells)(const Cohort::Impl& cohort, size_t input) = nullptr;
  /// Null: it names none.
  NamedFiles (*named_files)(config::Choice& input) = nullptr;
  /// Where the instances of a bag lie (images/bag_places.hpp), but for `views`; null: nowhere, they are parts
  /// of files.
  BagPlaces (*places)(const Cohort::Impl& cohort, size_t input, size_t row) = nullptr;
  /// Columns that a manifest may lack, beside those of `columns`; null: none.
  std::vector<std::string> (*optional_columns)(const config::Choice& input) = nullptr;
  std::vector<std::string> training_keys{};  ///< of options that prediction does without
};

/// Its row. Error (usage): there is none, or the options, filled from C++, are of another modality.
const Modality& modality_of(const config::Choice& input);
/// The rows, in the order of the reference.
const std::vector<const Modality*>& all_modalities();

namespace rows {
extern const Modality mri, ct, pet, mammography, ultrasound, histopathology;  // images
extern const Modality omics, clinical, lesion, body_lesion, radiomics;        // rows of numbers
extern const Modality features;                                               // bags of vectors
}  // namespace rows

/// The options of a modality as its own type, to be changed.
template <class Options>
Options& options_of(config::Choice& input) {
  return dynamic_cast<config::OptionsOf<Options>&>(*input.options).value;
}

}  // namespace photo51::data
