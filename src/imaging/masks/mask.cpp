#include "photo51/imaging/masks/mask.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/dicom/select.hpp"
#include "imaging/masks/choice.hpp"
#include "imaging/masks/dicom_seg.hpp"
#include "imaging/masks/label_map.hpp"
#include "imaging/masks/rtstruct.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/masks/classes.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// Frame of reference and series of the DICOM image that a volume came from; empty when it did not.
struct Origin {
  std::string frame_of_reference, series;
};
Origin origin_of(const Volume& image) {
  Origin origin;
  std::error_code code;
  const auto place = split_choice(image.source).first;
  if (image.source.empty() || !fs::exists(place, code)) return origin;
  if (!fs::is_directory(place) && detect_format(place) != Format::dicom) return origin;
  DcmFileFormat file;
  load_dicom(file, files_of_series(image.source).front());
  origin.frame_of_reference = text_of(*file.getDataset(), DCM_FrameOfReferenceUID);
  origin.series = text_of(*file.getDataset(), DCM_SeriesInstanceUID);
  return origin;
}

/// The image that a mask in `frame` was drawn on, by what the mask and the images say.
const Volume& image_for(const std::vector<const Volume*>& images, const std::string& frame,
                        const std::vector<std::string>& series) {
  const Volume *same_frame = nullptr, *silent = nullptr;
  std::string others;
  for (const Volume* image : images) {
    const Origin origin = origin_of(*image);
    if (std::ranges::find(series, origin.series) != series.end() && !origin.series.empty()) return *image;
    if (origin.frame_of_reference.empty() || frame.empty()) {
      if (silent == nullptr) silent = image;
    } else if (origin.frame_of_reference == frame) {
      if (same_frame == nullptr) same_frame = image;
    } else {
      others += (others.empty() ? "" : ", ") + image->source;
    }
  }
  if (same_frame != nullptr) return *same_frame;
  if (silent != nullptr) return *silent;
  core::fail_data("was drawn in another FrameOfReferenceUID (0020,0052), " + frame + ", than " + others +
                  "; name the image that it was drawn on");
}

Volume label_volume(const at::Tensor& mask, const Geometry& geometry) {
  return make_volume(mask.unsqueeze(0), geometry, Modality::segmentation, Units::label);
}

/// Indices of the structures that are the region: one by its number, else what `choice` picks.
std::vector<size_t> chosen(const std::string& choice, const std::vector<Candidate>& all, const char* kind,
                           const fs::path& place, const MaskOptions& options) {
  require_one_choice(choice, options.label);
  if (options.label) return {pick_number(*options.label, all, kind)};
  return pick(choice, all, kind, place);
}

/// Of everything that `*` picks, what has contours.
void drop_empty(std::vector<size_t>& picked, const StructureSet& set, std::vector<std::string>& warnings) {
  std::string names;
  std::erase_if(picked, [&](size_t i) {
    const Structure& s = set.structures[i];
    if (!s.contours.empty() || !s.damage.empty()) return false;
    names += (names.empty() ? "`" : ", `") + s.name + "`";
    return true;
  });
  if (picked.empty()) core::fail_data("none of its ROIs has a closed contour: " + names);
  if (!names.empty()) warnings.push_back("without a closed contour and left out: ROI " + names);
}

Volume from_structure_set(const fs::path& place, const std::string& choice,
                          const std::vector<const Volume*>& images, const MaskOptions& options) {
  const StructureSet set = read_structure_set(place);
  return core::with_context(place.string(), [&] {
    std::vector<Candidate> names;
    for (const Structure& s : set.structures)
      names.push_back({s.name, s.number, s.contours.empty() ? "empty" : ""});
    auto picked = chosen(choice, names, "ROI", place, options);
    std::vector<std::string> warnings;
    if (choice == "*") drop_empty(picked, set, warnings);
    if (images.empty())
      core::fail_data("is an RTSTRUCT, which needs the image that it was drawn on; name the image too");
    const Volume& image =
        image_for(images, set.structures[picked[0]].frame_of_reference, set.referenced_series);
    at::Tensor mask;
    for (const size_t i : picked) {
      const at::Tensor one = rasterise(set.structures[i], image.geometry, options, warnings);
      mask = mask.defined() ? mask.bitwise_or(one) : one;
    }
    Volume volume = label_volume(mask, image.geometry);
    volume.warnings = warnings;
    return volume;
  });
}

Volume from_segmentation(const fs::path& place, const std::string& choice,
                         const std::vector<const Volume*>& images, const MaskOptions& options) {
  const Segmentation seg = read_segmentation(
      place, [&](const std::string& frame, const std::vector<std::string>& series) -> const Geometry* {
        return images.empty() ? nullptr : &image_for(images, frame, series).geometry;
      });
  return core::with_context(place.string(), [&] {
    if (seg.on_slide) core::fail_data("was drawn on a slide, not on a volume");
    if (!seg.step_known)
      core::fail_data(
          "has one slice and no SpacingBetweenSlices (0018,0088), so its volume is not known" +
          std::string(images.empty()
                          ? "; name the image that it was drawn on"
                          : ", and it does not lie on a slice of the image; name the image that it "
                            "was drawn on"));
    std::vector<Candidate> names;
    for (const Segment& s : seg.segments) names.push_back({s.label, s.number});
    at::Tensor mask;
    for (const size_t i : chosen(choice, names, "segment", place, options)) {
      const at::Tensor one = seg.mask_of(seg.segments[i].number);
      mask = mask.defined() ? mask.bitwise_or(one) : one;
    }
    Volume volume = label_volume(mask, seg.geometry);
    volume.warnings = seg.warnings;
    if (!mask.any().item<bool>()) volume.warnings.emplace_back("the mask is empty");
    return volume;
  });
}

