#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "data/images/histogram_landmarks.hpp"
#include "data/images/instances.hpp"
#include "data/images/prepared_image.hpp"
#include "data/images/prepared_label.hpp"
#include "data/images/stored_bytes.hpp"
#include "data/load/image_cache.hpp"
#include "data/load/patch.hpp"
#include "data/modality/image.hpp"
#include "photo51/config/enums.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/preprocess/bytes.hpp"

namespace photo51::data {
namespace {

/// The default of `CaseLoader::load`: no bag has a source.
constexpr int64_t whole_always = std::numeric_limits<int64_t>::max();

at::Tensor row_tensor(const std::vector<float>& values) {
  auto tensor = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
  std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

at::Tensor presence_tensor(const std::vector<bool>& present) {
  auto tensor = at::empty({static_cast<int64_t>(present.size())}, at::kBool);
  std::copy(present.begin(), present.end(), tensor.data_ptr<bool>());
  return tensor;
}

at::Tensor flipped(const at::Tensor& values, const std::vector<preprocess::Axis>& axes, int64_t dims) {
  std::vector<int64_t> which;
  for (const preprocess::Axis axis : axes) {
    const auto place = static_cast<int64_t>(axis);
    if (place >= dims) {
      const auto names = enum_names(axis).first(static_cast<size_t>(dims));
      core::fail_usage("flip: there is no axis `" + config::name_of(axis) + "` in a " + std::to_string(dims) +
                       "D image" + core::suggest(config::name_of(axis), {names.begin(), names.end()}));
    }
    which.push_back(-1 - place);
  }
  return which.empty() ? values : at::flip(values, which);
}

/// A label on the grid of its image, and where its classes are.
struct LoadedLabel {
  std::shared_ptr<const PreparedImage> map;
  std::shared_ptr<const ClassPlaces> places;
};

/// What was fitted for an input; null when nothing was.
const FittedInput* fitted_of(const FittedTransforms& fitted, const std::string& input) {
  const auto found = fitted.inputs.find(input);
  return found == fitted.inputs.end() ? nullptr : found->second.get();
}

std::vector<RowReader> row_readers(const Cohort::Impl& cohort, const FittedTransforms& fitted) {
  std::vector<RowReader> readers;
  for (size_t input = 0; input < cohort.inputs.size(); ++input) {
    const auto& numbers = cohort.modality(input).numbers;
    readers.push_back(numbers ? numbers->reader(cohort, input, fitted_of(fitted, cohort.name(input)))
                              : RowReader());
  }
  return readers;
}

std::vector<Landmarks> all_landmarks(const Cohort::Impl& cohort, const FittedTransforms& fitted) {
  std::vector<Landmarks> landmarks(cohort.inputs.size());
  for (size_t input = 0; input < cohort.inputs.size(); ++input)
    if (cohort.modality(input).image)
      landmarks[input] = landmarks_of(cohort, input, fitted_of(fitted, cohort.name(input)));
  return landmarks;
}

std::vector<BagReader> bag_readers(const Cohort::Impl& cohort, const FittedTransforms& fitted) {
  std::vector<BagReader> readers;
  for (size_t input = 0; input < cohort.inputs.size(); ++input) {
    const auto& bag = cohort.modality(input).bag;
    readers.push_back(bag ? bag->reader(cohort, input, fitted_of(fitted, cohort.name(input))) : BagReader());
  }
  return readers;
}

/// How a case is looked at in a pass.
struct CaseSample {
  core::SampleKey key;
  std::vector<preprocess::Axis> flip;
  bool maps = false;  ///< with the labels of dense tasks
};

}  // namespace

struct CaseLoader::Impl {
  /// An input's images as its cases hold them.
  struct Stored {
    at::Tensor lookup;              ///< undefined unless they stay bytes
    bool bytes_in_training = true;  ///< whether augmentation leaves them so

