#pragma once
/// Mammograms: what their headers say, their pixels, and the views of an exam.

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "photo51/imaging/dicom/policy.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// From the header alone. What it does not say is empty, never taken from a description or a file name.
struct MammogramFacts {
  std::filesystem::path path;
  std::string laterality;              ///< L, R, B (both) or empty
  std::string view;                    ///< CC, MLO, ML, LM, LMO, XCCL, … (DICOM CID 4014) or empty
  std::vector<std::string> modifiers;  ///< "magnification", "spot compression", … (CID 4015)
  std::string intent;                  ///< FOR PRESENTATION, FOR PROCESSING or empty
  std::string patient_id, study_uid, instance_uid;
  std::string acquired;        ///< YYYYMMDDHHMMSS; empty when not said
  bool tomosynthesis = false;  ///< reconstructed slices
  int64_t frames = 1;
  bool inverted = false;  ///< MONOCHROME1: stored with low values bright
  /// x, y mm in the breast: ImagerPixelSpacing over EstimatedRadiographicMagnificationFactor, or a calibrated
  /// PixelSpacing (PS3.3 10.7.1.3); absent when not said.
  std::optional<std::array<double, 2>> spacing;
  std::string spacing_source;         ///< the tags that it comes from
  std::string wall;                   ///< left or right of the picture, from PatientOrientation; else empty
  std::vector<std::string> warnings;  ///< missing or contradictory
};

/// Error (data): not DICOM, or not a mammogram (Modality (0008,0060) is not MG).
MammogramFacts read_mammogram_facts(const std::filesystem::path& path);

struct Mammogram {
  MammogramFacts facts;
  /// [1, 1, H, W], or [1, D, H, W] for a tomosynthesis with its slices along z; a picture file as it is.
  /// Bright = dense: MONOCHROME1 is inverted about the middle of the stored values' range, or of 0 to 1 with
  /// `voi: apply`. Spacing as in the facts.
  Volume volume;
};
/// A DICOM mammogram, or a PNG, JPEG or TIFF picture of one, whose facts are empty. Errors (data): as for
/// `read_volume`, color in DICOM, another modality.
Mammogram read_mammogram(const std::filesystem::path& path, const DicomPolicy& policy = {});

struct GroupOptions {
  std::string intent = {};           ///< keep only this intent; empty: a mixture is an error
  std::string duplicates = "error";  ///< two of one view: error, first (acquired), latest
  bool tomosynthesis = false;        ///< group tomosyntheses instead of projections
};

struct MammogramExam {
  std::string patient_id;
  /// "left_cc", "left_mlo", "right_cc", "right_mlo"; a view that was not taken is absent.
  std::map<std::string, MammogramFacts> views;
  /// Everything else: other views, magnified and spot views, tomosyntheses beside projections.
  std::vector<MammogramFacts> others;
};

/// The standard views among files or folders of one exam. Errors (data), each naming file and tag: no
/// mammogram, laterality or view or intent not said or contradictory, both intents, two patients or studies,
/// two images of one view unless `duplicates` picks.
MammogramExam group_views(const std::vector<std::filesystem::path>& paths, const GroupOptions& options = {});

}  // namespace photo51::imaging