std::string dicom_modality(const fs::path& file) {
  return detect_format(file) == Format::dicom ? read_dicom_header(file).modality : std::string();
}

/// The one SEG or RTSTRUCT of a folder; the folder itself when it has none.
fs::path object_in(const fs::path& folder) {
  std::vector<fs::path> objects;
  std::error_code code;
  for (const fs::path& file : core::regular_files_in(folder)) {
    if (fs::file_size(file, code) == 0) continue;
    const std::string modality = dicom_modality(file);
    if (modality == "SEG" || modality == "RTSTRUCT") objects.push_back(file);
  }
  if (objects.size() > 1)
    core::fail_data(folder.string() + ": holds " + std::to_string(objects.size()) +
                    " SEG or RTSTRUCT files; name one of them");
  return objects.empty() ? folder : objects[0];
}

/// The numbers of its segments or ROIs.
std::vector<int64_t> numbers_in(const fs::path& place, bool structures) {
  std::vector<int64_t> numbers;
  if (structures) {
    for (const Structure& s : read_structure_set(place).structures) numbers.push_back(s.number);
  } else {
    const auto anywhere = [](const std::string&, const std::vector<std::string>&) -> const Geometry* {
      return nullptr;
    };
    for (const Segment& s : read_segmentation(place, anywhere).segments) numbers.push_back(s.number);
  }
  return numbers;
}

/// The classes of a DICOM object, one structure a class.
Volume structure_classes(const fs::path& place, bool structures, const std::vector<const Volume*>& images,
                         const std::vector<int64_t>& values) {
  const auto there = numbers_in(place, structures);
  Volume all;
  int64_t twice = 0;
  for (size_t k = 0; k < values.size(); ++k) {
    if (std::ranges::find(there, values[k]) == there.end()) continue;
    const MaskOptions one{
        .label = values[k], .threshold = {}, .outside = MaskOutside::error, .usual_label = {}};
    Volume mask =
        structures ? from_structure_set(place, "", images, one) : from_segmentation(place, "", images, one);
    const at::Tensor inside = mask.data.ne(0);
    if (!all.data.defined()) {
      all = std::move(mask);
      all.data = at::zeros_like(inside, at::kByte);
    } else {
      all.warnings.insert(all.warnings.end(), mask.warnings.begin(), mask.warnings.end());
    }
    twice += all.data.ne(0).logical_and_(inside).sum().item<int64_t>();
    all.data.masked_fill_(inside, static_cast<int64_t>(k) + 1);
  }
  if (!all.data.defined()) {
    std::vector<std::string> names;
    for (const int64_t number : there) names.push_back(std::to_string(number));
    core::fail_data(place.string() + ": none of its " + (structures ? "ROIs" : "segments") + " (" +
                    core::join(names, ", ") + ") has a number of the head's `values`; correct those");
  }
  if (twice > 0)
    all.warnings.push_back(std::to_string(twice) +
                           " voxels lie in several classes and are of the last of them");
  return all;
}

}  // namespace

Volume read_classes(const fs::path& path, const std::vector<const Volume*>& images,
                    const std::vector<int64_t>& values) {
  if (values.empty()) return read_mask(path, images);
  if (values.size() > most_classes)
    core::fail_usage("a map tells at most " + std::to_string(most_classes) + " classes apart");
  auto [place, choice] = split_choice(path);
  if (!choice.empty())
    core::fail_usage(path.string() + ": `#" + choice +
                     "` picks a structure beside the head's `values`; leave one of them out");
  std::error_code code;
  if (fs::is_directory(place, code)) place = object_in(place);
  const std::string modality = fs::is_regular_file(place, code) ? dicom_modality(place) : std::string();
  const bool structures = modality == "RTSTRUCT";
  Volume classes = structures || modality == "SEG" ? structure_classes(place, structures, images, values)
                                                   : read_label_classes(place, values);
  classes.source = path.string();
  return classes;
}

Volume classes_on(Volume classes, const Volume& image) {
  const at::Tensor values = classes.data;
  Volume mask = classes;
  mask.data = values.ne(0).to(at::kByte);
  classes = placed_on(std::move(mask), image);
  classes.data = values;
  return classes;
}

Volume read_mask(const fs::path& path, const std::vector<const Volume*>& images, const MaskOptions& options) {
  auto [place, choice] = split_choice(path);
  std::error_code code;
  if (fs::is_directory(place, code)) place = object_in(place);
  const std::string modality = fs::is_regular_file(place, code) ? dicom_modality(place) : std::string();
  if (options.threshold && (modality == "RTSTRUCT" || modality == "SEG"))
    core::fail_usage(place.string() +
                     ": mask_threshold is for label maps and probabilities, not for a DICOM " + modality);
  Volume mask = modality == "RTSTRUCT" ? from_structure_set(place, choice, images, options)
                : modality == "SEG"    ? from_segmentation(place, choice, images, options)
                                       : read_label_map(place, choice, options);
  mask.source = path.string();
  return mask;
}

}  // namespace photo51::imaging