    at::Tensor lookup_for(const core::SampleKey& key) const {
      return !key.is_random() || bytes_in_training ? lookup : at::Tensor();
    }
  };
  static std::vector<Stored> all_stored(const Cohort::Impl& cohort) {
    std::vector<Stored> stored(cohort.inputs.size());
    for (size_t input = 0; input < cohort.inputs.size(); ++input)
      if (cohort.modality(input).image)
        stored[input] = {lookup_of(cohort, input),
                         preprocess::only_mirrors(cohort.image_options(input).augment)};
    return stored;
  }

  const Cohort::Impl& cohort;
  std::vector<RowReader> readers;    ///< by input; empty for others than rows of numbers
  std::vector<BagReader> bags;       ///< by input; empty for others than bags of vectors
  std::vector<Landmarks> landmarks;  ///< by input; empty unless images are standardised by histogram
  std::vector<Stored> stored;        ///< by input
  std::shared_ptr<ImageCache> images;
  std::shared_ptr<PlaceCache> places;

  std::shared_ptr<const PreparedImage> image(const ImageKey& key) const {
    if (auto known = images->find(key)) return known;
    auto made = cohort.modality(key.input).image->prepare(cohort, key.input, key.row, key.instance);
    images->keep(key, made);
    return made;
  }

  /// Of head number `head`, whose task is dense, where its label is known.
  LoadedLabel label(size_t head, const ImageKey& key, const PreparedImage& image) const {
    const ImageKey own{cohort.inputs.size() + head, key.row, 0};
    LoadedLabel loaded{images->find(own), nullptr};
    if (!loaded.map) {
      loaded.map = prepare_label(cohort, cohort.labels[head], key.input, key.row, image);
      if (!loaded.map) return loaded;
      images->keep(own, loaded.map);
    }
    if (cohort.image_options(key.input).patch)
      loaded.places = places->of(own, [&] {
        return class_places(loaded.map->prepared.values,
                            core::Random({core::hash_key(cohort.ids[key.row]), core::hash_key("places")}));
      });
    return loaded;
  }
  /// By number of the head, of those that outline this image.
  std::map<size_t, LoadedLabel> labels(const ImageKey& key, const PreparedImage& image,
                                       const CaseSample& sample) const {
    std::map<size_t, LoadedLabel> found;
    if (!sample.maps) return found;
    for (size_t head = 0; head < cohort.labels.size(); ++head) {
      const TaskSpec& spec = cohort.labels[head];
      if (!task_of(spec).is_dense || spec.input != cohort.name(key.input)) continue;
      if (auto one = label(head, key, image); one.map) found.emplace(head, std::move(one));
    }
    return found;
  }

  /// What random numbers of this input of this case are drawn for.
  std::string stream(size_t input, size_t row) const { return cohort.ids[row] + "/" + cohort.name(input); }

  /// The part of an image that a random pass sees.
  std::optional<preprocess::Patch> patch_of(const ImageKey& key, const PreparedImage& image,
                                            const std::map<size_t, LoadedLabel>& known,
                                            const core::SampleKey& sample) const {
    const auto& patch = cohort.image_options(key.input).patch;
    if (!patch) return std::nullopt;
    std::vector<const ClassPlaces*> where;
    for (const auto& [head, of] : known) where.push_back(of.places.get());
    return draw_patch(*patch, image.prepared.geometry.size, where,
                      sample.stream(stream(key.input, key.row), "patch"));
  }

