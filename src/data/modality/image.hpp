#pragma once
/// What modalities have in common whose images a model sees: a row that each changes where it is of its own.

#include <string>
#include <vector>

#include "data/images/prepared_image.hpp"
#include "data/images/problems.hpp"
#include "data/modality/files.hpp"

namespace photo51::data {

/// What decides whether an image's options go together.
struct ImageFacts {
  bool bag = false;
  std::vector<std::string> planes{""};
  bool has_bias_field = false;  ///< of a coil
  bool has_stain = false;
};
/// Conditions between the options of images.
void check_image(config::Fields& f, const ImageOptions& o, const ImageFacts& facts);

/// A bag where the options say so, and else not.
bool is_plain_bag(const ImageOptions& o);
ColorMode color_or(const ImageOptions& o, ColorMode usual);
std::vector<std::string> planes_of_color(ColorMode color);

/// Whether a model sees a mask as the last channel: a file's, or a region that a segmenter finds.
bool has_mask_channel(const ImageOptions& o);
/// Of the segmenter.
NamedFiles named_files_of(ImageOptions& o);

bool has_image(const Cohort::Impl& cohort, size_t input, size_t row);
/// Histogram landmarks, where images are standardised by them.
Fitted fit_image(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train);
Fitted fitted_image(const core::Learned& learned, const config::Choice& input);
size_t one_part(const Cohort::Impl& cohort, size_t input, size_t row, size_t file);
InputInfo image_info(const std::string& name, const ImageOptions& options, size_t planes, bool bag);
PlaceNeeds place_of_scan(const ImageOptions& options);
PlaceNeeds place_of_picture(const ImageOptions& options);
InputColumns columns_of_image(const ImageOptions& options, bool bag);

template <class Options>
const ImageOptions& image_of(const config::Choice& input) {
  return input.as<Options>();
}

/// A row of scans, of which a bag is what the options call one.
template <class Options>
Modality image_row(const char* help, imaging::Volume (*read)(const ImageFile& file)) {
  Modality row{};
  row.component = config::component<Options>(Options::modality, help);
  row.columns = [](const config::Choice& input) {
    return columns_of_image(image_of<Options>(input), is_plain_bag(image_of<Options>(input)));
  };
  row.has = has_image;
  row.info = [](const std::string& name, const config::Choice& input, const FittedInput*) {
    const Modality& self = modality_of(input);
    return image_info(name, image_of<Options>(input), self.files->planes(input).size(),
                      self.columns(input).bag);
  };
  row.fit = fit_image;
  row.fitted = fitted_image;
  row.problems = image_problems;
  row.named_files = [](config::Choice& input) { return named_files_of(options_of<Options>(input)); };
  row.files = FileModality{
      .options = files_of<Options>,
      .read = read,
      .place = [](const config::Choice& input) { return place_of_scan(image_of<Options>(input)); },
      .masks = masks_of<Options>,
      .color =
          [](const config::Choice& input) { return color_or(image_of<Options>(input), ColorMode::single); },
      .planes =
          [](const config::Choice& input) {
            return planes_of_color(color_or(image_of<Options>(input), ColorMode::single));
          }};
  row.image = ImageModality{.options = image_of<Options>,
                            .prepare = prepare_image,
                            .parts = one_part,
                            .cache_key = nullptr,
                            .leave_out = nullptr,
                            .overview = nullptr,
                            .tile = nullptr,
                            .stays_bytes = nullptr};
  return row;
}

}  // namespace photo51::data
