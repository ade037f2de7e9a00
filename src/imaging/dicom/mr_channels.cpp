#include "imaging/dicom/mr_channels.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "imaging/dicom/b_value.hpp"
#include "imaging/dicom/date_time.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/dicom/image.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/dicom/diffusion.hpp"

namespace photo51::imaging {
namespace {

struct Image {
  size_t object = 0, frame = 0;
  int64_t place = 0;  ///< along the normal, 0.01 mm
  double number = 0;  ///< in the series
  std::optional<double> b, seconds;
  std::optional<int64_t> temporal;
  std::string kind;  ///< echo and image type
};
using Group = std::vector<Image>;

std::optional<double> seconds_of(DcmItem& item) {
  auto moment = parse_date_time(text_of(item, DCM_AcquisitionDateTime));
  if (!moment) moment = parse_moment(text_of(item, DCM_AcquisitionDate), text_of(item, DCM_AcquisitionTime));
  if (!moment) moment = parse_time(text_of(item, DCM_AcquisitionTime));
  return moment;
}

/// All images with what tells them apart; empty when one of them has no place.
Group images_of(const std::vector<DicomObject>& objects) {
  Group images;
  for (size_t o = 0; o < objects.size(); ++o) {
    const DicomHeader& h = objects[o].header;
    DcmItem& dataset = *h.file->getDataset();
    const bool many = objects[o].frames.size() > 1;
    for (size_t f = 0; f < objects[o].frames.size(); ++f) {
      const DicomFrame& frame = objects[o].frames[f];
      if (!frame.position || !frame.orientation) return {};
      const auto n = normal_of(*frame.orientation);
      const auto& p = *frame.position;
      Image image;
      image.object = o;
      image.frame = f;
      image.place = std::llround(100 * (p[0] * n[0] + p[1] * n[1] + p[2] * n[2]));
      const bool framed = many && h.tiles == 1;
      image.number = framed ? static_cast<double>(f) : core::parse_double(h.instance_number).value_or(0);
      image.b = frame.b_value;
      image.temporal = frame.temporal;
      image.seconds = frame.seconds;
      image.kind =
          (frame.echo_time ? core::format_number(*frame.echo_time) : std::string()) + "/" + frame.frame_type;
      if (!framed) {
        if (!image.b) image.b = b_value_of(dataset);
        if (!image.temporal) image.temporal = core::parse_int(h.temporal_position);
        if (!image.seconds) image.seconds = seconds_of(dataset);
        image.kind = h.echo + "/" + h.image_type + "/" + text_of(dataset, DCM_EchoTime);
      }
      images.push_back(std::move(image));
    }
  }
  return images;
}

/// The k-th image of each place; nothing when places have different counts.
std::vector<Group> by_rank(Group images, size_t places) {
  std::map<int64_t, Group> at;
  std::ranges::stable_sort(images, {}, &Image::number);
  for (Image& image : images) at[image.place].push_back(std::move(image));
  const size_t count = at.begin()->second.size();
  std::vector<Group> groups(count);
  if (at.size() != places) return {};
  for (auto& [place, here] : at) {
    if (here.size() != count) return {};
    for (size_t k = 0; k < count; ++k) groups[k].push_back(std::move(here[k]));
  }
  return groups;
}

/// Frames of the objects that a group names. Objects with frames in several groups are decoded already.
std::vector<DicomObject> objects_of(const Group& group, const std::vector<DicomObject>& all) {
  std::map<size_t, std::vector<int64_t>> frames;
  for (const Image& image : group) frames[image.object].push_back(static_cast<int64_t>(image.frame));
  std::vector<DicomObject> objects;
  for (const auto& [o, which] : frames) {
    DicomObject object;
    object.header = all[o].header;
    for (const int64_t f : which) object.frames.push_back(all[o].frames[static_cast<size_t>(f)]);
    if (all[o].values.defined()) object.values = all[o].values.index_select(0, at::tensor(which, at::kLong));
    objects.push_back(std::move(object));
  }
  return objects;
}

Volume channels_of(const std::vector<Group>& groups, std::vector<DicomObject>& objects,
                   const std::string& source, const ReadOptions& options) {
  for (DicomObject& object : objects)
    if (object.frames.size() > 1 && !object.values.defined())
      object.values = read_values(object.header, object.frames, options.pool);
  Volume volume;
  std::vector<at::Tensor> data;
  for (const Group& group : groups) {
    Volume one = make_dicom_volume(objects_of(group, objects), source, options);
    if (data.empty())
      volume = one;
    else if (!one.geometry.matches(volume.geometry))
      core::fail_data(source +
                      ": its diffusion weightings or time points lie on different grids; copy the "
                      "series again");
    data.push_back(one.data);
  }
  volume.data = at::cat(data);
  return volume;
}

Volume with_b_values(const std::map<int64_t, Group>& by_b, size_t places, std::vector<DicomObject>& objects,
                     const std::string& source, const ReadOptions& options) {
  std::vector<Group> groups;
  std::vector<double> b_values;
  for (const auto& [b, images] : by_b) {
    std::set<std::string> kinds;
    for (const Image& image : images) kinds.insert(image.kind);
    if (kinds.size() > 1)
      core::fail_data(source + ": its images with a b-value of " + std::to_string(b) +
                      " s/mm² are of several kinds (echo, ImageType (0008,0008), EchoTime (0018,0081)): `" +
                      *kinds.begin() + "` and `" + *std::next(kinds.begin()) +
                      "`; keep one kind of image a folder");
    const auto ranks = by_rank(images, places);
    if (ranks.empty())
      core::fail_data(source + ": images with a b-value of " + std::to_string(b) +
                      " s/mm² do not stand at every place, or not equally often; copy the series again");
    for (const Group& rank : ranks) {
      groups.push_back(rank);
      b_values.push_back(static_cast<double>(b));
    }
  }
  Volume volume = channels_of(groups, objects, source, options);
  volume.b_values = b_values;
  return by_b_value(volume);
}

/// Groups by temporal position, else by the order of acquisition times at each place.
std::vector<Group> time_points(const Group& images, size_t places) {
  std::map<int64_t, Group> by_position;
  bool timed = true;
  for (const Image& image : images) {
    by_position[image.temporal.value_or(-1)].push_back(image);
    timed = timed && image.seconds.has_value();
  }
  std::vector<Group> groups;
  if (by_position.size() > 1 && !by_position.contains(-1)) {
    for (const auto& [position, group] : by_position) {
      if (by_rank(group, places).size() != 1) return {};
      groups.push_back(group);
    }
    return groups;
  }
  if (!timed) return {};
  Group ordered = images;
  for (Image& image : ordered) image.number = *image.seconds;
  groups = by_rank(ordered, places);
  // Images at one place must have been taken one after the other.
  for (size_t k = 1; k < groups.size(); ++k)
    for (size_t i = 0; i < groups[k].size(); ++i)
      if (!(*groups[k][i].seconds > *groups[k - 1][i].seconds)) return {};
  return groups;
}

std::vector<double> seconds_of(const std::vector<Group>& groups) {
  std::vector<double> starts;
  for (const Group& group : groups) {
    double start = 0;
    for (size_t i = 0; i < group.size(); ++i) {
      if (!group[i].seconds) return {};
      start = i == 0 ? *group[i].seconds : std::min(start, *group[i].seconds);
    }
    starts.push_back(start);
  }
  // A scan over midnight whose date is that of its start.
  double days = 0;
  for (size_t k = 1; k < starts.size(); ++k) {
    starts[k] += days;
    if (starts[k - 1] - starts[k] > 43200) {
      days += 86400;
      starts[k] += 86400;
    }
  }
  const double first = starts.front();
  for (double& start : starts) start -= first;
  for (size_t k = 1; k < starts.size(); ++k)
    if (!(starts[k] > starts[k - 1])) return {};
  return starts;
}

}  // namespace

std::optional<Volume> read_mr_channels(std::vector<DicomObject>& objects, const std::string& source,
                                       const ReadOptions& options) {
  if (objects.empty() || objects[0].header.modality != "MR") return {};
  const Group images = images_of(objects);
  std::set<int64_t> places;
  std::set<std::string> kinds;
  std::map<int64_t, Group> by_b;
  bool weighted = true;
  for (const Image& image : images) {
    places.insert(image.place);
    kinds.insert(image.kind);
    weighted = weighted && image.b.has_value();
    if (image.b) by_b[std::llround(*image.b)].push_back(image);
  }
  if (images.size() <= places.size()) return {};
  if (weighted && by_b.size() > 1) return with_b_values(by_b, places.size(), objects, source, options);
  if (kinds.size() > 1) return {};
  const auto groups = time_points(images, places.size());
  if (groups.size() < 2) return {};
  Volume volume = channels_of(groups, objects, source, options);
  volume.seconds = seconds_of(groups);
  for (size_t k = 0; k < groups.size(); ++k) volume.channels.push_back("t" + std::to_string(k));
  if (volume.seconds.empty())
    volume.warnings.emplace_back("AcquisitionTime (0008,0032) does not say when its time points were taken");
  return volume;
}

}  // namespace photo51::imaging
