#pragma once
/// A cohort for detection: CTs of the abdomen with lesions of the liver, some large and plain, some small and
/// faint, and healthy patients. docs/phantom_lesions.md describes it.

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace photo51::phantom {

struct LesionOptions {
  int64_t patients = 150;
  int64_t seed = 1;
  int64_t least = 0, most = 3;  ///< lesions a patient, each number as likely
  int threads = 0;              ///< 0 = one a processor
};

/// Lesions of like radius and contrast, and how many of them the matched filter finds at one and at four
/// false positives an image, expected; see docs/phantom_lesions.md.
struct LesionGroup {
  std::array<double, 2> radius{};    ///< mm, from and below
  std::array<double, 2> contrast{};  ///< HU that the liver is brighter by, from and below
  int64_t lesions = 0;
  double sensitivity_at_1 = 0, sensitivity_at_4 = 0;  ///< NaN without lesions
};

struct LesionSummary {
  int64_t lesions = 0, malignant = 0, healthy = 0;  ///< healthy: patients without lesions
  std::vector<LesionGroup> groups;  ///< small to large, of each faint to plain; of all lesions last
};

/// Writes `cohort.csv`, `lesions.csv`, `hidden.csv` (what no model may see), `phantom.json` and a folder a
/// patient: `ct/`, and `lesions.nii.gz`, which says of each voxel which lesion it is of. The same seed and
/// range give a patient the same files whatever the number of patients and threads. Errors: usage (fewer than
/// 4 patients, a range that does not ascend or goes beyond 0..6, a folder of something else), run (the disk).
LesionSummary write_lesion_phantom(const LesionOptions& options, const std::filesystem::path& folder);

}  // namespace photo51::phantom
