#include "imaging/tiff/scene.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "imaging/tiff/ome.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

int64_t area(const TiffImage& image) {
  return image.grid.width * image.grid.height;
}

bool same_size(const TiffImage& a, const TiffImage& b) {
  return a.grid.width == b.grid.width && a.grid.height == b.grid.height;
}

bool same_pixels(const TiffImage& a, const TiffImage& b) {
  return a.bits == b.bits && a.samples == b.samples && a.format == b.format &&
         (a.samples < 3) == (b.samples < 3);
}

/// A smaller picture of the same kind of pixels and the same shape to a few pixels.
bool has_shape_of(const TiffImage& whole, const TiffImage& image) {
  const double x = static_cast<double>(whole.grid.width) / static_cast<double>(image.grid.width);
  const double y = static_cast<double>(whole.grid.height) / static_cast<double>(image.grid.height);
  // Rounded sizes of a level may be off by a pixel.
  const double slack = 0.005 + 1.5 / static_cast<double>(std::min(image.grid.width, image.grid.height));
  return same_pixels(whole, image) && x > 1.05 && y > 1.05 && std::abs(x / y - 1) < slack;
}

/// Which samples of a page can be shown each by itself; none when it is one picture.
int64_t separate_samples(const TiffImage& image) {
  const bool gray =
      image.photometric == PHOTOMETRIC_MINISBLACK || image.photometric == PHOTOMETRIC_MINISWHITE;
  if (gray && image.samples > 1 && !image.has_alpha()) return image.samples;
  if (image.photometric == PHOTOMETRIC_RGB && image.samples > 4) return image.samples;
  return 0;
}

std::string name_of(const TiffImage& image, size_t number) {
  for (const char* name : {"label", "macro", "thumbnail"})
    if (image.description.find(name) != std::string::npos) return name;
  if (image.macro) return "macro";
  return "image " + std::to_string(number);
}

bool is_named_other(const TiffImage& image) {
  return !name_of(image, 0).starts_with("image");
}

/// One of the images of the same place: its page and the levels below it.
struct ScenePlane {
  std::string name;
  int64_t z = 0;
  TiffView view;
  std::vector<TiffImage> smaller;
};

/// Which channel (0), slice (1) and time (2) the n-th plane is, by the order of OME's dimensions.
std::array<int64_t, 3> place_of(int64_t n, const std::string& order, const std::array<int64_t, 3>& sizes) {
  std::array<int64_t, 3> place{0, 0, 0};
  for (const char axis : order.substr(2)) {
    const size_t which = axis == 'C' ? 0 : axis == 'Z' ? 1 : 2;
    place[which] = n % sizes[which];
    n /= sizes[which];
  }
  return place;
}

class Arranger {
 public:
  Arranger(TiffFile& file, const SlideOptions& options)
      : file_(file), options_(options), images_(file.images()) {}

  TiffScene arrange() {
    require_imagej_pages(described().description, static_cast<int64_t>(images_.size()));
    const size_t page = main_page();
    scene_.page = static_cast<int64_t>(page);
    scene_.whole = images_[page];
    std::vector<ScenePlane> planes = planes_of(page);
    find_levels(page, planes);
    if (planes.size() == 1 && planes[0].view.sample < 0) {
      if (!options_.channels.empty())
        core::fail_data("is one picture: it has no channels to choose from; leave slide.channels out");
      choose_channels({{""}, 1}, options_, false);
      build(planes, {0});
      return std::move(scene_);
    }
    const auto [offer, times] = offered(planes);
    if (times > 1)
      core::fail_data("is a series of " + std::to_string(times) + " times, not a slide; export one of them");
    const SlideChoice choice = choose_channels(offer, options_, true);
    std::vector<size_t> chosen;
    for (const size_t channel : choice.channels)
      chosen.push_back(number_of(planes, channel, static_cast<int64_t>(choice.plane)));
    build(planes, chosen);
    return std::move(scene_);
  }

