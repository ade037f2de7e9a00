#include <algorithm>
#include <cmath>
#include <set>

#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"

namespace photo51::imaging {
namespace {

struct ViewCode {
  const char *snomed, *retired, *name;
};
/// DICOM CID 4014, as SNOMED CT and as the older SNOMED RT writes them.
constexpr ViewCode kViews[] = {
    {"399260004", "R-10224", "ML"},   {"399368009", "R-10226", "MLO"},    {"399352003", "R-10228", "LM"},
    {"399099002", "R-10230", "LMO"},  {"399162004", "R-10242", "CC"},     {"399196006", "R-10244", "FB"},
    {"399188001", "R-102D0", "SIO"},  {"441555000", "R-40AAA", "ISO"},    {"399192008", "R-1024A", "XCCL"},
    {"399192008", "Y-X1770", "XCCL"}, {"399101009", "R-1024B", "XCCM"},   {"399101009", "Y-X1771", "XCCM"},
    {"399265009", "R-1024A", "XCC"},  {"127457009", "G-8310", "specimen"}};
/// CID 4015.
constexpr ViewCode kModifiers[] = {
    {"399161006", "R-102D2", "cleavage"},           {"399011000", "R-102D1", "axillary tail"},
    {"399197002", "R-102D3", "rolled lateral"},     {"399226006", "R-102D4", "rolled medial"},
    {"414493004", "R-102CA", "rolled inferior"},    {"415670009", "R-102C9", "rolled superior"},
    {"399209000", "R-102D5", "implant displaced"},  {"399163009", "R-102D6", "magnification"},
    {"399055006", "R-102D7", "spot compression"},   {"399110001", "R-102C2", "tangential"},
    {"442581004", "R-40AB3", "nipple in profile"},  {"441752004", "P2-00161", "anterior compression"},
    {"442593008", "R-40ABE", "infra-mammary fold"}, {"442580003", "R-40AB2", "axillary tissue"}};

template <size_t N>
std::string name_of(const ViewCode (&table)[N], const std::string& value) {
  for (const ViewCode& code : table)
    if (value == code.snomed || value == code.retired) return code.name;
  return {};
}

DcmItem* shared_groups(DcmItem& dataset) {
  return item_of(dataset, DCM_SharedFunctionalGroupsSequence);
}

void take_laterality(DcmItem& dataset, MammogramFacts& facts) {
  std::vector<std::pair<std::string, std::string>> said = {
      {"ImageLaterality (0020,0062)", text_of(dataset, DCM_ImageLaterality)},
      {"Laterality (0020,0060)", text_of(dataset, DCM_Laterality)}};
  if (DcmItem* groups = shared_groups(dataset))
    if (DcmItem* anatomy = item_of(*groups, DCM_FrameAnatomySequence))
      said.emplace_back("FrameLaterality (0020,9072)", text_of(*anatomy, DCM_FrameLaterality));
  std::string from;
  for (const auto& [tag, value] : said) {
    if (value.empty() || value == "U") continue;
    if (value != "L" && value != "R" && value != "B") {
      facts.warnings.push_back(tag + " is `" + value + "`, not L, R or B");
    } else if (facts.laterality.empty() && from.empty()) {
      facts.laterality = value;
      from = tag;
    } else if (value != facts.laterality) {
      facts.warnings.push_back(tag + " is " + value + ", but " + from + " is " + facts.laterality +
                               ": the laterality is contradictory");
      facts.laterality.clear();
      return;
    }
  }
  if (from.empty()) {
    std::string hint = text_of(dataset, DCM_SeriesDescription);
    if (!hint.empty()) hint = " (SeriesDescription \"" + hint + "\" is not used)";
    facts.warnings.push_back("no ImageLaterality (0020,0062): which breast it is is not known" + hint);
  }
}

void take_view(DcmItem& dataset, MammogramFacts& facts) {
  const std::string position = text_of(dataset, DCM_ViewPosition);
  std::string coded;
  if (DcmItem* view = item_of(dataset, DCM_ViewCodeSequence)) {
    const std::string value = text_of(*view, DCM_CodeValue);
    coded = name_of(kViews, value);
    if (coded.empty() && !value.empty())
      facts.warnings.push_back("ViewCodeSequence (0054,0220) has the unknown code " + value);
    for (size_t i = 0; i < std::min<size_t>(count_items(*view, DCM_ViewModifierCodeSequence), 20); ++i)
      if (DcmItem* item = item_of(*view, DCM_ViewModifierCodeSequence, i)) {
        const std::string code = text_of(*item, DCM_CodeValue), name = name_of(kModifiers, code);
        facts.modifiers.push_back(name.empty() ? "code " + code : name);
      }
  }
  if (!coded.empty() && !position.empty() && coded != position && coded != "XCC") {
    facts.warnings.push_back("ViewPosition (0018,5101) is " + position +
                             ", but ViewCodeSequence (0054,0220) says " + coded +
                             ": the view is contradictory");
    return;
  }
  facts.view = coded.empty() ? position : coded;
  if (facts.view.empty())
    facts.warnings.emplace_back(
        "no ViewPosition (0018,5101) or ViewCodeSequence (0054,0220): the view is not known");
}

void take_intent(DcmItem& dataset, const std::string& sop_class, MammogramFacts& facts) {
  facts.intent = text_of(dataset, DCM_PresentationIntentType);
  std::string by_class;
  const std::string mammography = "1.2.840.10008.5.1.4.1.1.1.2";
  const std::string projection = "1.2.840.10008.5.1.4.1.1.13.1.";
  if (sop_class == mammography || sop_class == projection + "4") by_class = "FOR PRESENTATION";
  if (sop_class == mammography + ".1" || sop_class == projection + "5") by_class = "FOR PROCESSING";
  if (facts.intent.empty()) facts.intent = by_class;
  if (facts.intent.empty()) {
    facts.warnings.emplace_back("no PresentationIntentType (0008,0068)");
  } else if (facts.intent != "FOR PRESENTATION" && facts.intent != "FOR PROCESSING") {
    facts.warnings.push_back("PresentationIntentType (0008,0068) is `" + facts.intent + "`");
    facts.intent.clear();
  } else if (!by_class.empty() && facts.intent != by_class) {
    facts.warnings.push_back("PresentationIntentType (0008,0068) is " + facts.intent +
                             ", but its SOP class is of images " + by_class +
                             ": the intent is contradictory");
    facts.intent.clear();
  }
}

std::optional<std::array<double, 2>> lengths(DcmItem* item, const DcmTagKey& tag) {
  if (item == nullptr) return {};
  const auto values = numbers_of<2>(*item, tag);
  if (!values || !((*values)[0] > 0) || !((*values)[1] > 0)) return {};
  return std::array<double, 2>{(*values)[1], (*values)[0]};
}

bool near(const std::array<double, 2>& a, const std::array<double, 2>& b) {
  return std::abs(a[0] - b[0]) < 1e-4 * b[0] && std::abs(a[1] - b[1]) < 1e-4 * b[1];
}

void take_spacing(DcmItem& dataset, MammogramFacts& facts) {
  const auto imager = lengths(&dataset, DCM_ImagerPixelSpacing);
  auto pixel = lengths(&dataset, DCM_PixelSpacing);
  if (DcmItem* groups = shared_groups(dataset); !pixel && groups != nullptr)
    pixel = lengths(item_of(*groups, DCM_PixelMeasuresSequence), DCM_PixelSpacing);
  const std::string calibration = text_of(dataset, DCM_PixelSpacingCalibrationType);
  // Slices are reconstructed in the patient; a spacing that differs from the detector's was calibrated.
  if (pixel && (facts.tomosynthesis || !calibration.empty() || (imager && !near(*pixel, *imager)))) {
    facts.spacing = pixel;
    facts.spacing_source = "PixelSpacing (0028,0030)";
    if (!calibration.empty()) facts.spacing_source += ", " + calibration;
    return;
  }
  if (imager) {
    const auto factor = number_of(dataset, DCM_EstimatedRadiographicMagnificationFactor);
    facts.spacing = imager;
    facts.spacing_source = "ImagerPixelSpacing (0018,1164)";
    if (factor && *factor >= 1 && *factor < 10) {
      for (double& mm : *facts.spacing) mm /= *factor;
      facts.spacing_source += " over EstimatedRadiographicMagnificationFactor (0018,1114)";
    } else {
      facts.warnings.emplace_back(
          "no EstimatedRadiographicMagnificationFactor (0018,1114): the spacing is the detector's, a little "
          "wider than in the breast");
    }
  } else if (pixel) {
    facts.spacing = pixel;
    facts.spacing_source = "PixelSpacing (0028,0030)";
    facts.warnings.emplace_back(
        "PixelSpacing (0028,0030) without ImagerPixelSpacing (0018,1164): whether it is the detector's or "
        "the "
        "breast's is not said");
  } else if (const auto scanned = lengths(&dataset, DCM_NominalScannedPixelSpacing)) {
    facts.spacing = scanned;
    facts.spacing_source = "NominalScannedPixelSpacing (0018,2010)";
  } else {
    facts.warnings.emplace_back(
        "no ImagerPixelSpacing (0018,1164) or PixelSpacing (0028,0030): the size of a pixel is not known");
  }
}

/// A row that runs to the front of the patient (A) begins at the chest wall.
void take_orientation(DcmItem& dataset, MammogramFacts& facts) {
  const auto words = core::split(text_of(dataset, DCM_PatientOrientation), '\\');
  if (words[0] == "A") facts.wall = "left";
  if (words[0] == "P") facts.wall = "right";
  if (facts.wall.empty() || (facts.laterality != "L" && facts.laterality != "R")) return;
  if ((facts.wall == "left") != (facts.laterality == "L"))
    facts.warnings.push_back("PatientOrientation (0020,0020) puts the chest wall at the picture's " +
                             facts.wall + ", where a " + (facts.laterality == "L" ? "left" : "right") +
                             " breast does not usually hang: it is mirrored or one of them is wrong");
}

std::string acquired_at(DcmItem& dataset) {
  std::string whole = text_of(dataset, DCM_AcquisitionDateTime);
  if (!whole.empty()) return whole;
  const std::pair<DcmTagKey, DcmTagKey> places[] = {{DCM_AcquisitionDate, DCM_AcquisitionTime},
                                                    {DCM_ContentDate, DCM_ContentTime}};
  for (const auto& [date, time] : places)
    if (!text_of(dataset, date).empty()) return text_of(dataset, date) + text_of(dataset, time);
  return {};
}

}  // namespace

MammogramFacts read_mammogram_facts(const std::filesystem::path& path) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  const std::string modality = text_of(dataset, DCM_Modality);
  if (modality != "MG")
    core::fail_data(path.string() + ": is no mammogram: Modality (0008,0060) is " +
                    (modality.empty() ? "missing" : modality) + ", not MG");
  MammogramFacts facts;
  facts.path = path;
  const std::string sop_class = text_of(dataset, DCM_SOPClassUID);
  core::with_context(path.string(), [&] {
    facts.frames = integer_of(dataset, DCM_NumberOfFrames).value_or(1);
    facts.tomosynthesis = sop_class == "1.2.840.10008.5.1.4.1.1.13.1.3" || facts.frames > 1;
    take_spacing(dataset, facts);
  });
  facts.patient_id = text_of(dataset, DCM_PatientID);
  facts.study_uid = text_of(dataset, DCM_StudyInstanceUID);
  facts.instance_uid = text_of(dataset, DCM_SOPInstanceUID);
  facts.acquired = acquired_at(dataset);
  facts.inverted = text_of(dataset, DCM_PhotometricInterpretation) == "MONOCHROME1";
  take_laterality(dataset, facts);
  take_view(dataset, facts);
  take_intent(dataset, sop_class, facts);
  take_orientation(dataset, facts);
  return facts;
}

}  // namespace photo51::imaging
