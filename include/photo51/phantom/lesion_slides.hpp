#pragma once
/// Slides of which some hold a lesion in a known place: whether a model that is told only which slides have
/// one looks where it is. docs/slides.md.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace photo51::phantom {

struct LesionSlideOptions {
  int64_t patients = 20;
  int64_t seed = 1;
  int threads = 0;  ///< 0 = one a processor
};

/// A lesion on its slide, in pixels of the finest level.
struct SlideLesion {
  std::string patient;
  double x = 0, y = 0, radius = 0;
};

/// Writes a slide a patient into `folder`, `S1_0001.tif` … (seed and number; 1,600 x 1,600 pixels of 1 um,
/// stained with haematoxylin and eosin): stroma with some 900 nuclei a mm2 of 3 um, and in every second
/// patient on average, one of each two, a disc of 160 to 260 um radius with 4,500 darker nuclei a mm2 of 4.5
/// um. And `cohort.csv`: `patient,slide,lesion` (0/1); `lesions.csv`: `patient,x,y,radius`. The same seed
/// gives a patient the same slide whatever the number of patients and threads. Returns the lesions. Errors:
/// usage (fewer than 2 or more than 9,999 patients, a folder that holds something else), run (the disk).
std::vector<SlideLesion> write_lesion_slides(const LesionSlideOptions& options,
                                             const std::filesystem::path& folder);

}  // namespace photo51::phantom
