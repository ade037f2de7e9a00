#include "photo51/imaging/mask.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/dicom_select.hpp"
#include "imaging/readers.hpp"
#include "imaging/segmentation.hpp"
#include "imaging/structure_set.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// Something that can be picked: a name and, for segments, a number.
struct Candidate {
  std::string name;
  int64_t number = 0;
};

std::string list_of(const std::vector<Candidate>& all, bool numbers) {
  std::string lines;
  for (const Candidate& c : all)
    lines += "\n  " + (numbers ? std::to_string(c.number) + "  " : std::string()) + c.name;
  return lines;
}

/// Indices of those that one word picks: the exact name first, then a number, then a pattern.
std::vector<size_t> matches_of(const std::string& word, const std::vector<Candidate>& all, bool numbers) {
  std::vector<size_t> found;
  const auto take = [&](auto&& test) {
    for (size_t i = 0; found.size() < all.size() && i < all.size(); ++i)
      if (test(all[i])) found.push_back(i);
    return !found.empty();
  };
  if (take([&](const Candidate& c) { return c.name == word; })) return found;
  const auto number = numbers ? core::parse_int(word) : std::nullopt;
  if (number && take([&](const Candidate& c) { return c.number == *number; })) return found;
  take([&](const Candidate& c) { return matches_pattern(c.name, word); });
  return found;
}

/// What `choice` picks of several structures. `kind`: "ROI", "segment".
std::vector<size_t> pick(const std::string& choice, const std::vector<Candidate>& all, const char* kind,
                         bool numbers, const fs::path& place) {
  const std::string several = std::string(kind) + "s";
  if (all.empty()) core::fail_data("holds no " + std::string(kind));
  if (choice.empty()) {
    if (all.size() == 1) return {0};
    core::fail_data("holds " + std::to_string(all.size()) + " " + several + "; choose one as " +
                    place.filename().string() + "#NAME, or unite some with commas:" + list_of(all, numbers));
  }
  std::vector<size_t> found;
  if (choice == "*") {
    for (size_t i = 0; i < all.size(); ++i) found.push_back(i);
    return found;
  }
  std::vector<std::string> words{choice};
  if (matches_of(choice, all, numbers).empty()) words = core::split(choice, ',');
  for (const std::string& part : words) {
    const std::string word(core::trim(part));
    const auto matched = matches_of(word, all, numbers);
    if (matched.empty())
      core::fail_data("has no " + std::string(kind) + " `" + word + "`; it has" + list_of(all, numbers));
    if (matched.size() > 1) {
      std::vector<Candidate> ambiguous;
      for (const size_t i : matched) ambiguous.push_back(all[i]);
      core::fail_data("`" + word + "` means several " + several +
                      "; choose one:" + list_of(ambiguous, numbers));
    }
    found.push_back(matched[0]);
  }
  return found;
}

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

Volume from_structure_set(const fs::path& place, const std::string& choice,
                          const std::vector<const Volume*>& images) {
  const StructureSet set = read_structure_set(place);
  return core::with_context(place.string(), [&] {
    std::vector<Candidate> names;
    for (const Structure& s : set.structures) names.push_back({s.name, s.number});
    const auto picked = pick(choice, names, "ROI", false, place);
    if (images.empty())
      core::fail_data("is an RTSTRUCT, which needs the image that it was drawn on; name the image too");
    const Volume& image =
        image_for(images, set.structures[picked[0]].frame_of_reference, set.referenced_series);
    std::vector<std::string> warnings;
    at::Tensor mask;
    for (const size_t i : picked) {
      const at::Tensor one = rasterise(set.structures[i], image.geometry, warnings);
      mask = mask.defined() ? mask.bitwise_or(one) : one;
    }
    Volume volume = label_volume(mask, image.geometry);
    volume.warnings = warnings;
    return volume;
  });
}

Volume from_segmentation(const fs::path& place, const std::string& choice,
                         const std::vector<const Volume*>& images) {
  const Segmentation seg = read_segmentation(place);
  return core::with_context(place.string(), [&] {
    if (seg.on_slide) core::fail_data("was drawn on a slide, not on a volume");
    if (!images.empty()) image_for(images, seg.frame_of_reference, seg.referenced_series);
    std::vector<Candidate> names;
    for (const Segment& s : seg.segments) names.push_back({s.label, s.number});
    at::Tensor mask;
    for (const size_t i : pick(choice, names, "segment", true, place)) {
      const at::Tensor one = seg.mask_of(seg.segments[i].number);
      mask = mask.defined() ? mask.bitwise_or(one) : one;
    }
    return label_volume(mask, seg.geometry);
  });
}

/// Values of a label map, to list them.
std::string values_of(const at::Tensor& data) {
  const at::Tensor values = std::get<0>(at::_unique(data.to(at::kDouble)));
  std::vector<std::string> names;
  for (int64_t i = 0; i < std::min<int64_t>(values.numel(), 20); ++i)
    names.push_back(core::format_number(values[i].item<double>()));
  return core::join(names, ", ") + (values.numel() > 20 ? ", …" : "");
}

