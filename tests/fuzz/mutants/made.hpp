#pragma once
/// Sound files to damage, of the formats that the shared data has none or few of.

#include <filesystem>

namespace photo51::fuzz {

/// PNG, NIfTI (plain and packed), NRRD and MetaImage (raw and packed), TIFF slides with levels and with
/// OME-XML, DICOM (native, deflated, run-length, SEG, RTSTRUCT), safetensors, torch.save, CSV and YAML.
void write_originals(const std::filesystem::path& folder);

}  // namespace photo51::fuzz
