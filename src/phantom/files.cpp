#include "phantom/files.hpp"

#include "phantom/breast.hpp"
#include "phantom/histology.hpp"
#include "phantom/pet.hpp"
#include "phantom/scanner.hpp"
#include "phantom/sonogram.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/dicom/write.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::phantom {
namespace {

namespace fs = std::filesystem;

void write_head(const Patient& patient, const Modalities& modalities, int64_t seed, const fs::path& folder) {
  const Anatomy anatomy(patient, seed);
  const Images images = scan(patient, anatomy, seed);
  if (patient.has_t1c) imaging::write_nifti(images.t1c, folder / "t1c.nii.gz");
  if (patient.has_flair) imaging::write_nifti(images.flair, folder / "flair.nii.gz");
  if (modalities.head()) imaging::write_nifti(images.mask, folder / "seg.nii.gz");
  if (patient.has_ct) {
    imaging::DicomTags tags = tags_of(patient, seed, "head", sites()[patient.site].ct.model, 1);
    tags.kvp = 120;
    imaging::write_dicom_series(images.ct, folder / "ct", tags);
  }
  if (patient.has_pet) {
    const PetScan pet = scan_pet(patient, anatomy, seed);
    imaging::write_pet_series(pet.becquerel, folder / "pet",
                              tags_of(patient, seed, "pet", pet_sites()[patient.site].scanner.model, 2),
                              pet.tags);
  }
}

void write_mammograms(const Patient& patient, int64_t seed, const fs::path& folder) {
  const Breasts breasts(patient, seed);
  for (const MammogramView view : {left_cc, left_mlo, right_cc, right_mlo}) {
    if (!patient.has_mammogram[view]) continue;
    const Mammogram taken = take_mammogram(patient, breasts, view, seed);
    imaging::write_mammogram(
        taken.image, folder / (std::string(kMammogramColumns[view]) + ".dcm"),
        tags_of(patient, seed, "mammography", mammography_sites()[patient.site].model, 3), taken.tags);
  }
}

}  // namespace

imaging::DicomTags tags_of(const Patient& patient, int64_t seed, const std::string& what, const char* model,
                           int64_t number) {
  imaging::DicomTags tags;
  tags.patient_id = patient.id;
  tags.patient_sex = patient.female ? "F" : "M";
  tags.study_date = "20250101";
  tags.study_description = "photo51 phantom";
  tags.series_description = what;
  tags.manufacturer = "photo51";
  tags.model = model;
  tags.institution = kSites[patient.site];
  tags.series_number = number;
  tags.synthetic = true;
  tags.uid_seed = "photo51 phantom " + std::to_string(seed) + " " + patient.id;
  if (what != "head") tags.uid_seed += " " + what;
  return tags;
}

std::string slide_name(const Patient& patient) {
  return slide_sites()[patient.site].aperio ? "wsi.svs" : "wsi.tif";
}

void write_images(const Patient& patient, const Modalities& modalities, int64_t seed,
                  const fs::path& folder) {
  core::make_directories(folder);
  if (modalities.head()) write_head(patient, modalities, seed, folder);
  write_mammograms(patient, seed, folder);
  if (patient.has_ultrasound) {
    const Sonogram sonogram = take_sonogram(patient, seed);
    imaging::write_ultrasound(sonogram.frames, folder / "us.dcm",
                              tags_of(patient, seed, "ultrasound", ultrasound_sites()[patient.site].model, 4),
                              sonogram.tags);
  }
  if (patient.has_slide) {
    const Slide slide = scan_slide(patient, seed);
    imaging::write_slide(slide.picture, folder / slide_name(patient), slide.tags);
  }
}

void claim_folder(const fs::path& folder) {
  core::make_directories(folder);
  if (!fs::is_empty(folder) && !fs::exists(folder / "phantom.json"))
    core::fail_usage(
        folder.string() +
        ": is neither empty nor a phantom cohort (no phantom.json), so nothing is written there; "
        "choose another folder");
}

}  // namespace photo51::phantom
