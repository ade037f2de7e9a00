#pragma once
/// Tables of spots, as sections name them and as Space Ranger writes them.

#include <cstdint>
#include <filesystem>

#include "photo51/core/table.hpp"
#include "photo51/data/import/spatial_transcriptomics.hpp"

namespace photo51::data {

/// A table with the columns that `options` name. Space Ranger's tissue_positions.csv and, without a header,
/// tissue_positions_list.csv get those names for barcode, pxl_col_in_fullres and pxl_row_in_fullres; their
/// spots off the tissue are left out, and counted, unless they are asked for.
core::Table read_spot_table(const std::filesystem::path& path, const SpotOptions& options,
                            int64_t& off_tissue);

}  // namespace photo51::data