 private:
  size_t main_page() {
    if (options_.page > 0) {
      if (options_.page > static_cast<int64_t>(images_.size()))
        core::fail_data("has no page " + std::to_string(options_.page) + " (slide.page); it has " +
                        std::to_string(images_.size()));
      return static_cast<size_t>(options_.page - 1);
    }
    const size_t page = largest_page(images_);
    const bool silent = std::all_of(images_.begin(), images_.begin() + static_cast<std::ptrdiff_t>(page),
                                    [](const TiffImage& i) { return i.reduced || is_named_other(i); });
    if (!silent)
      scene_.warnings.push_back("its page " + std::to_string(page + 1) +
                                " is the largest and is taken for the slide; slide.page names another");
    return page;
  }

  const TiffImage& described() const { return images_.front(); }

  /// The pages of the size of the slide, each with its samples that are images of their own.
  std::vector<ScenePlane> planes_of(size_t page) {
    const TiffImage& whole = images_[page];
    std::vector<ScenePlane> planes;
    for (const TiffImage& image : images_) {
      if (!same_size(whole, image) || (image.reduced != whole.reduced)) continue;
      if (!same_pixels(whole, image) || image.grid.piece_width != whole.grid.piece_width ||
          image.grid.piece_height != whole.grid.piece_height)
        core::fail_data(
            "has pages of one size but of different kinds of pixels; export the one that is meant");
      const int64_t samples = separate_samples(image);
      for (int64_t sample = 0; sample < std::max<int64_t>(samples, 1); ++sample)
        planes.push_back({image.page_name, 0, {image, samples > 0 ? sample : -1}, {}});
    }
    if (planes.size() > 1 && separate_samples(whole) == 0 && whole.samples < 3)
      for (ScenePlane& plane : planes) plane.view.sample = 0;
    return planes;
  }

  /// Names and places by OME-XML or ImageJ; else every plane is a channel, or a picture by itself.
  std::pair<SlideOffer, int64_t> offered(std::vector<ScenePlane>& planes) {
    const auto count = static_cast<int64_t>(planes.size());
    std::array<int64_t, 3> sizes{count, 1, 1};
    std::string order = "XYCZT";
    std::vector<std::string> names;
    const TiffImage& whole = scene_.whole;
    if (whole.samples >= 3 && planes[0].view.sample < 0) sizes = {1, count, 1};
    if (is_ome(described().description)) {
      const auto said = parse_ome(described().description);
      const OmeImage* image = ome_image_of(said, whole.grid.width, whole.grid.height, scene_.page);
      if (image != nullptr) {
        names = image->channel_names;
        if (image->channels * image->depth * image->times == count) {
          sizes = {image->channels, image->depth, image->times};
          order = image->order;
        }
      }
    } else if (const auto imagej = parse_imagej(described().description);
               imagej && imagej->channels * imagej->slices * imagej->frames == count) {
      sizes = {imagej->channels, imagej->slices, imagej->frames};
    }
    SlideOffer offer;
    offer.planes = sizes[1];
    offer.channels.resize(static_cast<size_t>(sizes[0]));
    for (int64_t i = 0; i < count; ++i) {
      ScenePlane& plane = planes[static_cast<size_t>(i)];
      const auto place = place_of(i, order, sizes);
      plane.z = place[1];
      const auto channel = static_cast<size_t>(place[0]);
      if (names.size() == offer.channels.size()) plane.name = names[channel];
      if (place[1] == 0 && place[2] == 0) offer.channels[channel] = plane.name;
      channel_of_.push_back(channel);
    }
    return {offer, sizes[2]};
  }

  size_t number_of(const std::vector<ScenePlane>& planes, size_t channel, int64_t z) const {
    for (size_t i = 0; i < planes.size(); ++i)
      if (channel_of_[i] == channel && planes[i].z == z) return i;
    return 0;  // every place has one
  }

