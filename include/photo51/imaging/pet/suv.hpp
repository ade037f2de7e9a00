#pragma once
/// PET activity to standardised uptake values.

#include <cstdint>
#include <optional>
#include <string>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// What the uptake is divided by: the dose a gram of body, a gram of lean body, a cm² of skin.
enum class SuvType {
  body_weight,           ///< bw, g/ml
  lean_body_mass,        ///< lbm, g/ml: Janmahasatian 2005, doi:10.2165/00003088-200544100-00004
  lean_body_mass_james,  ///< lbm_james, g/ml: James 1976 with 128 for men
  body_surface           ///< bsa, cm²/ml: Du Bois 1916
};
std::string to_string(SuvType type);
/// "bw", "lbm", "lbm_james", "bsa". Error (usage) with the nearest name otherwise.
SuvType suv_type_from(const std::string& name);

/// What a config says of SUV: a type, and the days from the injection to the scan where headers have the time
/// of the injection without its date. "bw", "lbm after 4 days". Error (usage) for anything else.
struct SuvRequest {
  SuvType type = SuvType::body_weight;
  std::optional<int64_t> days = {};
};
SuvRequest suv_request_from(const std::string& text);

struct Body {
  double weight = 0;  ///< kg
  double height = 0;  ///< m; not needed for body_weight
  bool female = false;
};
/// Grams, or cm² for body_surface.
double suv_norm(SuvType type, const Body& body);

/// The PET at `pet.source`, as read_volume gave it, as SUV: float32, Units::suv. The DICOM headers there say
/// the rest, slice by slice: Bq/ml and Philips counts are scaled to the dose that is left at the time which
/// the values are corrected to (QIBA FDG-PET profile, vendor-neutral SUV; IBSI); values that are SUV already
/// are turned into `type`. Adds warnings. Errors (data), each with the tag and the remedy: not a DICOM PET;
/// missing or implausible weight, height, sex, dose, half-life, units or times; no attenuation correction;
/// two different injections; an injection without a date where the half-life leaves the day open and `days`
/// does not say it.
Volume to_suv(Volume pet, SuvType type, std::optional<int64_t> days = {});

}  // namespace photo51::imaging
