#include <algorithm>
#include <cmath>
#include <numbers>

#include "imaging/pet/suv.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

struct Nuclide {
  const char *mass, *symbol;
  double half_life;  ///< s
};
constexpr Nuclide kNuclides[] = {{"11", "C", 1221.8}, {"13", "N", 597.9},   {"15", "O", 122.2},
                                 {"18", "F", 6586.2}, {"64", "Cu", 45723},  {"68", "Ga", 4069.4},
                                 {"82", "Rb", 75.4},  {"89", "Zr", 282276}, {"124", "I", 360806}};

/// The half-life of a nuclide named like ^18^Fluorine, 18F, F-18; nothing when it is not in the table.
std::optional<double> known_half_life(const std::string& name) {
  std::string mass, letters;
  for (const char c : name) {
    if (c >= '0' && c <= '9') mass += c;
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) letters += c;
  }
  const std::pair<const char*, const char*> words[] = {
      {"Carbon", "C"},   {"Nitrogen", "N"},  {"Oxygen", "O"},     {"Fluor", "F"}, {"Copper", "Cu"},
      {"Gallium", "Ga"}, {"Rubidium", "Rb"}, {"Zirconium", "Zr"}, {"Iodine", "I"}};
  for (const auto& [word, symbol] : words)
    if (letters.starts_with(word)) letters = symbol;
  for (const Nuclide& nuclide : kNuclides)
    if (mass == nuclide.mass && letters == nuclide.symbol) return nuclide.half_life;
  return {};
}

double require_dose(const PetHeader& h) {
  if (h.injections > 1)
    core::fail_data("RadiopharmaceuticalInformationSequence (0054,0016) names " +
                    std::to_string(h.injections) +
                    " different injections; leave the one that the image shows, or set `suv: none`");
  if (!h.dose || *h.dose <= 0)
    core::fail_data(
        "RadionuclideTotalDose (0018,1074) is missing, so SUV cannot be computed; put the injected dose in "
        "Bq into the header, or set `suv: none`");
  if (*h.dose < 1e5)
    core::fail_data("RadionuclideTotalDose (0018,1074) is " + core::format_number(*h.dose) +
                    ", which is no dose in Bq; is it in MBq? Correct the header");
  if (*h.dose > 1e11)
    core::fail_data("RadionuclideTotalDose (0018,1074) is " + core::format_number(*h.dose) +
                    " Bq, more than a patient is given; correct the header");
  return *h.dose;
}

double require_half_life(const PetHeader& h) {
  if (!h.half_life || *h.half_life <= 0)
    core::fail_data(
        "RadionuclideHalfLife (0018,1075) is missing, so the dose's decay is not known; put it in seconds "
        "into the header, or set `suv: none`");
  const auto known = known_half_life(h.nuclide);
  if ((known && std::abs(*h.half_life - *known) > 0.05 * *known) || *h.half_life < 30)
    core::fail_data(
        "RadionuclideHalfLife (0018,1075) is " + core::format_number(*h.half_life) + " s" +
        (known ? ", but that of " + h.nuclide + " is " + core::format_number(*known) + " s" : "") +
        "; is it in minutes? Correct the header");
  return *h.half_life;
}

/// From a frame's start to the time at which the count rate is the frame's mean.
double mean_count_time(double duration, double half_life) {
  const double decay = std::numbers::ln2 / half_life;
  return std::log(decay * duration / (1 - std::exp(-decay * duration))) / decay;
}

Moment earliest_acquisition(const std::vector<PetHeader>& slices) {
  std::optional<Moment> earliest;
  for (const PetHeader& h : slices) {
    if (!h.acquired)
      core::fail_data(h.path.filename().string() +
                      ": AcquisitionDate (0008,0022) or AcquisitionTime (0008,0032) is missing, so the time "
                      "that the dose decayed is not known; put them into the header, or set `suv: none`");
    earliest = std::min(earliest.value_or(*h.acquired), *h.acquired);
  }
  return earliest.value();
}

/// The moment that START corrects to. SeriesTime is that moment unless the series was made later from an
/// older one.
Moment scan_start(const std::vector<PetHeader>& slices, double half_life,
                  std::vector<std::string>& warnings) {
  const PetHeader& first = slices.front();
  if (first.corrected_to) return *first.corrected_to;
  if (first.enhanced)
    core::fail_data(
        "DecayCorrectionDateTime (0018,9701) is missing, so the time that the values are corrected to is not "
        "known; put it into the header, or set `suv: none`");
  const Moment earliest = earliest_acquisition(slices);
  if (first.series && *first.series <= earliest + 1) return *first.series;
  if (first.ge_scan) return *first.ge_scan;
  const auto back = [&](const PetHeader& h) -> std::optional<Moment> {
    if (!h.duration || *h.duration <= 0 || !h.reference || *h.reference <= 0) return {};
    return *h.acquired + mean_count_time(*h.duration, half_life) - *h.reference;
  };
  std::optional<Moment> low, high;
  for (const PetHeader& h : slices) {
    const auto start = back(h);
    if (!start) {
      warnings.emplace_back(
          "SeriesTime (0008,0031) is missing or after the acquisition; the earliest AcquisitionTime "
          "(0008,0032) was taken as the start of the scan");
      return earliest;
    }
    low = std::min(low.value_or(*start), *start);
    high = std::max(high.value_or(*start), *start);
  }
  if (*high - *low > 60)
    core::fail_data(
        "AcquisitionTime (0008,0032) and FrameReferenceTime (0054,1300) of the slices give starts "
        "of the scan that are " +
        core::format_number(std::round(*high - *low)) + " s apart; correct the header, or set `suv: none`");
  return *low;
}

