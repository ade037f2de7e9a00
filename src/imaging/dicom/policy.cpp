#include "photo51/imaging/dicom/policy.hpp"

#include "photo51/config/fields.hpp"

namespace photo51::imaging {

void describe(config::Fields& f, DicomPolicy& o) {
  f("gaps", o.gaps, "missing or unevenly spaced slices: refuse, or interpolate between neighbours",
    {.one_of = {"error", "interpolate"}});
  f("duplicates", o.duplicates,
    "several images at one place (echoes, times, repeats): refuse, take the first, or make them channels",
    {.one_of = {"error", "first", "channels"}});
  f("tilt", o.tilt, "gantry tilt: refuse, or keep the sheared grid, which resampling undoes",
    {.one_of = {"error", "keep"}});
  f("voi", o.voi,
    "values as stored and rescaled, or through the file's own VOI lookup table or window, 0 to 1, as "
    "mammograms for presentation ask for",
    {.one_of = {"none", "apply"}});
}

}  // namespace photo51::imaging
