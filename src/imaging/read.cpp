#include "photo51/imaging/read.hpp"

#include "imaging/dicom/select.hpp"
#include "imaging/picture/files.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

Units units_of(Modality modality) {
  switch (modality) {
    case Modality::ct:
      return Units::hounsfield;
    case Modality::mri:
      return Units::arbitrary;
    case Modality::segmentation:
      return Units::label;
    default:
      return Units::unknown;
  }
}

Volume read_file(const fs::path& path, const ReadOptions& options) {
  const Format format = detect_format(path);
  if (format == Format::nifti) return read_nifti(path, options.keep_double);
  if (format == Format::dicom) return read_dicom_file(path, options);
  if (format == Format::tiff) return read_tiff(path, options.keep_double);
  if (format == Format::png || format == Format::jpeg) return read_picture(path, format);
  if (format != Format::unknown) return read_with_itk(path, format, options.keep_double);
  fail_format(path);
}

void declare(Volume& volume, Modality modality) {
  if (modality == Modality::unknown) return;
  if (volume.modality != Modality::unknown && volume.modality != modality)
    core::fail_data(volume.source + ": is " + to_string(volume.modality) + ", but " + to_string(modality) +
                    " is asked for; name another file or set the input's modality");
  volume.modality = modality;
  if (volume.units == Units::unknown) volume.units = units_of(modality);
}

}  // namespace

void fail_format(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.ends_with(".nii") || name.ends_with(".nii.gz"))
    core::fail_data(path.string() + ": is named as NIfTI but its content is not; copy it again");
  core::fail_data(path.string() +
                  ": is not an image that can be read (NIfTI, NRRD, MetaImage, DICOM, TIFF, PNG or JPEG)");
}

Volume read_volume(const fs::path& path, const ReadOptions& options) {
  ReadOptions chosen = options;
  std::error_code code;
  auto [place, choice] = split_choice(path);
  if (!fs::is_directory(place, code)) place = path;  // masks choose from a file, images do not
  if (!choice.empty()) chosen.series = choice;
  if (fs::is_directory(place, code)) chosen.series = resolve_series(place, chosen.series);
  Volume volume =
      fs::is_directory(place, code) ? read_dicom_folder(place, chosen) : read_file(place, options);
  volume.source = path.string();
  declare(volume, options.modality);
  return volume;
}

}  // namespace photo51::imaging
