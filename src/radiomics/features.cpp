#include "photo51/radiomics/features.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "photo51/config/enums.hpp"
#include "radiomics/ibsi/families.hpp"
#include "radiomics/ibsi/gpu_texture.hpp"

namespace photo51::radiomics {
namespace {

using Space = Aggregation::Space;

/// An aggregation with its spellings: in the output, at the end of a tag.
struct Spelling {
  Aggregation aggregation;
  const char *name, *tag, *zonal_name, *zonal_tag;
};
/// A row a `TextureAggregation`, in their order.
constexpr Spelling kSpellings[] = {
    {{Space::slices, false}, "2D_average", "_2D_avg", "2D", "_2D"},
    {{Space::slices, true}, "2D_merged", "_2D_comb", "2D", "_2D"},
    {{Space::merged_slices, false}, "2.5D_average", "_2_5D_avg", "2.5D", "_2_5D"},
    {{Space::merged_slices, true}, "2.5D_merged", "_2_5D_comb", "2.5D", "_2_5D"},
    {{Space::volume, false}, "3D_average", "_3D_avg", "3D", "_3D"},
    {{Space::volume, true}, "3D_merged", "_3D_comb", "3D", "_3D"}};

bool chosen(const Settings& settings, const Family& family) {
  if (settings.families.empty()) return &family != &diagnostic();
  return std::ranges::find(settings.families, family.info.family) != settings.families.end();
}

/// What `settings.aggregation` means for a family.
std::vector<const Spelling*> spellings(const Settings& settings, const Family& family) {
  if (family.kind == Family::Kind::plain) return {nullptr};
  std::vector<const Spelling*> result;
  for (const TextureAggregation wanted : settings.aggregation) {
    const Spelling* found = &kSpellings[static_cast<size_t>(wanted)];
    const bool there = std::any_of(result.begin(), result.end(), [&](const Spelling* row) {
      return row->aggregation.space == found->aggregation.space;
    });
    if (family.kind == Family::Kind::directional || !there) result.push_back(found);
  }
  return result;
}

void append(const Family& family, const Input& input, std::vector<Feature>& features) {
  const auto rows = spellings(input.settings, family);
  std::vector<Aggregation> wanted;
  for (const Spelling* row : rows)
    if (row != nullptr) wanted.push_back(row->aggregation);
  const Values values = family.compute(input, wanted);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < family.info.features.size(); ++j) {
      const FeatureInfo& info = family.info.features[j];
      Feature feature{info.name, info.tag, config::name_of(family.info.family), "", values[i][j]};
      if (rows[i] != nullptr) {
        const bool zonal = family.kind == Family::Kind::zonal;
        feature.tag += zonal ? rows[i]->zonal_tag : rows[i]->tag;
        feature.aggregation = zonal ? rows[i]->zonal_name : rows[i]->name;
      }
      features.push_back(std::move(feature));
    }
  }
}

}  // namespace

std::span<const Family* const> family_table() {
  static const std::array table{&diagnostic(),
                                &morphology(),
                                &local_intensity(),
                                &statistics(),
                                &intensity_histogram(),
                                &intensity_volume_histogram(),
                                &glcm(),
                                &glrlm(),
                                &glszm(),
                                &gldzm(),
                                &ngtdm(),
                                &ngldm()};
  return table;
}

std::span<const FamilyInfo> families() {
  static const auto infos = [] {
    std::vector<FamilyInfo> result;
    for (const Family* family : family_table()) result.push_back(family->info);
    return result;
  }();
  return infos;
}

std::vector<Feature> features_of(const Region& region, const Settings& settings,
                                 const Diagnostics* diagnostics, const Resources& resources) {
  std::vector<const Family*> wanted;
  for (const Family* family : family_table())
    if (chosen(settings, *family)) wanted.push_back(family);
  Levels levels;
  Texture texture;
  if (std::any_of(wanted.begin(), wanted.end(), [](const Family* family) { return family->needs_levels; })) {
    levels = discretise(region, settings.discretise, settings.range);
    texture = make_texture(region, levels, settings.distance);
    if (resources.device != "cpu") put_on(texture, resources.device);
  }
  Neighbourhood neighbourhood{std::vector<int64_t>(settings.distance)};
  std::iota(neighbourhood.distances.begin(), neighbourhood.distances.end(), 1);
  const Input input{region, levels, texture, neighbourhood, settings, diagnostics};
  std::vector<std::vector<Feature>> of_family(wanted.size());
  const auto compute = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const size_t at = wanted.size() - 1 - i;  // textures, which take longest, come last in the table
      append(*wanted[at], input, of_family[at]);
    }
  };
  const auto count = static_cast<int64_t>(wanted.size());
  if (resources.pool != nullptr)
    resources.pool->parallel_for(count, 1, compute);
  else
    compute(0, count);
  std::vector<Feature> features;
  for (auto& some : of_family) std::move(some.begin(), some.end(), std::back_inserter(features));
  return features;
}

bool takes_own_grid(const Settings& settings) {
  return settings.profile == "pyradiomics" ? !settings.pyradiomics.resampled_spacing.empty()
                                           : !settings.spacing.empty();
}

std::vector<Feature> extract(const imaging::Volume& image, const imaging::Volume& mask,
                             const Settings& settings, core::ThreadPool* pool, const std::string& device) {
  const Resources resources{pool, texture_device(device)};
  if (settings.profile == "pyradiomics")
    return extract_pyradiomics(image, mask, settings.pyradiomics, resources);
  double margin = 0;
  for (const Family* family : family_table())
    if (chosen(settings, *family)) margin = std::max(margin, family->margin);
  Diagnostics diagnostics;
  Diagnostics* const asked = chosen(settings, diagnostic()) ? &diagnostics : nullptr;
  // Families of the mask alone never look at what lies around it.
  Region region =
      make_region(image, mask, settings, margin, asked, margin > 0 ? Finite::around : Finite::inside);
  resegment(region, settings);
  if (asked != nullptr) {
    diagnostics.resegmented = summary(region, region.mask);
    diagnostics.resegmented_shape = summary(region, region.shape);
  }
  std::vector<Feature> features;
  if (settings.unfiltered) features = features_of(region, settings, asked, resources);
  for (const config::Choice& filter : settings.filters) {
    auto more = features_of_response(filter, image, region, settings, resources);
    std::move(more.begin(), more.end(), std::back_inserter(features));
  }
  return features;
}

}  // namespace photo51::radiomics
