#pragma once
/// The `inputs:` section of a config.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/data/options/inputs_forward.hpp"
#include "photo51/imaging/dicom/policy.hpp"
#include "photo51/imaging/masks/options.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"
#include "photo51/preprocess/mammography/mammography.hpp"
#include "photo51/preprocess/options.hpp"
#include "photo51/preprocess/ultrasound/ultrasound.hpp"
#include "photo51/radiomics/settings.hpp"

namespace photo51::data {

/// ComBat (Johnson, Li and Rabinovic, Biostatistics 2007): takes out what a site adds to and multiplies
/// features with, learned from the training part.
struct HarmonizeOptions {
  std::string method = "none";          ///< none, combat
  std::string by = "site";              ///< the cohort's site, or a manifest column
  std::vector<std::string> covariates;  ///< manifest columns whose effect is kept
  bool mean_only = false;               ///< shifts only, no scales
  std::string reference;                ///< a site that stays as it is; empty = all move to their common mean
  std::string unseen_site = "error";    ///< or standardise_only: its features are scaled but not moved
};
void describe(config::Fields& f, HarmonizeOptions& o);

/// Which radiomic features stay the same when image and mask are perturbed (radiomics/perturb.hpp): all
/// combinations of these.
struct ReliabilityOptions {
  double minimum = 0;                               ///< ICC(1,1) over the training part; 0 = off
  std::vector<double> rotation{-8, 8};              ///< degrees in the axial plane
  std::vector<double> translation{0};               ///< voxels along x, y and z
  std::vector<double> volume{-0.1, 0.1};            ///< share by which the region grows
  std::vector<double> noise{0};                     ///< times the deviation of the image's own
  std::vector<std::string> contour{"supervoxels"};  ///< kept, supervoxels, distance
  int64_t cases = 0;                                ///< training cases that are perturbed at most; 0 = all
  int64_t seed = 0;
};
void describe(config::Fields& f, ReliabilityOptions& o);

/// Lesion and radiomics: the features that are kept, chosen on the training part without its labels.
struct FilterOptions {
  ReliabilityOptions reliability;
  double variance = 0;     ///< deviation over the mean magnitude is more than this; 0 = off
  double correlation = 0;  ///< one of those whose |Spearman rho| is above this; 0 = off

  bool any() const { return reliability.minimum > 0 || variance > 0 || correlation > 0; }
};
void describe(config::Fields& f, FilterOptions& o);

/// One input of a case. Image modalities: a channel is a manifest column, `<input>.<channel>` or else
/// `<channel>`.
struct InputOptions {
  std::string modality;               ///< mri, ct, …, omics, clinical, lesion, radiomics
  std::vector<std::string> channels;  ///< images and lesion: columns with files or series folders
  std::string mask;                   ///< column of the mask; becomes the last channel when `mask_channel`
  imaging::MaskOptions masks;         ///< mask_label, mask_threshold, mask_outside: how the mask is read
  bool mask_channel = true;
  int64_t dims = 3;                    ///< 2: the image is one slice, [C, H, W]
  std::string color = "auto";          ///< single: one channel a file; gray, rgb: pictures become this
  std::vector<std::string> mirror;     ///< channels whose images are mirrored along x when they are read
  std::string bag = "auto";            ///< auto, always, never; see is_bag
  int64_t train_instances = 0;         ///< bags: drawn at random of each training case; 0 = all
  std::string suv = "auto";            ///< pet: bw, lbm, lbm_james, bsa, stored, none; auto = bw
  imaging::DicomPolicy dicom;          ///< volumes: series that are not one even stack
  std::vector<double> assume_spacing;  ///< volumes: x, y, z mm of files that do not say; empty = an error
  std::string assume_orientation;  ///< volumes: axes of files that do not say, such as LPS; empty = an error
  std::optional<preprocess::MammographyOptions> mammography;  ///< absent: pictures stay as they are
  std::optional<preprocess::UltrasoundOptions> ultrasound;    ///< absent: pictures stay as they are
  int64_t frames = 0;                           ///< ultrasound: taken evenly of each cine; 0 = all
  std::optional<preprocess::TileOptions> tile;  ///< histopathology: a slide is a bag of tiles
  std::vector<std::string> center;  ///< columns of x and y, level 0 pixels: the one tile around there instead
  preprocess::StainOptions stain;   ///< histopathology
  preprocess::PreprocessOptions preprocess;
  preprocess::AugmentOptions augment;
  HarmonizeOptions harmonize;  ///< inputs that are a row of numbers
  // omics
  std::string table;  ///< a manifest column whose cell names the table, or a path relative to the manifest
  std::filesystem::path sets;      ///< GMT; keeps the genes of these sets
  std::vector<std::string> genes;  ///< keeps these genes only
  bool log = false;                ///< log2(1 + x)
  double clip = 10;                ///< of z-scores
  int64_t top_variable = 0;        ///< keep the most variable genes of the training part; 0 = all
  // lesion
  std::vector<std::string> descriptors;  ///< keeps these (radiomics/lesion.hpp); empty = all
  // radiomics
  std::vector<std::string> from;  ///< `<input>.<channel>` or `<channel>`; their channels become `channels`
  std::string profile = "ibsi";   ///< that `settings` start from
  std::optional<radiomics::Settings> settings;  ///< absent = the profile's
  bool location = false;                        ///< also where the lesion lies in the head
  FilterOptions filter;                         ///< lesion too
  // clinical
  std::vector<std::string>
      columns;  ///< numeric or text columns; text is one-hot, fitted on the training part
};
void describe(config::Fields& f, InputOptions& o);

/// Whether the modality is read as images (mri, ct, …) rather than as a row of numbers.
bool is_image(const InputOptions& input);
/// Whether a case of this input is a bag: its channels are views, each with any number of files (separated
/// by `;` in the cell), and every file is an instance, or each of its tiles or chosen frames. `auto`:
/// mammography with several channels, slides in tiles, several frames with dims: 2.
bool is_bag(const InputOptions& input);

}  // namespace photo51::data