  void find_levels(size_t page, std::vector<ScenePlane>& planes) {
    const TiffImage& whole = images_[page];
    for (ScenePlane& plane : planes)
      for (const uint64_t offset : plane.view.image.smaller) {
        const TiffImage image = file_.image_at(offset);
        if (has_shape_of(whole, image)) plane.smaller.push_back(image);
      }
    const int64_t pages = std::count_if(images_.begin(), images_.end(), [&](const TiffImage& image) {
      return same_size(whole, image) && image.reduced == whole.reduced;
    });
    // By size, from the finest, in the order of the file.
    std::map<int64_t, std::vector<size_t>, std::greater<>> groups;
    for (size_t i = 0; i < images_.size(); ++i)
      if (!same_size(whole, images_[i]) || images_[i].reduced != whole.reduced)
        groups[area(images_[i])].push_back(i);
    TiffImage finer = whole;
    int64_t unlike = 0;
    for (const auto& [pixels, group] : groups) {
      if (static_cast<int64_t>(group.size()) % pages == 0 && is_level(whole, finer, images_[group[0]])) {
        const size_t samples = planes.size() / static_cast<size_t>(pages);
        for (size_t i = 0; i < planes.size(); ++i) planes[i].smaller.push_back(images_[group[i / samples]]);
        finer = images_[group[0]];
        for (size_t i = static_cast<size_t>(pages); i < group.size(); ++i) set_aside(group[i], unlike);
        continue;
      }
      for (const size_t i : group) set_aside(i, unlike);
    }
    if (unlike > 0)
      scene_.warnings.push_back(
          "has " + std::to_string(unlike) +
          " more picture(s) that are not the slide made smaller, which are not shown; slide.page names one");
  }

  bool is_level(const TiffImage& whole, const TiffImage& finer, const TiffImage& image) {
    if (is_named_other(image) || !has_shape_of(whole, image)) return false;
    // The mark alone is trusted where the page is laid out as the slide is: labels may be marked too.
    if (image.reduced && image.tiled == whole.tiled) return true;
    return shows_the_same(file_, finer, image);
  }

  void set_aside(size_t number, int64_t& unlike) {
    const TiffImage& image = images_[number];
    scene_.associated.emplace_back(name_of(image, number), image);
    unlike += !image.reduced && !is_named_other(image) && 16 * area(image) >= area(scene_.whole);
  }

  void build(const std::vector<ScenePlane>& planes, const std::vector<size_t>& chosen) {
    TiffLevelViews finest;
    for (const size_t i : chosen) finest.push_back(planes[i].view);
    scene_.whole = finest.front().image;
    scene_.levels.push_back(finest);
    const auto& smaller = planes[chosen.front()].smaller;
    for (size_t level = 0; level < smaller.size(); ++level) {
      TiffLevelViews views;
      for (const size_t i : chosen) {
        const bool there =
            level < planes[i].smaller.size() && same_size(planes[i].smaller[level], smaller[level]);
        if (there) views.push_back({planes[i].smaller[level], planes[i].view.sample});
      }
      if (views.size() == chosen.size()) scene_.levels.push_back(views);
    }
    std::stable_sort(scene_.levels.begin(), scene_.levels.end(),
                     [](const TiffLevelViews& a, const TiffLevelViews& b) {
                       return a[0].image.grid.width > b[0].image.grid.width;
                     });
  }

  TiffFile& file_;
  const SlideOptions& options_;
  std::vector<TiffImage> images_;
  TiffScene scene_;
  std::vector<size_t> channel_of_;  ///< by plane
};

}  // namespace

size_t largest_page(const std::vector<TiffImage>& images) {
  std::optional<size_t> best;
  for (const bool reduced : {false, true}) {
    for (size_t i = 0; i < images.size(); ++i)
      if (images[i].reduced == reduced && (!best || area(images[i]) > area(images[*best]))) best = i;
    if (best) break;
  }
  return best.value_or(0);
}

TiffScene arrange(TiffFile& file, const SlideOptions& options) {
  return Arranger(file, options).arrange();
}

}  // namespace photo51::imaging