  /// `maps` takes the labels of dense tasks by number of the head, [D, H, W] or of one slice [H, W].
  Case::Input load_image(const ImageKey& key, const CaseSample& sample,
                         std::map<size_t, at::Tensor>* maps = nullptr) const {
    const ImageOptions& options = cohort.image_options(key.input);
    const auto cached = image(key);
    auto present = cached->present;
    at::Tensor values = with_landmarks(cached->prepared.values, landmarks[key.input]);
    const bool in_parts = options.patch.has_value();
    at::Tensor lookup = in_parts ? at::Tensor() : stored[key.input].lookup_for(sample.key);
    if (in_parts) values = floats(values, stored[key.input].lookup, 0);
    const auto known = maps ? labels(key, *cached, sample) : std::map<size_t, LoadedLabel>();
    std::map<size_t, at::Tensor> drawn;
    for (const auto& [head, of] : known) drawn[head] = of.map->prepared.values;
    if (sample.key.is_random()) {
      auto name = stream(key.input, key.row);
      if (cohort.names[key.input].bag) name += "#" + std::to_string(key.instance);
      const auto augmentation =
          preprocess::sample_augmentation(options.augment, sample.key, name, cached->present);
      const auto patch = patch_of(key, *cached, known, sample.key);
      if (!lookup.defined() && !in_parts) values = floats(values, stored[key.input].lookup, 0);
      values = lookup.defined() ? preprocess::mirrored(values, augmentation)
                                : preprocess::apply(values, cached->prepared.geometry, augmentation,
                                                    options.preprocess, patch);
      for (auto& [head, map] : drawn)
        map =
            preprocess::apply_to_classes(map, cached->prepared.geometry, augmentation, patch, unknown_class);
      for (size_t i = 0; i < augmentation.channels.size() && i < present.size(); ++i)
        if (augmentation.channels[i].drop) present[i] = false;
    }
    // Slices of a whole image pass one by one, and who lets them knows.
    const bool slice = options.dims == 2 && (!in_parts || sample.key.is_random());
    if (slice) {
      if (values.size(1) != 1)
        core::fail_data("dims: 2 takes one slice, but this image has " + std::to_string(values.size(1)) +
                        "; set preprocess.size to [x, y, 1] or dims: 3");
      values = values.squeeze(1);
    }
    if (has_mask_channel(options)) present.push_back(cached->mask_present);
    for (const auto& [head, map] : drawn) {
      const at::Tensor turned = flipped(map[0], sample.flip, 3);
      (*maps)[head] = slice ? turned.squeeze(0) : turned;
    }
    Case::Input loaded{
        flipped(values, sample.flip, slice ? 2 : options.dims), presence_tensor(present), {}, lookup};
    if (!sample.key.is_random() && !cohort.names[key.input].bag)
      loaded.grids =
          std::make_shared<ImageGrids>(ImageGrids{cached->prepared.geometry, cached->prepared.frame});
    return loaded;
  }

  class Bag;
  /// All of it, or its source where it has more than `most_whole` instances.
  Case::Input load_bag(size_t input, size_t row, const CaseSample& sample, int64_t most_whole) const;
};

/// The instances that are drawn of a case's bag.
class CaseLoader::Impl::Bag final : public BagSource {
 public:
  Bag(const Impl& loader, size_t input, size_t row, CaseSample sample)
      : loader_(loader),
        input_(input),
        row_(row),
        sample_(std::move(sample)),
        drawn_(drawn_instances(instance_count(loader.cohort, input, row),
                               loader.cohort.image_options(input).train_instances, sample_.key,
                               loader.stream(input, row))) {}
  int64_t count() const override { return static_cast<int64_t>(drawn_.size()); }
  Instance read(int64_t index) const override {
    return {loader_.load_image(key(index), sample_).values,
            static_cast<int64_t>(files().views[file_of(index)])};
  }
  void leave_out(int64_t index, const core::Error& why) const override {
    if (loader_.cohort.options.strict) throw core::Error(why);
    leave_out_instance(loader_.cohort, input_, row_, key(index).instance, why);
  }
  std::string file(int64_t index) const override { return files().channels[file_of(index)].string(); }
  std::optional<preprocess::Tile> tile(int64_t index) const override {
    const auto tile = loader_.cohort.modality(input_).image->tile;
    if (tile == nullptr) return std::nullopt;
    return tile(loader_.cohort, input_, row_, instance_at(loader_.cohort, input_, row_, key(index).instance));
  }

 private:
  ImageKey key(int64_t index) const { return {input_, row_, drawn_[static_cast<size_t>(index)]}; }
  const RowFiles& files() const { return loader_.cohort.files[input_][row_]; }
  size_t file_of(int64_t index) const {
    return instance_at(loader_.cohort, input_, row_, key(index).instance).file;
  }

