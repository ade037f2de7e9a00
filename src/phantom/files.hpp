#pragma once
/// A phantom patient's images as files.

#include <filesystem>

#include "phantom/biology.hpp"
#include "phantom/modalities.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::phantom {

/// The manifest's columns of the four mammograms.
inline constexpr std::array<const char*, mammogram_views> kMammogramColumns{"mg_lcc", "mg_lmlo", "mg_rcc",
                                                                            "mg_rmlo"};

/// `t1c.nii.gz`, `flair.nii.gz`, `seg.nii.gz`, `ct/`, `pet/`, `mg_lcc.dcm` …, `us.dcm`, `wsi.svs` or
/// `wsi.tif` in the patient's folder; a modality that the patient lacks leaves no file.
void write_images(const Patient& patient, const Modalities& modalities, int64_t seed,
                  const std::filesystem::path& folder);

/// What a patient's DICOM files say; `what` names the series and makes its UIDs.
imaging::DicomTags tags_of(const Patient& patient, int64_t seed, const std::string& what, const char* model,
                           int64_t number);

/// The slide's name at the patient's hospital.
std::string slide_name(const Patient& patient);

/// Makes `folder`. Error (usage): it has files and is no phantom cohort.
void claim_folder(const std::filesystem::path& folder);

}  // namespace photo51::phantom
