#include "photo51/data/modality/features.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/features/feature_bag.hpp"
#include "data/features/feature_places.hpp"
#include "data/images/instances.hpp"
#include "data/images/problems.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

/// What the vectors of all cases share.
struct FeatureKind {
  int64_t width = 0;
  std::string encoder;  ///< as their files say; empty: they do not
  std::string file;     ///< that says so
};

/// Error (data): two files that are not of the same encoder.
void require_same(const FeatureKind& one, const FeatureKind& other) {
  if (one.width != other.width)
    core::fail_data(one.file + ": its features have " + std::to_string(one.width) + " numbers, and " +
                    other.file + " has " + std::to_string(other.width) +
                    "; name files of one encoder, or give each encoder an input of its own");
  if (one.encoder != other.encoder && !one.encoder.empty() && !other.encoder.empty())
    core::fail_data(one.file + ": its features are of another encoder or preparation (" + one.encoder +
                    ") than " + other.file + " (" + other.encoder +
                    "), so their numbers mean different things; embed all cases alike");
}

class FittedFeatures final : public FittedInput {
 public:
  explicit FittedFeatures(FeatureKind kind_) : kind(std::move(kind_)) {}
  nlohmann::json to_json() const override { return {{"width", kind.width}, {"encoder", kind.encoder}}; }
  Fitted merged(const FittedInput& other) const override {
    const auto& theirs = other_state<FittedFeatures>(other).kind;
    if (kind.width != theirs.width ||
        (kind.encoder != theirs.encoder && !kind.encoder.empty() && !theirs.encoder.empty()))
      core::fail_usage("the parts have features of different encoders (of " + std::to_string(kind.width) +
                       " and " + std::to_string(theirs.width) + " numbers); embed all cases alike");
    return std::make_shared<FittedFeatures>(kind.encoder.empty() ? theirs : kind);
  }

  FeatureKind kind;
};

FeatureKind kind_of(const FeatureFile& file, const std::filesystem::path& path) {
  return {file.width(), file.encoder(), path.string()};
}

bool has_features(const Cohort::Impl& cohort, size_t input, size_t row) {
  return !cohort.files[input][row].channels.empty();
}

std::shared_ptr<FeatureFiles> open_bag(const Cohort::Impl& cohort, size_t input, size_t row,
                                       FeatureKind& kind) {
  const RowFiles& named = cohort.files[input][row];
  std::vector<std::shared_ptr<const FeatureFile>> files;
  std::vector<int64_t> views;
  std::vector<std::string> paths;
  for (size_t i = 0; i < named.channels.size(); ++i)
    core::with_context([&] { return "channel " + cohort.channel_of(input, row, i); },
                       [&] {
                         auto file = FeatureFile::open(named.channels[i]);
                         FeatureKind here = kind_of(*file, named.channels[i]);
                         if (kind.width == 0) kind = here;
                         require_same(here, kind);
                         if (kind.encoder.empty()) kind.encoder = here.encoder;
                         files.push_back(std::move(file));
                         views.push_back(static_cast<int64_t>(named.views[i]));
                         paths.push_back(named.channels[i].string());
                       });
  return std::make_shared<FeatureFiles>(std::move(files), std::move(views), std::move(paths));
}

Fitted fit_features(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  FeatureKind kind;
  for (const size_t row : train) {
    if (!has_features(cohort, input, row)) continue;
    core::with_context(
        [&] { return "case " + cohort.ids[row]; },
        [&] {
          FeatureKind here = kind;
          try {
            open_bag(cohort, input, row, here);
          } catch (const core::Error& error) {
            // Its own fault: it is left out when it is loaded.
            if (cohort.options.on_bad_case != BadCase::skip || error.fault() != core::Fault::data) throw;
            return;
          }
          kind = here;
        });
  }
  if (kind.width == 0) core::fail_data("no case of the training part has it, or none can be read");
  return std::make_shared<FittedFeatures>(kind);
}

Fitted fitted_features(const core::Learned& learned, const config::Choice& /*input*/) {
  FeatureKind kind;
  kind.width = learned.at("width").whole(1, int64_t{1} << 24);
  kind.encoder = learned.at("encoder").text();
  kind.file = "the training part";
  return std::make_shared<FittedFeatures>(kind);
}