  const Impl& loader_;
  size_t input_, row_;
  CaseSample sample_;
  std::vector<size_t> drawn_;
};

Case::Input CaseLoader::Impl::load_bag(size_t input, size_t row, const CaseSample& sample,
                                       int64_t most_whole) const {
  const ImageOptions& options = cohort.image_options(input);
  auto source = std::make_shared<Bag>(*this, input, row, sample);
  Case::Input bag;
  bag.lookup = stored[input].lookup_for(sample.key);
  if (source->count() > most_whole) {
    bag.source = std::move(source);
    return bag;
  }
  const int64_t count = source->count();
  std::vector<BagStream::Bag> alone{{cohort.ids[row], std::move(source)}};
  BagStream instances(std::move(alone), {.views = static_cast<int64_t>(options.channels.size())});
  bag.values = instances.next(count);
  bag.view = instances.view();
  bag.channel_present = instances.channel_present()[0];
  return bag;
}

CaseLoader::CaseLoader(const Cohort& cohort, const FittedTransforms& fitted, int64_t cache_mib)
    : impl_(new Impl{.cohort = cohort.impl(),
                     .readers = row_readers(cohort.impl(), fitted),
                     .bags = bag_readers(cohort.impl(), fitted),
                     .landmarks = all_landmarks(cohort.impl(), fitted),
                     .stored = Impl::all_stored(cohort.impl()),
                     .images = std::make_shared<ImageCache>(cache_mib * 1024 * 1024),
                     .places = std::make_shared<PlaceCache>()}) {}

CaseLoader::CaseLoader(const CaseLoader& other, const FittedTransforms& fitted)
    : impl_(new Impl{.cohort = other.impl_->cohort,
                     .readers = row_readers(other.impl_->cohort, fitted),
                     .bags = bag_readers(other.impl_->cohort, fitted),
                     .landmarks = all_landmarks(other.impl_->cohort, fitted),
                     .stored = other.impl_->stored,
                     .images = other.impl_->images,
                     .places = other.impl_->places}) {}

CaseLoader::~CaseLoader() = default;

Case CaseLoader::load(int64_t row, const core::SampleKey& key, const std::vector<preprocess::Axis>& flip,
                      int64_t most_whole, bool with_maps) const {
  const CaseSample sample{key, flip, with_maps || key.is_random()};
  const auto& cohort = impl_->cohort;
  const auto at = static_cast<size_t>(row);
  Case loaded;
  std::map<size_t, at::Tensor> maps;
  loaded.id = cohort.ids.at(at);
  loaded.site = cohort.sites[at];
  core::with_context([&] { return "case " + loaded.id; },
                     [&] {
                       std::vector<std::string> names;
                       bool any = false;
                       for (size_t input = 0; input < cohort.inputs.size(); ++input) {
                         const auto& name = cohort.name(input);
                         names.push_back(name);
                         auto& into = loaded.inputs[name];
                         if (!cohort.has_input(input, at)) continue;
                         any = true;
                         core::with_context([&] { return "input " + name; },
                                            [&] {
                                              if (const auto& reader = impl_->readers[input])
                                                into.values = row_tensor(reader(at));
                                              else if (const auto& bag = impl_->bags[input])
                                                into = bag(at, sample.key, impl_->stream(input, at),
                                                           most_whole < whole_always);
                                              else if (cohort.names[input].bag)
                                                into = impl_->load_bag(input, at, sample, most_whole);
                                              else
                                                into = impl_->load_image({input, at, 0}, sample, &maps);
                                            });
                       }
                       if (!any)
                         core::fail_data("it has none of the inputs " + core::join(names, ", ") +
                                         "; fill in one of them or remove the case");
                     });
  for (size_t head = 0; head < cohort.labels.size(); ++head) {
    const std::string& name = cohort.labels[head].head;
    auto& label = loaded.labels[name] = cohort.label_values.at(name)[at];
    if (const auto map = maps.find(head); map != maps.end()) label.map = map->second;
  }
  return loaded;
}

}  // namespace photo51::data
