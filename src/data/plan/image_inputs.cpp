#include "photo51/data/plan/image_inputs.hpp"

#include <algorithm>
#include <set>

#include "data/plan/label_column.hpp"
#include "photo51/config/components.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {
namespace {

using Words = std::set<std::string>;

const Words& mask_words() {
  static const Words words{"mask", "seg", "segmentation", "label", "labels", "roi", "rois", "gtv", "contour"};
  return words;
}

const std::map<std::string, Words>& modality_words() {
  static const std::map<std::string, Words> words{
      {"mri", {"mri", "mr", "t1", "t1c", "t1ce", "t1gd", "t1w", "t2", "t2w", "flair", "dwi", "adc", "swi"}},
      {"ct", {"ct", "cect", "ncct"}},
      {"pet", {"pet", "suv", "fdg"}},
      {"mammography", {"mg", "mammo", "mammogram", "mammography", "lcc", "rcc", "lmlo", "rmlo", "cc", "mlo"}},
      {"ultrasound", {"us", "ultrasound", "bmode", "sonography"}},
      {"histopathology", {"wsi", "slide", "he", "histology", "histopathology", "pathology"}},
  };
  return words;
}

/// The modalities that a name speaks of.
std::vector<std::string> named_modalities(const std::string& column) {
  std::vector<std::string> found;
  for (const auto& [modality, words] : modality_words())
    for (const auto& part : name_parts(column))
      if (words.contains(part) && (found.empty() || found.back() != modality)) found.push_back(modality);
  return found;
}

std::string image_modalities() {
  std::vector<std::string> names;
  for (const auto& [modality, words] : modality_words()) names.push_back(modality);
  return core::join(names, ", ");
}

/// What `--input` takes.
std::vector<std::string> planned_names() {
  std::vector<std::string> names{"mask", "clinical", "omics"};
  for (const auto& [modality, words] : modality_words()) names.push_back(modality);
  return names;
}

bool is_one_slice(const MeasuredColumn& column) {
  return std::all_of(column.facts.begin(), column.facts.end(),
                     [](const auto& facts) { return facts.size[2] == 1 && facts.kind != "cine"; });
}

/// Regions by themselves, or few whole numbers, 0 among them.
bool holds_regions(const MeasuredColumn& column) {
  bool named = false;
  for (const auto& part : name_parts(column.column.name)) named = named || mask_words().contains(part);
  size_t different = 0;
  for (const auto& facts : column.facts) {
    if (facts.kind == "segmentation" || facts.kind == "structure_set") continue;
    if (facts.values.empty() || facts.values.front() != 0 || facts.channels != 1) return false;
    different = std::max(different, facts.values.size());
  }
  return named || different <= 8;
}

struct Known {
  std::string modality, why;  ///< modality empty: `why` it is not known
};

Known modality_from_files(const MeasuredColumn& column) {
  Words said;
  for (const auto& facts : column.facts)
    if (facts.modality != imaging::Modality::unknown) said.insert(imaging::to_string(facts.modality));
  if (said.size() > 1)
    return {"", "holds files of several modalities (" + core::join({said.begin(), said.end()}, ", ") + ")"};
  if (said.empty()) return {};
  const std::string modality = *said.begin();
  const auto names = config::names_of(modalities());
  if (std::find(names.begin(), names.end(), modality) == names.end())
    return {"", "holds files of modality " + modality + ", which no input reads"};
  return {modality, "the files say so"};
}

Known modality_of_column(const MeasuredColumn& column, const ColumnHints& hints) {
  const std::string& name = column.column.name;
  if (const auto asked = hints.inputs.find(name); asked != hints.inputs.end())
    return {asked->second, "as asked for"};
  const Known files = modality_from_files(column);
  if (!files.modality.empty() || !files.why.empty()) return files;
  const auto named = named_modalities(name);
  if (named.size() == 1) return {named[0], "by the column's name; its files do not say"};
  if (named.size() > 1)
    return {"",
            "is called after several modalities (" + core::join(named, ", ") + "), and its files do not say"};
  return {};
}

bool share_grid(const MeasuredColumn& one, const MeasuredColumn& other) {
  size_t compared = 0;
  for (const auto& facts : one.facts)
    for (const auto& others : other.facts) {
      if (facts.row != others.row) continue;
      if (!facts.spacing || !others.spacing || facts.size != others.size ||
          !facts.geometry.matches(others.geometry))
        return false;
      ++compared;
    }
  return compared > 0;
}

/// Modalities of columns whose own files and names say nothing, from those on the same grid.
void spread_by_grid(const std::vector<MeasuredColumn>& columns, std::vector<Known>& known) {
  const std::vector<Known> before = known;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!before[i].modality.empty() || !before[i].why.empty()) continue;
    for (size_t other = 0; other < columns.size(); ++other)
      if (!before[other].modality.empty() && share_grid(columns[i], columns[other])) {
        known[i] = {before[other].modality, "on the grid of `" + columns[other].column.name + "`"};
        break;
      }
  }
}

/// Only one image of a case is read by these from one file a column; columns of the others are channels.
bool joins_channels(const std::string& modality) {
  return modality == "mri" || modality == "mammography";
}