InputInfo features_info(const std::string& name, const config::Choice& input, const FittedInput* fitted) {
  InputInfo info;
  info.image = false;
  info.bag = true;
  info.channels = state_of<FittedFeatures>(fitted, name).kind.width;
  info.views = static_cast<int64_t>(input.as<FeaturesOptions>().channels.size());
  return info;
}

BagReader bag_reader(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted) {
  FeatureKind learned = state_of<FittedFeatures>(fitted, cohort.name(input)).kind;
  return [&cohort, input, learned](size_t row, const core::SampleKey& key, const std::string& stream,
                                   bool as_source) {
    FeatureKind kind = learned;
    const auto source = open_bag(cohort, input, row, kind);
    const auto& options = cohort.own<FeaturesOptions>(input);
    if (key.is_random() && options.instances > 0 && source->count() > options.instances)
      source->choose(drawn_instances(static_cast<size_t>(source->count()), options.instances, key, stream));
    Case::Input bag;
    if (as_source) {
      bag.source = source;
      return bag;
    }
    BagSource::Block all = source->read_block(0, source->count()).value();
    bag.channel_present = at::zeros({static_cast<int64_t>(options.channels.size())}, at::kBool);
    bag.channel_present.index_fill_(0, all.view, true);
    bag.values = std::move(all.values);
    bag.view = std::move(all.view);
    return bag;
  };
}

BagPlaces places_of_features(const Cohort::Impl& cohort, size_t input, size_t row) {
  FeatureKind kind;
  const auto bag = open_bag(cohort, input, row, kind);
  FeatureSources sources{.files = bag->files(), .views = bag->views(), .slides = {}, .no_slides = {}};
  const std::string& name = cohort.own<FeaturesOptions>(input).slide;
  const auto column = cohort.find_column(cohort.name(input), name);
  if (!column) {
    sources.no_slides = "the manifest has no column `" + name +
                        "` of slides; add it, or name another by `slide` of the input";
  } else if (is_blank(cohort.cell(row, *column))) {
    sources.no_slides = "column `" + cohort.table.columns[*column] + "` of the manifest is blank";
  } else {
    for (const auto& part : core::split(cohort.cell(row, *column), ';'))
      sources.slides.push_back(cohort.resolve(std::string(core::trim(part))));
  }
  return feature_places(sources);
}

std::vector<std::string> feature_problems(const Cohort::Impl& cohort, size_t input, size_t row) {
  constexpr int64_t piece = 8192;
  const std::string problem = problem_of([&] {
    FeatureKind kind;
    const auto bag = open_bag(cohort, input, row, kind);
    for (int64_t begin = 0; begin < bag->count(); begin += piece)
      bag->read_block(begin, std::min(piece, bag->count() - begin));
  });
  return problem.empty() ? std::vector<std::string>{} : std::vector{problem};
}

}  // namespace

void describe(config::Fields& f, FeaturesOptions& o) {
  f("channels", o.channels,
    "manifest columns with files of features (.safetensors, or .h5 of CLAM and TRIDENT), `<input>.<channel>` "
    "or `<channel>`; several files of a cell (`a.h5;b.h5`) and all columns make one bag");
  f("slide", o.slide,
    "manifest column of the slide that the tiles of the features lie on, `<input>.<slide>` or `<slide>`, "
    "several separated by `;`; for heat maps (--heat-maps) alone, and may be absent");
  f("instances", o.instances,
    "vectors drawn of a training case that has more, anew in every epoch; prediction takes all; 0 = all",
    {.min = 0});
  f.check(!o.channels.empty(), "channels", "name at least one channel, a manifest column");
}

const Modality rows::features{
    .component = config::component<FeaturesOptions>("features",
                                                    "vectors of a frozen encoder, a bag a case, from files"),
    .columns =
        [](const config::Choice& input) {
          return InputColumns{.channels = input.as<FeaturesOptions>().channels, .bag = true};
        },
    .has = has_features,
    .info = features_info,
    .fit = fit_features,
    .fitted = fitted_features,
    .problems = feature_problems,
    .bag = BagModality{.reader = bag_reader},
    .places = places_of_features,
    .optional_columns =
        [](const config::Choice& input) { return std::vector{input.as<FeaturesOptions>().slide}; }};

}  // namespace photo51::data
