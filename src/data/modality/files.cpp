#include "data/modality/files.hpp"

#include "photo51/preprocess/geometry/orientation.hpp"

namespace photo51::data {

void describe_channels(config::Fields& f, FileOptions& o) {
  f("channels", o.channels,
    "manifest columns with files or DICOM folders, `<input>.<channel>` or `<channel>`; `dwi@adc`, "
    "`dwi@b1000`, `dce@t3` or `dce@3` is one channel of a file that holds several; a column of that name and "
    "`.registration` holds the channel's transform from the first channel (ITK text, or a 4 x 4 matrix; mm, "
    "LPS)");
  f("mask", o.mask, "column of the lesion mask; empty = none");
  describe(f, o.masks);
}

void describe_files(config::Fields& f, FileOptions& o) {
  f.section("dicom", o.dicom,
            "volumes and mammograms: DICOM series that are not one even stack, values as shown");
  f("assume_spacing", o.assume_spacing,
    "volumes: spacing x, y, z of files that do not say; empty = such a file is an error",
    {.min = 1e-6, .unit = "mm"});
  f("assume_orientation", o.assume_orientation,
    "volumes: where the axes of files that do not say point to, such as LPS; empty = such a file is an "
    "error");
  if (!o.assume_spacing.empty())
    f.check_count(o.assume_spacing.size(), 3, "assume_spacing", "takes three numbers (x, y, z)");
  f.check(o.assume_orientation.empty() || preprocess::is_orientation(o.assume_orientation),
          "assume_orientation", "is one letter each of L/R, P/A and S/I, such as LPS");
}

void check_files(config::Fields& f, const FileOptions& o) {
  f.check(!o.mask.empty() ||
              (!o.masks.label && !o.masks.threshold && o.masks.outside == imaging::MaskOutside::error),
          "mask", "mask_label, mask_threshold and mask_outside say how a mask is read; name its column");
  f.check(!o.masks.label || !o.masks.threshold, "mask_threshold",
          "makes a region of values; leave out mask_label");
}

ColorMode single_color(const config::Choice& /*input*/) {
  return ColorMode::single;
}

std::vector<std::string> one_plane(const config::Choice& /*input*/) {
  return {""};
}

}  // namespace photo51::data
