#pragma once
/// What the header of a DICOM cine says about times and calibrated regions.

#include "imaging/dicom/element.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"

namespace photo51::imaging {

/// Fills `seconds` and `time_source` for `frames` frames; warns of what is missing or contradictory.
void read_times(DcmItem& dataset, int64_t frames, Cine& cine);

/// Fills `regions` for a picture of `columns` x `rows` pixels; warns of those that cannot be used.
void read_regions(DcmItem& dataset, int64_t columns, int64_t rows, Cine& cine);

}  // namespace photo51::imaging