void add_to_inputs(PlannedImages& plan, MeasuredColumn column, const Known& known) {
  const bool flat = is_one_slice(column) || known.modality == "histopathology" ||
                    known.modality == "mammography" || known.modality == "ultrasound";
  if (joins_channels(known.modality))
    for (auto& input : plan.inputs)
      if (input.modality == known.modality && input.dims == (flat ? 2 : 3)) {
        if (input.why.find(known.why) == std::string::npos) input.why += "; " + known.why;
        input.channels.push_back(std::move(column));
        return;
      }
  PlannedImage input;
  input.modality = known.modality;
  input.why = known.why;
  input.dims = flat ? 2 : 3;
  input.channels.push_back(std::move(column));
  plan.inputs.push_back(std::move(input));
}

void name_inputs(PlannedImages& plan) {
  std::map<std::string, int> uses;
  for (const auto& input : plan.inputs) ++uses[input.modality];
  for (auto& input : plan.inputs)
    input.name = uses[input.modality] == 1
                     ? input.modality
                     : input.modality + "_" + plain_name(input.channels.front().column.name);
}

/// What is left of a mask's name without the words of masks: "ct" of `ct_mask`.
std::string owner_named_by(const std::string& column) {
  std::vector<std::string> left;
  for (const auto& part : name_parts(column))
    if (!mask_words().contains(part)) left.push_back(part);
  return core::join(left, "_");
}

bool is_owner(const PlannedImage& input, const std::string& owner) {
  if (input.name == owner || input.modality == owner) return true;
  return std::any_of(input.channels.begin(), input.channels.end(), [&](const auto& channel) {
    return core::join(name_parts(channel.column.name), "_") == owner;
  });
}

void assign_masks(PlannedImages& plan) {
  std::vector<std::string> shared;
  for (const auto& mask : plan.masks) {
    const std::string owner = owner_named_by(mask.column);
    bool owned = false;
    for (auto& input : plan.inputs)
      if (!owner.empty() && is_owner(input, owner)) {
        input.mask = mask.column;
        owned = true;
      }
    if (!owned) shared.push_back(mask.column);
  }
  if (shared.size() > 1) {
    for (const auto& column : shared)
      plan.left_out.push_back({column, "is one of several masks (" + core::join(shared, ", ") +
                                           ") whose names do not say which image they belong to; call it "
                                           "INPUT_mask, after the image's column"});
    std::erase_if(plan.masks, [&](const auto& mask) {
      return std::find(shared.begin(), shared.end(), mask.column) != shared.end();
    });
    return;
  }
  if (shared.empty()) return;
  for (auto& input : plan.inputs)
    if (input.mask.empty() && (input.dims == 3 || plan.inputs.size() == 1) &&
        input.modality != "histopathology")
      input.mask = shared.front();
}

PlannedMask planned_mask(MeasuredColumn column) {
  PlannedMask mask;
  mask.column = column.column.name;
  std::set<double> values;
  for (const auto& facts : column.facts) values.insert(facts.values.begin(), facts.values.end());
  values.erase(0);
  mask.values = {values.begin(), values.end()};
  mask.facts = std::move(column.facts);
  return mask;
}

void check_modalities(const ColumnHints& hints, const std::vector<MeasuredColumn>& columns) {
  for (const auto& [column, modality] : hints.inputs) {
    const std::string said = "--input " + column + "=" + modality + ": ";
    if (modality_words().contains(modality) || modality == "mask") continue;
    if (modality != "clinical" && modality != "omics")
      core::fail_usage(said + "is nothing that a column can be planned as" +
                       core::suggest(modality, planned_names()));
    if (std::any_of(columns.begin(), columns.end(),
                    [&](const auto& one) { return one.column.name == column; }))
      core::fail_usage(said + "its cells name no tables (.csv, .tsv, .txt, .maf)");
  }
}

/// Whether the user says that it is a mask; nothing when the user says nothing of it.
std::optional<bool> asked_for_mask(const std::string& column, const ColumnHints& hints) {
  if (const auto label = hints.labels.find(column); label != hints.labels.end()) return true;
  if (const auto input = hints.inputs.find(column); input != hints.inputs.end())
    return input->second == "mask";
  return std::nullopt;
}

}  // namespace

PlannedImages plan_images(std::vector<MeasuredColumn> columns, const ColumnHints& hints) {
  check_modalities(hints, columns);
  PlannedImages plan;
  std::vector<MeasuredColumn> images;
  for (auto& column : columns) {
    const std::string first_error = column.facts.empty() ? "" : column.facts.front().error;
    std::erase_if(column.facts, [](const auto& facts) { return !facts.error.empty(); });
    if (column.facts.empty())
      plan.left_out.push_back({column.column.name, "holds no file that can be read: " + first_error});
    else if (asked_for_mask(column.column.name, hints).value_or(holds_regions(column)))
      plan.masks.push_back(planned_mask(std::move(column)));
    else
      images.push_back(std::move(column));
  }
  std::vector<Known> known;
  for (const auto& column : images) known.push_back(modality_of_column(column, hints));
  spread_by_grid(images, known);
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string name = images[i].column.name;
    if (!known[i].modality.empty())
      add_to_inputs(plan, std::move(images[i]), known[i]);
    else
      plan.left_out.push_back(
          {name,
           (known[i].why.empty() ? "holds images whose modality neither files nor name say" : known[i].why) +
               "; --input " + name + "=MODALITY says it (" + image_modalities() + ")"});
  }
  name_inputs(plan);
  assign_masks(plan);
  return plan;
}

}  // namespace photo51::data
