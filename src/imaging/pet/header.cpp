#include "imaging/pet/header.hpp"

#include "imaging/dicom/character_sets.hpp"
#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/dicom/private_elements.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

constexpr char kPhilips[] = "Philips PET Private Group", kGe[] = "GEMS_PETD_01";

std::string nuclide_of(DcmItem& item) {
  DcmItem* code = item_of(item, DCM_RadionuclideCodeSequence);
  if (code == nullptr) return {};
  return text_of(*code, DCM_CodeMeaning);
}

/// A repeated item counts once.
bool differs(DcmItem& a, DcmItem& b) {
  for (const DcmTagKey& tag : {DCM_RadionuclideTotalDose, DCM_RadionuclideHalfLife,
                               DCM_RadiopharmaceuticalStartTime, DCM_RadiopharmaceuticalStartDateTime})
    if (text_of(a, tag) != text_of(b, tag)) return true;
  return false;
}

[[noreturn]] void fail_time(const DcmTagKey& tag, const std::string& text, const char* kind) {
  core::fail_data(name_of(tag) + " is `" + to_utf8(text.substr(0, 40), "") + "`, which is no " + kind +
                  "; correct the header");
}

/// Seconds since midnight; a time that cannot be read is not one that is absent.
std::optional<double> time_of(DcmItem& item, const DcmTagKey& tag) {
  const std::string text = text_of(item, tag);
  const auto time = parse_time(text);
  if (!time && !text.empty()) fail_time(tag, text, "time");
  return time;
}

/// A date alone is no moment, but legal.
std::optional<Moment> moment_of(DcmItem& item, const DcmTagKey& tag, const std::string& zone) {
  const std::string text = text_of(item, tag);
  const auto moment = parse_date_time(text, zone);
  if (!moment && !text.empty() && !parse_date(text)) fail_time(tag, text, "date and time");
  return moment;
}

void take_injection(DcmItem& dataset, const std::string& zone, PetHeader& header) {
  const size_t items = count_items(dataset, DCM_RadiopharmaceuticalInformationSequence);
  DcmItem* first = item_of(dataset, DCM_RadiopharmaceuticalInformationSequence);
  if (items == 0 || first == nullptr) return;
  header.injections = 1;
  for (size_t i = 1; i < items; ++i) {
    DcmItem* other = item_of(dataset, DCM_RadiopharmaceuticalInformationSequence, i);
    if (other != nullptr && differs(*first, *other)) ++header.injections;
  }
  header.nuclide = nuclide_of(*first);
  header.dose = number_of(*first, DCM_RadionuclideTotalDose);
  header.half_life = number_of(*first, DCM_RadionuclideHalfLife);
  header.injected = moment_of(*first, DCM_RadiopharmaceuticalStartDateTime, zone);
  header.injected_time = time_of(*first, DCM_RadiopharmaceuticalStartTime);
}

std::optional<double> seconds(std::optional<double> milliseconds) {
  if (milliseconds) *milliseconds /= 1000;
  return milliseconds;
}

/// The first frame's group, else the shared one.
DcmItem* group_of(DcmItem& dataset, const DcmTagKey& group) {
  for (const DcmTagKey& groups : {DCM_PerFrameFunctionalGroupsSequence, DCM_SharedFunctionalGroupsSequence})
    if (DcmItem* item = item_of(dataset, groups))
      if (DcmItem* found = item_of(*item, group)) return found;
  return nullptr;
}

/// PS3.3 C.8.22: what units the values have stands with their rescale, what was corrected in one element
/// each.
void take_enhanced(DcmItem& dataset, PetHeader& header) {
  header.enhanced = true;
  if (DcmItem* transformation = group_of(dataset, DCM_PixelValueTransformationSequence))
    header.units = text_of(*transformation, DCM_RescaleType);
  const std::string decay = text_of(dataset, DCM_DecayCorrected);
  header.decay_correction = decay == "YES" ? "START" : decay;
  std::vector<std::string> corrected;
  const std::pair<DcmTagKey, const char*> corrections[] = {
      {DCM_DecayCorrected, "DECY"}, {DCM_AttenuationCorrected, "ATTN"}, {DCM_ScatterCorrected, "SCAT"}};
  for (const auto& [tag, name] : corrections)
    if (text_of(dataset, tag) == "YES") corrected.emplace_back(name);
  if (!text_of(dataset, DCM_AttenuationCorrected).empty())
    header.corrected_image = corrected.empty() ? "NONE" : core::join(corrected, "\\");
}

PetHeader header_of(DcmDataset& dataset) {
  const std::string zone = text_of(dataset, DCM_TimezoneOffsetFromUTC);
  PetHeader header;
  header.modality = text_of(dataset, DCM_Modality);
  header.units = text_of(dataset, DCM_Units);
  header.suv_type = text_of(dataset, DCM_SUVType);
  header.decay_correction = text_of(dataset, DCM_DecayCorrection);
  header.corrected_image = text_of(dataset, DCM_CorrectedImage);
  header.sex = text_of(dataset, DCM_PatientSex);
  header.weight = number_of(dataset, DCM_PatientWeight);
  header.height = number_of(dataset, DCM_PatientSize);
  take_injection(dataset, zone, header);
  header.series = parse_moment(text_of(dataset, DCM_SeriesDate), text_of(dataset, DCM_SeriesTime));
  header.acquired =
      parse_moment(text_of(dataset, DCM_AcquisitionDate), text_of(dataset, DCM_AcquisitionTime));
  if (!header.acquired) header.acquired = parse_date_time(text_of(dataset, DCM_AcquisitionDateTime), zone);
  header.corrected_to = moment_of(dataset, DCM_DecayCorrectionDateTime, zone);
  header.ge_scan = parse_date_time(private_text(dataset, 0x0009, 0x0D, kGe), zone);
  header.duration = seconds(number_of(dataset, DCM_ActualFrameDuration));
  header.reference = seconds(number_of(dataset, DCM_FrameReferenceTime));
  header.philips_suv = private_number(dataset, 0x7053, 0x00, kPhilips);
  header.philips_activity = private_number(dataset, 0x7053, 0x09, kPhilips);
  if (header.units.empty() && item_of(dataset, DCM_SharedFunctionalGroupsSequence) != nullptr)
    take_enhanced(dataset, header);
  return header;
}

}  // namespace

PetHeader pet_header_of(const DicomHeader& slice) {
  PetHeader header =
      core::with_context(slice.path.string(), [&] { return header_of(*slice.file->getDataset()); });
  header.path = slice.path;
  return header;
}

}  // namespace photo51::imaging
