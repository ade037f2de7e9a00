#include "imaging/pet/suv.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "imaging/dicom/select.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

struct Named {
  const char* name;
  const char* dicom;  ///< SUVType (0054,1006)
  SuvType type;
};
constexpr Named kTypes[] = {{"bw", "BW", SuvType::body_weight},
                            {"lbm", "LBMJANMA", SuvType::lean_body_mass},
                            {"lbm_james", "LBMJAMES128", SuvType::lean_body_mass_james},
                            {"bsa", "BSA", SuvType::body_surface}};

double require_weight(const PetHeader& h) {
  if (!h.weight || *h.weight == 0)
    core::fail_data(
        "PatientWeight (0010,1030) is missing, so SUV cannot be computed; put the weight in kg into the "
        "header, or set `suv: none`");
  if (*h.weight > 400 || *h.weight < 0.01)
    core::fail_data("PatientWeight (0010,1030) is " + core::format_number(*h.weight) +
                    ", which is no weight in kg" + (*h.weight > 400 ? "; is it in grams?" : ";") +
                    " Correct the header");
  return *h.weight;
}

Body body_of(const PetHeader& h, SuvType type) {
  Body body{.weight = require_weight(h), .height = 0, .female = h.sex == "F"};
  if (type == SuvType::body_weight) return body;
  if (!h.height || *h.height == 0)
    core::fail_data("PatientSize (0010,1020) is missing, which SUV " + to_string(type) +
                    " needs; put the height in m into the header, or set `suv: bw`");
  if (*h.height > 2.6 || *h.height < 0.2)
    core::fail_data("PatientSize (0010,1020) is " + core::format_number(*h.height) +
                    ", which is no height in m" + (*h.height > 2.6 ? "; is it in cm?" : ";") +
                    " Correct the header");
  body.height = *h.height;
  if (type != SuvType::body_surface && h.sex != "M" && h.sex != "F")
    core::fail_data("PatientSex (0010,0040) is `" + h.sex + "`, but SUV " + to_string(type) +
                    " needs M or F; correct the header, or set `suv: bw`");
  return body;
}

/// The type that values which are SUV already have.
SuvType stored_type(const PetHeader& h) {
  std::string type = h.suv_type;
  if (type.empty()) type = h.units == "CM2ML" ? "BSA" : "BW";
  for (const Named& named : kTypes)
    if (type == named.dicom) return named.type;
  core::fail_data("holds SUV of SUVType (0054,1006) " + type +
                  ", whose formula is not known here; set `suv: stored` to take the values as they are");
}

void check_corrections(const PetHeader& h, std::vector<std::string>& warnings) {
  if (h.corrected_image.empty()) {
    warnings.push_back(
        std::string(h.enhanced ? "AttenuationCorrected (0018,9759)" : "CorrectedImage (0028,0051)") +
        " does not say whether attenuation was corrected");
    return;
  }
  const auto has = [&](const char* name) {
    return ("\\" + h.corrected_image + "\\").find(name) != std::string::npos;
  };
  if (!has("\\ATTN\\"))
    core::fail_data(std::string(h.enhanced ? "AttenuationCorrected (0018,9759) is not YES"
                                           : "CorrectedImage (0028,0051) has no ATTN") +
                    ": without attenuation correction there is no SUV; name the "
                    "corrected series, or set `suv: none`");
  const bool claims = h.decay_correction == "START" || h.decay_correction == "ADMIN";
  if (claims && !has("\\DECY\\"))
    core::fail_data("DecayCorrection (0054,1102) is " + h.decay_correction +
                    ", but CorrectedImage (0028,0051) has no DECY; correct the header, or set `suv: none`");
}

std::vector<double> from_activity(const std::vector<PetHeader>& slices, SuvType type,
                                  std::vector<std::string>& warnings, std::optional<int64_t> days) {
  const double norm = suv_norm(type, body_of(slices.front(), type));
  check_corrections(slices.front(), warnings);
  std::vector<double> factors = remaining_dose(slices, warnings, days);
  for (double& factor : factors) factor = norm / factor;
  return factors;
}

/// Philips stores counts and, in private elements, what turns them into SUVbw or Bq/ml.
std::vector<double> from_counts(const std::vector<PetHeader>& slices, SuvType type,
                                std::vector<std::string>& warnings, std::optional<int64_t> days) {
  const auto all_have = [&](std::optional<double> PetHeader::*scale) {
    for (const PetHeader& h : slices)
      if (!(h.*scale) || *(h.*scale) <= 0) return false;
    return true;
  };
  std::vector<double> factors;
  if (all_have(&PetHeader::philips_suv)) {
    double norm = 1;
    if (type != SuvType::body_weight) {
      const Body body = body_of(slices.front(), type);
      norm = suv_norm(type, body) / suv_norm(SuvType::body_weight, body);
    }
    for (const PetHeader& h : slices) factors.push_back(*h.philips_suv * norm);
  } else if (all_have(&PetHeader::philips_activity)) {
    factors = from_activity(slices, type, warnings, days);
    for (size_t i = 0; i < factors.size(); ++i) factors[i] *= *slices[i].philips_activity;
  } else {
    core::fail_data(
        "Units (0054,1001) are CNTS, and neither the SUV scale (7053,xx00) nor the activity scale "
        "(7053,xx09) "
        "of the Philips PET Private Group is there; export the series with private elements, or set `suv: "
        "none`");
  }
  return factors;
}

