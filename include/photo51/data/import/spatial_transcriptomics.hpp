#pragma once
/// Spatial transcriptomics: stained sections with measured spots become a cohort of one row a spot.

#include <cstdint>
#include <filesystem>
#include <string>

namespace photo51::data {

struct SpotOptions {
  /// CSV, one row a section; its columns are named below, files are relative to it.
  std::filesystem::path sections;
  std::string section = "section", patient = "patient";
  std::string image = "image";  ///< slide or picture of the section
  /// Table of spots: `spot`, and x, y in pixels of the full image; or Space Ranger's tissue_positions.csv or
  /// tissue_positions_list.csv as it is.
  std::string spots = "spots";
  std::string counts = "counts";  ///< table of counts, spots by genes or genes by spots
  std::string mpp = "mpp";        ///< microns per pixel of the image; the column may be absent
  std::string spot = "spot", x = "pixel_x", y = "pixel_y";  ///< columns of the table of spots
  bool off_tissue = false;  ///< keep spots that Space Ranger says do not lie on tissue
  double scale = 10000;     ///< counts of a spot are brought to this sum; 0 = left as they are
  bool log = true;          ///< natural log(1 + count) afterwards
};

struct SpotSummary {
  int64_t sections = 0, spots = 0, genes = 0;
  int64_t off_tissue = 0;      ///< spots that Space Ranger says do not lie on tissue: left out
  int64_t without_counts = 0;  ///< spots that stand in no table of counts or have none: left out
};

/// Writes `cohort.csv` (spot, patient, section, image, x, y, image.mpp) and `expression.tsv` (spots by the
/// genes that every section measured) into `folder`. A spot is named `SECTION_SPOT`. Sums are over all genes
/// of the section's table. Errors: usage (a scale below 0), data (missing column or file, a spot that stands
/// twice, a place outside the numbers, a negative count, no common gene), run (the disk).
SpotSummary write_spots(const SpotOptions& options, const std::filesystem::path& folder);

}  // namespace photo51::data
