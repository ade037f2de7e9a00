#include <cmath>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>

#include "phantom/abdomen_scan.hpp"
#include "phantom/files.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/phantom/lesions.hpp"

namespace photo51::phantom {
namespace {

constexpr int64_t kMostLesions = 6;  // that fit side by side into every liver
constexpr std::array<double, 4> kRadiusGroups{3, 5, 8, 14.1};
constexpr std::array<double, 3> kContrastGroups{12, 30, 70.1};

/// A patient of the cohort, with what its scan said of each lesion.
struct Scanned {
  Patient patient;
  std::vector<Lesion> lesions;
  std::vector<double> distinctness, places;
};

void check_lesion_options(const LesionOptions& options) {
  if (options.patients < 4 || options.patients > 9999)
    core::fail_usage("patients: " + std::to_string(options.patients) + " is not in 4..9999");
  if (options.least < 0 || options.least > options.most || options.most > kMostLesions)
    core::fail_usage("lesions: " + std::to_string(options.least) + ".." + std::to_string(options.most) +
                     " is no ascending range within 0.." + std::to_string(kMostLesions));
}

Scanned scanned_patient(const LesionOptions& options, int64_t index, const std::filesystem::path& folder) {
  Scanned one;
  one.patient = draw_patient({.seed = options.seed}, index);
  const Abdomen abdomen(options, index);
  const AbdomenScan scan = scan_abdomen(abdomen, one.patient.site, index, options.seed);
  const std::filesystem::path own = folder / one.patient.id;
  core::make_directories(own);
  imaging::DicomTags tags =
      tags_of(one.patient, options.seed, "abdomen", abdomen_sites()[one.patient.site].ct.model, 1);
  tags.kvp = 120;
  imaging::write_dicom_series(scan.ct, own / "ct", tags);
  imaging::write_nifti(scan.lesions, own / "lesions.nii.gz");
  one.lesions = abdomen.lesions();
  one.distinctness = scan.distinctness;
  for (const Lesion& lesion : one.lesions) one.places.push_back(places_of(abdomen, lesion));
  return one;
}

/// Calls `visit(patient, lesion, number from 0)`.
template <class Visit>
void for_each_lesion(const std::vector<Scanned>& cohort, Visit visit) {
  for (const Scanned& one : cohort)
    for (size_t k = 0; k < one.lesions.size(); ++k) visit(one, one.lesions[k], k);
}

LesionGroup group_of(const std::vector<Scanned>& cohort, std::array<double, 2> radius,
                     std::array<double, 2> contrast) {
  LesionGroup group{.radius = radius, .contrast = contrast};
  const auto within = [](double value, const std::array<double, 2>& range) {
    return value >= range[0] && value < range[1];
  };
  for_each_lesion(cohort, [&](const Scanned& one, const Lesion& lesion, size_t k) {
    if (!within(lesion.radius, radius) || !within(-lesion.contrast, contrast)) return;
    ++group.lesions;
    group.sensitivity_at_1 += filter_sensitivity(one.distinctness[k], one.places[k], 1);
    group.sensitivity_at_4 += filter_sensitivity(one.distinctness[k], one.places[k], 4);
  });
  const double count = static_cast<double>(group.lesions);
  for (double* mean : {&group.sensitivity_at_1, &group.sensitivity_at_4})
    *mean = group.lesions > 0 ? *mean / count : std::numeric_limits<double>::quiet_NaN();
  return group;
}

LesionSummary lesion_summary(const std::vector<Scanned>& cohort) {
  LesionSummary summary;
  for (const Scanned& one : cohort) summary.healthy += one.lesions.empty();
  for_each_lesion(cohort, [&](const Scanned&, const Lesion& lesion, size_t) {
    ++summary.lesions;
    summary.malignant += lesion.malignant;
  });
  for (size_t r = 0; r + 1 < kRadiusGroups.size(); ++r)
    for (size_t c = 0; c + 1 < kContrastGroups.size(); ++c)
      summary.groups.push_back(group_of(cohort, {kRadiusGroups[r], kRadiusGroups[r + 1]},
                                        {kContrastGroups[c], kContrastGroups[c + 1]}));
  summary.groups.push_back(
      group_of(cohort, {0, kRadiusGroups.back()}, {kContrastGroups.front(), kContrastGroups.back()}));
  return summary;
}

void write_lesion_tables(const std::vector<Scanned>& cohort, const std::filesystem::path& folder) {
  using core::format_number;
  std::string lesions = core::csv_row({"patient", "lesion", "x", "y", "z", "radius", "contrast", "class"});
  std::string hidden = core::csv_row({"patient", "lesion", "distinctness", "p_found_at_1", "p_found_at_4"});
  for_each_lesion(cohort, [&](const Scanned& one, const Lesion& lesion, size_t k) {
    const std::string number = std::to_string(k + 1);
    lesions +=
        core::csv_row({one.patient.id, number, core::format_fixed(lesion.centre[0], 2),
                       core::format_fixed(lesion.centre[1], 2), core::format_fixed(lesion.centre[2], 2),
                       core::format_fixed(lesion.radius, 2), core::format_fixed(lesion.contrast, 1),
                       lesion.malignant ? "malignant" : "benign"});
    hidden += core::csv_row({one.patient.id, number, format_number(one.distinctness[k]),
                             format_number(filter_sensitivity(one.distinctness[k], one.places[k], 1)),
                             format_number(filter_sensitivity(one.distinctness[k], one.places[k], 4))});
  });
  core::write_file_atomic(folder / "lesions.csv", lesions);
  core::write_file_atomic(folder / "hidden.csv", hidden);

  std::string text = core::csv_row({"patient", "site", "age", "sex", "ct", "seg", "lesions", "malignant"});
  for (const Scanned& one : cohort) {
    const Patient& p = one.patient;
    const bool malignant = std::ranges::any_of(one.lesions, &Lesion::malignant);
    text +=
        core::csv_row({p.id, kSites[p.site], format_number(p.age), p.female ? "F" : "M", p.id + "/ct",
                       p.id + "/lesions.nii.gz", std::to_string(one.lesions.size()), malignant ? "1" : "0"});
  }
  // The manifest comes last: where it stands, the cohort is whole.
  core::write_file_atomic(folder / "cohort.csv", text);
}

void write_lesion_summary(const LesionOptions& options, const LesionSummary* summary,
                          const std::filesystem::path& folder) {
  nlohmann::ordered_json json{{"kind", "lesions"},
                              {"patients", options.patients},
                              {"seed", options.seed},
                              {"lesions_a_patient", {options.least, options.most}}};
  if (summary != nullptr) {
    json["lesions"] = summary->lesions;
    json["malignant"] = summary->malignant;
    json["healthy_patients"] = summary->healthy;
    for (const LesionGroup& group : summary->groups)
      if (group.lesions > 0)
        json["matched_filter"].push_back({{"radius", group.radius},
                                          {"contrast", group.contrast},
                                          {"lesions", group.lesions},
                                          {"sensitivity_at_1", group.sensitivity_at_1},
                                          {"sensitivity_at_4", group.sensitivity_at_4}});
  }
  core::write_file_atomic(folder / "phantom.json", core::json_text(json, 2) + "\n");
}

}  // namespace

LesionSummary write_lesion_phantom(const LesionOptions& options, const std::filesystem::path& folder) {
  check_lesion_options(options);
  claim_folder(folder);
  write_lesion_summary(options, nullptr, folder);  // first of all, as the mark of the folder
  std::vector<Scanned> cohort(static_cast<size_t>(options.patients));
  {
    core::Progress progress("phantom", options.patients);
    std::mutex mutex;
    core::ThreadPool pool(options.threads);
    pool.parallel_for(options.patients, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        cohort[static_cast<size_t>(i)] = scanned_patient(options, i, folder);
        const std::lock_guard lock(mutex);
        progress.advance();
      }
    });
  }
  const LesionSummary summary = lesion_summary(cohort);
  write_lesion_summary(options, &summary, folder);
  write_lesion_tables(cohort, folder);
  return summary;
}

}  // namespace photo51::phantom
