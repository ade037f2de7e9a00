#include "imaging/dicom/b_value.hpp"

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/private_elements.hpp"

namespace photo51::imaging {

std::optional<double> b_value_of(DcmItem& item) {
  std::optional<double> b = number_of(item, DCM_DiffusionBValue);
  if (!b)
    if (DcmItem* diffusion = item_of(item, DCM_MRDiffusionSequence))
      b = number_of(*diffusion, DCM_DiffusionBValue);
  if (!b) b = private_number(item, 0x0019, 0x0C, "SIEMENS MR HEADER");
  if (!b) b = private_number(item, 0x2001, 0x03, "Philips Imaging DD 001");
  if (!b) b = private_number(item, 0x0043, 0x39, "GEMS_PARM_01");
  if (!b) b = private_number(item, 0x0065, 0x09, "Image Private Header");
  // GE adds 10^9 to the b-values of some sequences.
  if (b && *b >= 1e9) *b -= 1e9;
  if (b && (*b < 0 || *b > 1e6)) return {};
  return b;
}

}  // namespace photo51::imaging