double day_of(Moment moment) {
  return std::floor(moment / 86400);
}

/// Seconds from an injection whose time is known and whose date is not. Without the user's word it was in the
/// day before the scan, as long as one day more would be too long for the nuclide to be seen.
double elapsed_since_time(double injected_time, Moment moment, double half_life,
                          std::vector<std::string>& warnings, std::optional<int64_t> days) {
  double elapsed = moment - 86400 * day_of(moment) - injected_time;
  if (days) return elapsed + 86400 * static_cast<double>(*days);
  const bool before_midnight = elapsed < 0;
  if (before_midnight) elapsed += 86400;
  const double change = std::exp2(86400 / half_life);
  if (elapsed + 86400 <= 10 * half_life && change > 1.01)
    core::fail_data(
        "RadiopharmaceuticalStartTime (0018,1072) has no date, and with a half-life of " +
        core::format_fixed(half_life / 3600, 1) + " hours the scan may be " +
        core::format_fixed(elapsed / 3600, 1) + " hours or days more after the injection, each of " +
        "which multiplies SUV by " + core::format_fixed(change, 2) +
        "; put RadiopharmaceuticalStartDateTime (0018,1078) into the header, or state the days in "
        "the config, as in `suv: bw after 4 days`");
  if (before_midnight) warnings.emplace_back("the injection was before midnight, the scan after it");
  return elapsed;
}

/// Seconds from the injection to `moment`.
double elapsed_since_injection(const PetHeader& h, Moment moment, double half_life,
                               std::vector<std::string>& warnings, std::optional<int64_t> days) {
  const auto plausible = [&](double elapsed) { return elapsed >= 0 && elapsed <= 10 * half_life; };
  if (h.injected && plausible(moment - *h.injected)) {
    const double dated = day_of(moment) - day_of(*h.injected);
    if (days && static_cast<double>(*days) != dated)
      core::fail_data("RadiopharmaceuticalStartDateTime (0018,1078) lies " + core::format_number(dated) +
                      " days before the scan, but the config says " + std::to_string(*days) +
                      "; correct one of them");
    return moment - *h.injected;
  }
  if (!h.injected && !h.injected_time)
    core::fail_data(
        "RadiopharmaceuticalStartDateTime (0018,1078) and RadiopharmaceuticalStartTime (0018,1072) are "
        "missing, so the time that the dose decayed is not known; put one of them into the header, or set "
        "`suv: none`");
  double elapsed = moment - h.injected.value_or(moment);
  if (h.injected_time) {
    elapsed = elapsed_since_time(*h.injected_time, moment, half_life, warnings, days);
    if (h.injected)
      warnings.emplace_back(
          "RadiopharmaceuticalStartDateTime (0018,1078) does not fit the scan; "
          "RadiopharmaceuticalStartTime (0018,1072) was used");
  }
  if (!plausible(elapsed))
    core::fail_data("the scan would be " + core::format_fixed(elapsed / 3600, 1) +
                    " hours after the injection (half-life " + core::format_fixed(half_life / 60, 0) +
                    " min): RadiopharmaceuticalStartTime (0018,1072) and SeriesTime (0008,0031) do not fit; "
                    "correct the header, or set `suv: none`");
  return elapsed;
}

}  // namespace

std::vector<double> remaining_dose(const std::vector<PetHeader>& slices, std::vector<std::string>& warnings,
                                   std::optional<int64_t> days) {
  const PetHeader& first = slices.front();
  const double dose = require_dose(first);
  const std::string& correction = first.decay_correction;
  for (const PetHeader& h : slices)
    if (h.dose != first.dose || h.half_life != first.half_life || h.decay_correction != correction)
      core::fail_data(h.path.filename().string() + ": has another dose, half-life or decay correction than " +
                      first.path.filename().string() + " of the same series; keep one series a folder");
  if (correction == "ADMIN") return std::vector<double>(slices.size(), dose);
  if (first.enhanced && correction != "START")
    core::fail_data(
        "DecayCorrected (0018,9758) is `" + correction +
        "`, not YES, so the values of its frames belong to different times; export the series with "
        "decay correction, or set `suv: none`");
  if (correction != "START" && correction != "NONE")
    core::fail_data("DecayCorrection (0054,1102) is `" + correction +
                    "`, not START, ADMIN or NONE, so it is not known which time the values belong to; put it "
                    "into the header, or set `suv: none`");
  const double half_life = require_half_life(first);
  const auto left = [&](double elapsed) { return dose * std::exp2(-elapsed / half_life); };
  if (correction == "START") {
    const Moment start = scan_start(slices, half_life, warnings);
    return std::vector<double>(slices.size(),
                               left(elapsed_since_injection(first, start, half_life, warnings, days)));
  }
  earliest_acquisition(slices);
  std::vector<double> doses;
  std::vector<std::string> repeated;
  for (const PetHeader& h : slices) {
    if (!h.duration || *h.duration <= 0)
      core::fail_data(h.path.filename().string() +
                      ": ActualFrameDuration (0018,1242) is missing, which values without decay correction "
                      "need; put it into the header, or set `suv: none`");
    const Moment middle = *h.acquired + mean_count_time(*h.duration, half_life);
    doses.push_back(
        left(elapsed_since_injection(h, middle, half_life, doses.empty() ? warnings : repeated, days)));
  }
  return doses;
}

}  // namespace photo51::imaging
