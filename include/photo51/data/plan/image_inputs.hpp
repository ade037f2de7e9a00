#pragma once
/// Which image columns make an input together, of which modality, and which mask is theirs.

#include <map>
#include <string>
#include <vector>

#include "photo51/data/plan/columns.hpp"
#include "photo51/data/plan/fingerprint.hpp"

namespace photo51::data {

/// A column of image files and what was measured of them.
struct MeasuredColumn {
  FileColumn column;
  std::vector<FileFacts> facts;  ///< of files that can be read
};

struct PlannedMask {
  std::string column;
  std::vector<FileFacts> facts;
  std::vector<double> values;  ///< of the regions, ascending, over all files; empty = the file names them
};

struct PlannedImage {
  std::string name;      ///< of the input
  std::string modality;  ///< a row of data::modalities()
  std::string why;       ///< how the modality is known
  std::vector<MeasuredColumn> channels;
  std::string mask;  ///< column; empty = none
  int64_t dims = 3;
};

struct PlannedImages {
  std::vector<PlannedImage> inputs;
  std::vector<PlannedMask> masks;
  std::vector<ColumnNote> left_out;
};

/// The modality comes from the hints, else from the files, the columns' names, or from an image of the same
/// case on the same grid. A mask is what holds regions or few whole numbers; it belongs to the input whose
/// name is in its own (`ct_mask`), or, alone, to all volumes. What is not clear is left out with the remedy.
/// Columns of which every file cannot be read are too. Errors (usage): a hint that is no modality, or
/// omics of a column without tables.
PlannedImages plan_images(std::vector<MeasuredColumn> columns, const ColumnHints& hints = {});

}  // namespace photo51::data