std::vector<double> from_stored(const std::vector<PetHeader>& slices, SuvType type) {
  const SuvType stored = stored_type(slices.front());
  double factor = 1;
  if (stored != type) {
    const Body from = body_of(slices.front(), stored), to = body_of(slices.front(), type);
    factor = suv_norm(type, to) / suv_norm(stored, from);
  }
  return std::vector<double>(slices.size(), factor);
}

}  // namespace

std::string to_string(SuvType type) {
  for (const Named& named : kTypes)
    if (named.type == type) return named.name;
  return "bw";
}

SuvType suv_type_from(const std::string& name) {
  std::vector<std::string> names;
  for (const Named& named : kTypes) {
    if (name == named.name) return named.type;
    names.emplace_back(named.name);
  }
  core::fail_usage("there is no SUV type `" + name + "`" + core::suggest(name, names));
}

SuvRequest suv_request_from(const std::string& text) {
  const auto after = text.find(" after ");
  SuvRequest request{suv_type_from(text.substr(0, after))};
  if (after == std::string::npos) return request;
  std::string days = text.substr(after + 7);
  for (const char* unit : {" days", " day"})
    if (days.ends_with(unit)) {
      days.resize(days.size() - std::string_view(unit).size());
      const auto number = core::parse_int(days);
      if (number && *number >= 0 && *number <= 60) {
        request.days = *number;
        return request;
      }
    }
  core::fail_usage("`" + text + "` does not say how long after the injection the scan was; write it as `" +
                   to_string(request.type) + " after 4 days`");
}

double suv_norm(SuvType type, const Body& body) {
  const double w = body.weight, h = body.height, bmi = w / (h * h);
  switch (type) {
    case SuvType::body_weight:
      return 1000 * w;
    case SuvType::lean_body_mass:
      return 1000 * 9270 * w / (body.female ? 8780 + 244 * bmi : 6680 + 216 * bmi);
    case SuvType::lean_body_mass_james:
      return 1000 * (body.female ? 1.07 * w - 0.0148 * w * bmi : 1.10 * w - 0.0128 * w * bmi);
    case SuvType::body_surface:
      break;
  }
  return 71.84 * std::pow(w, 0.425) * std::pow(100 * h, 0.725);
}

std::vector<double> suv_factors(const std::vector<PetHeader>& slices, SuvType type,
                                std::vector<std::string>& warnings, std::optional<int64_t> days) {
  const PetHeader& first = slices.front();
  if (first.modality != "PT")
    core::fail_data("Modality (0008,0060) is " + first.modality + ", not PT; SUV is for PET only");
  for (const PetHeader& h : slices)
    if (h.units != first.units || h.weight != first.weight)
      core::fail_data(h.path.filename().string() +
                      ": has other Units (0054,1001) or another PatientWeight "
                      "(0010,1030) than " +
                      first.path.filename().string() + " of the same series; keep one series a folder");
  if (first.units == "BQML") return from_activity(slices, type, warnings, days);
  if (first.units == "CNTS") return from_counts(slices, type, warnings, days);
  if (first.units == "GML" || first.units == "CM2ML") return from_stored(slices, type);
  const std::string units = first.enhanced ? "RescaleType (0028,1054)" : "Units (0054,1001)";
  core::fail_data(
      (first.units.empty() ? units + " are missing" : units + " are " + first.units) +
      ", so SUV cannot be computed from them (BQML, CNTS, GML or CM2ML can); correct the header, or "
      "set `suv: none`");
}

Volume to_suv(Volume pet, SuvType type, std::optional<int64_t> days) {
  return core::with_context(pet.source, [&] {
    const auto place = split_choice(pet.source).first;
    if (!std::filesystem::is_directory(place) && detect_format(place) != Format::dicom)
      core::fail_data(
          "is not DICOM, so units, dose and weight are not known; set `suv: stored` if it holds SUV already, "
          "or `suv: none` to take its values as they are");
    std::vector<PetHeader> slices;
    for (const DicomHeader& slice : headers_of_series(pet.source)) slices.push_back(pet_header_of(slice));
    const std::vector<double> factors = suv_factors(slices, type, pet.warnings, days);
    const at::Tensor scale = at::tensor(factors, at::kDouble);
    pet.data = pet.data.to(at::kDouble);
    if (static_cast<int64_t>(factors.size()) == pet.data.size(1)) {
      pet.data = pet.data * scale.view({1, -1, 1, 1});
    } else if (at::equal(scale, scale[0].expand_as(scale))) {
      pet.data = pet.data * factors[0];
    } else {
      core::fail_data("has " + std::to_string(pet.data.size(1)) + " slices but " +
                      std::to_string(factors.size()) +
                      " files with SUV scales of their own; keep one file a slice");
    }
    pet.data = pet.data.to(at::kFloat).contiguous();
    pet.units = Units::suv;
    return std::move(pet);
  });
}

}  // namespace photo51::imaging
