#pragma once
/// GCT, the tables of expression of GenePattern and GTEx: `#1.2` or `#1.3`, a line of dimensions, then the
/// table (software.broadinstitute.org/software/igv/GCT, clue.io/connectopedia/gct_format).

#include <cstddef>
#include <string>

#include "genomics/lines.hpp"

namespace photo51::genomics {

/// Whether the first line is a version of GCT.
bool is_gct(const Lines& lines);
/// Leaves header and rows of values in `lines`, and gives how many cells about the row stand between its name
/// and its values. The lines about the columns of `#1.3` go, too. Errors (data): an unknown version,
/// dimensions that cannot be read, a header or a number of rows that are not as they say.
size_t open_gct(Lines& lines, char separator, const std::string& source);

}  // namespace photo51::genomics