Volume from_label_map(const fs::path& place, const std::string& choice) {
  Volume volume = read_volume(place, {.modality = Modality::segmentation, .series = {}});
  return core::with_context(place.string(), [&] {
    if (volume.data.size(0) != 1)
      core::fail_data("has " + std::to_string(volume.data.size(0)) +
                      " channels; a mask has one. Name a file with one volume");
    require_finite(volume);
    at::Tensor mask;
    if (choice.empty() || choice == "*") {
      mask = volume.data.ne(0);
    } else {
      for (const std::string& word : core::split(choice, ',')) {
        const auto value = core::parse_double(core::trim(word));
        if (!value)
          core::fail_data("`" + word + "` is no value of a label map; write a number, as " +
                          place.filename().string() + "#2");
        const at::Tensor one = volume.data.eq(*value);
        if (!one.any().item<bool>())
          core::fail_data("no voxel is " + core::format_number(*value) + "; its values are " +
                          values_of(volume.data));
        mask = mask.defined() ? mask.logical_or(one) : one;
      }
    }
    volume.data = mask.to(at::kByte);
    volume.units = Units::label;
    return std::move(volume);
  });
}

std::string dicom_modality(const fs::path& file) {
  return detect_format(file) == Format::dicom ? read_dicom_header(file).modality : std::string();
}

/// The one SEG or RTSTRUCT of a folder; the folder itself when it has none.
fs::path object_in(const fs::path& folder) {
  std::vector<fs::path> objects;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    const std::string modality = dicom_modality(entry.path());
    if (modality == "SEG" || modality == "RTSTRUCT") objects.push_back(entry.path());
  }
  if (objects.size() > 1)
    core::fail_data(folder.string() + ": holds " + std::to_string(objects.size()) +
                    " SEG or RTSTRUCT files; name one of them");
  return objects.empty() ? folder : objects[0];
}

}  // namespace

Volume read_mask(const fs::path& path, const std::vector<const Volume*>& images) {
  auto [place, choice] = split_choice(path);
  std::error_code code;
  if (fs::is_directory(place, code)) place = object_in(place);
  const std::string modality = fs::is_regular_file(place, code) ? dicom_modality(place) : std::string();
  Volume mask = modality == "RTSTRUCT" ? from_structure_set(place, choice, images)
                : modality == "SEG"    ? from_segmentation(place, choice, images)
                                       : from_label_map(place, choice);
  mask.source = path.string();
  return mask;
}

Volume on_grid_of(const Volume& mask, const Geometry& grid) {
  if (mask.geometry.matches(grid)) return mask;
  const auto& n = grid.size;
  const auto& m = mask.geometry.size;
  // An affine map from voxel to voxel: its columns are the steps along x, y, z.
  const auto start = mask.geometry.to_index(grid.to_world({0, 0, 0}));
  std::array<std::array<double, 3>, 3> step{};
  for (size_t axis = 0; axis < 3; ++axis) {
    std::array<double, 3> one{};
    one[axis] = 1;
    const auto next = mask.geometry.to_index(grid.to_world(one));
    for (size_t i = 0; i < 3; ++i) step[axis][i] = next[i] - start[i];
  }
  const at::Tensor from = mask.data[0].ne(0).to(at::kByte).contiguous();
  at::Tensor to = at::zeros({n[2], n[1], n[0]}, at::kByte);
  const auto* in = from.const_data_ptr<uint8_t>();
  auto* out = to.mutable_data_ptr<uint8_t>();
  for (int64_t z = 0; z < n[2]; ++z)
    for (int64_t y = 0; y < n[1]; ++y)
      for (int64_t x = 0; x < n[0]; ++x, ++out) {
        std::array<int64_t, 3> at{};
        bool in_field = true;
        for (size_t i = 0; i < 3; ++i) {
          const double p = start[i] + static_cast<double>(x) * step[0][i] +
                           static_cast<double>(y) * step[1][i] + static_cast<double>(z) * step[2][i];
          // Ties go up, whatever the last bits say.
          at[i] = static_cast<int64_t>(std::floor(p + 0.5 + 1e-6));
          in_field = in_field && at[i] >= 0 && at[i] < m[i];
        }
        if (in_field) *out = in[(at[2] * m[1] + at[1]) * m[0] + at[0]];
      }
  Volume moved = label_volume(to, grid);
  moved.source = mask.source;
  moved.warnings = mask.warnings;
  return moved;
}

double volume_ml(const Volume& mask) {
  const auto& s = mask.geometry.spacing;
  return static_cast<double>(mask.data.ne(0).sum().item<int64_t>()) * s[0] * s[1] * s[2] *
         std::abs(mask.geometry.handedness()) / 1000;
}

}  // namespace photo51::imaging
