// photo51 describe [NAME]: everything that a config may name, from the same descriptions that parse it; of
// image encoders, pools of bags and decoders also what they are known by.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/backbones/decoder/decoders.hpp"
#include "photo51/backbones/mil/bag_pools.hpp"
#include "photo51/backbones/overview.hpp"
#include "photo51/config/enums.hpp"
#include "photo51/config/reference.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/text.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/settings.hpp"
#include "photo51/radiomics/voxelwise/voxelwise.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::commands {
namespace {

using config::Component;
using config::Section;

Section section_of(const Component& component) {
  const std::shared_ptr<config::Options> options = component.make();
  return Section{[options](config::Fields& f) { options->describe_to(f); }, {}, {}};
}

/// A table of components, and where configs choose from it.
struct Table {
  std::string place;  ///< dotted
  std::string key;    ///< of the map there
  const config::Components* components;

  /// "model.fusion", "inputs.<name> by modality".
  std::string title() const { return key == "name" ? place : place + " by " + key; }
};

/// Every section by its dotted key and every table of components, with those inside components.
struct Directory final : config::Fields {
  void visit(config::Field field) override {
    const std::string key = prefix.empty() ? field.name : prefix + "." + field.name;
    if (const auto* section = std::get_if<Section>(&field.value)) enter(key, field.help, *section);
    if (const auto* group = std::get_if<config::Group>(&field.value))
      enter(key + ".<name>", field.help, group->sample);
    if (const auto* choice = std::get_if<config::ChoiceField>(&field.value))
      enter({key, choice->key, choice->components});
    if (const auto* named = std::get_if<config::ChoiceGroup>(&field.value))
      enter({key + ".<name>", named->key, named->components});
    if (const auto* list = std::get_if<config::ChoiceList>(&field.value))
      enter({key, list->key, list->components});
  }
  void enter(const std::string& key, const std::string& help, const Section& section) {
    if (!bodies.emplace(key, section).second) return;  // several components of one table have it
    sections.emplace_back(key, help);
    const std::string outer = std::exchange(prefix, key);
    section.describe(*this);
    prefix = outer;
  }
  void enter(const Table& table) {
    const auto is_same = [&](const Table& other) { return other.components == table.components; };
    const bool inside = std::ranges::any_of(open, is_same);  // a component that holds one of its own table
    const bool again = std::ranges::any_of(
        tables, [&](const Table& other) { return is_same(other) && other.place == table.place; });
    if (inside || again) return;
    tables.push_back(table);
    open.push_back(table);
    const std::string outer = std::exchange(prefix, table.place);
    for (const auto& component : *table.components) {
      made.push_back(component.make());
      made.back()->describe_to(*this);
    }
    prefix = outer;
    open.pop_back();
  }

  std::string prefix;
  std::vector<std::pair<std::string, std::string>> sections;
  std::map<std::string, Section> bodies;
  std::vector<Table> tables;
  std::vector<Table> open;                             ///< that are being entered
  std::vector<std::shared_ptr<config::Options>> made;  ///< what the bodies inside components describe
};

void list_all(const Directory& directory) {
  std::printf("Sections of a config:\n");
  for (const auto& [key, help] : directory.sections) std::printf("  %-28s %s\n", key.c_str(), help.c_str());
  for (const auto& table : directory.tables) {
    std::printf("\n%s, one of:\n", table.title().c_str());
    for (const auto& component : *table.components)
      std::printf("  %-28s %s\n", component.name.c_str(), component.help.c_str());
  }
  std::printf(
      "\nphoto51 describe NAME shows the options of a section or a component, photo51 describe backbones "
      "compares the image encoders, photo51 describe bag_pools the pools of bags, photo51 describe decoders "
      "what outlines.\n");
}

void describe_one(const Directory& directory, const std::string& name) {
  bool found = false;
  std::vector<std::string> names;
  for (const auto& [key, help] : directory.sections) {
    names.push_back(key);
    if (key != name && !key.ends_with("." + name)) continue;
    found = true;
    std::printf("%s: %s\n%s", key.c_str(), help.c_str(), field_lines(directory.bodies.at(key)).c_str());
  }
  for (const auto& table : directory.tables) {
    for (const auto& component : *table.components) {
      names.push_back(component.name);
      if (component.name != name) continue;
      found = true;
      const std::string fields = field_lines(section_of(component));
      std::printf("%s (%s): %s\n%s", name.c_str(), table.title().c_str(), component.help.c_str(),
                  fields.empty() ? "  no options\n" : fields.c_str());
    }
  }
  if (!found) core::fail_usage("there is nothing called `" + name + "`" + core::suggest(name, names));
}

std::string joined_or(const std::vector<std::string>& names, const std::string& none) {
  return names.empty() ? none : core::join(names, ", ");
}

/// Aligned, the last column ragged.
void list_backbones() {
  using Row = std::array<std::string, 6>;
  std::vector<Row> rows{{"name", "2D", "3D", "weights of", "compared with", "source"}};
  std::string defaults;
  for (const auto& encoder : backbones::overview()) {
    for (const auto& of : encoder.facts.defaults)
      defaults += "  " + encoder.name + " of " + of.library + ": " + core::join(of.settings, " ") + "\n";
    const auto count = [](const std::optional<int64_t>& parameters) {
      return parameters ? backbones::short_count(*parameters) : "-";
    };
    rows.push_back({encoder.name, count(encoder.parameters_2d), count(encoder.parameters_3d),
                    joined_or(encoder.libraries, "-"), joined_or(encoder.facts.parity, "-"),
                    encoder.facts.source.empty() ? "-" : encoder.facts.source});
  }
  std::array<int, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], static_cast<int>(row[i].size()));
  for (const Row& row : rows)
    std::printf("%-*s  %*s  %*s  %-*s  %-*s  %s\n", widths[0], row[0].c_str(), widths[1], row[1].c_str(),
                widths[2], row[2].c_str(), widths[3], row[3].c_str(), widths[4], row[4].c_str(),
                row[5].c_str());
  std::printf(
      "\n2D, 3D: parameters with default options and no classifier, for images of 3 x 224 x 224 and 1 x 96 x "
      "96 x 96.\n"
      "weights of: whose state dicts load unchanged (photo51: by its own names).\n"
      "compared with: whose outputs and gradients the tests hold ours against, with the same weights.\n"
      "Options that weights need where a library has other defaults:\n%s"
      "photo51 describe NAME shows the options of one.\n",
      defaults.c_str());
}

void print_backbones_json() {
  auto list = nlohmann::ordered_json::array();
  for (const auto& encoder : backbones::overview()) {
    const auto count = [](const std::optional<int64_t>& parameters) {
      return parameters ? nlohmann::ordered_json(*parameters) : nlohmann::ordered_json();
    };
    auto defaults = nlohmann::ordered_json::object();
    for (const auto& of : encoder.facts.defaults) defaults[of.library] = of.settings;
    list.push_back({{"name", encoder.name},
                    {"help", encoder.help},
                    {"parameters_2d", count(encoder.parameters_2d)},
                    {"parameters_3d", count(encoder.parameters_3d)},
                    {"libraries", encoder.libraries},
                    {"dialects", encoder.dialects},
                    {"defaults", defaults},
                    {"parity", encoder.facts.parity},
                    {"source", encoder.facts.source}});
  }
  std::printf("%s\n", core::json_text(nlohmann::ordered_json{{"backbones", list}}).c_str());
}

std::vector<std::string> names_of_tests(const std::vector<backbones::MilTest>& passed) {
  std::vector<std::string> names;
  for (const backbones::MilTest test : passed) names.emplace_back(config::name_of(test));
  return names;
}

void list_bag_pools() {
  const auto line = [](const std::string& name, const std::string& attention, const std::string& passes,
                       const std::string& source) {
    std::printf("%-46s  %-9s  %-46s  %s\n", name.c_str(), attention.c_str(), passes.c_str(), source.c_str());
  };
  line("name", "attention", "passes", "source");
  for (const auto& pool : backbones::bag_pools().components()) {
    const backbones::BagPoolFacts& facts = backbones::bag_pools().find(pool.name)->facts;
    line(pool.name, facts.attention ? "yes" : "-", joined_or(names_of_tests(facts.passes), "-"),
         facts.source.empty() ? "-" : facts.source);
    for (const auto& variant : facts.variants)
      line("  " + variant.option, "", joined_or(names_of_tests(variant.passes), "-"), "");
  }
  std::printf(
      "\nattention: it says the weight of each instance, of which --heat-maps of predict and evaluate are "
      "made.\n"
      "passes: the algorithmic unit tests of the multiple-instance assumption (Raff and Holt, NeurIPS "
      "2023) "
      "that the pool passes\nwith a linear head. One that fails single_concept or multi_concept may call a "
      "bag "
      "positive because it lacks what negative\nbags have; one that fails false_frequency counts instances.\n"
      "photo51 describe NAME shows the options of one.\n");
}

void print_bag_pools_json() {
  auto list = nlohmann::ordered_json::array();
  for (const auto& pool : backbones::bag_pools().components()) {
    const backbones::BagPoolFacts& facts = backbones::bag_pools().find(pool.name)->facts;
    auto variants = nlohmann::ordered_json::object();
    for (const auto& variant : facts.variants) variants[variant.option] = names_of_tests(variant.passes);
    list.push_back({{"name", pool.name},
                    {"help", pool.help},
                    {"attention", facts.attention},
                    {"passes", names_of_tests(facts.passes)},
                    {"variants", variants},
                    {"source", facts.source}});
  }
  std::printf("%s\n", core::json_text(nlohmann::ordered_json{{"bag_pools", list}}).c_str());
}

void list_decoders() {
  const auto line = [](const std::string& name, const std::string& takes, const std::string& parity,
                       const std::string& source) {
    std::printf("%-12s  %-60s  %-13s  %s\n", name.c_str(), takes.c_str(), parity.c_str(), source.c_str());
  };
  const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
  line("name", "takes the stages of", "compared with", "source");
  for (const auto& decoder : backbones::decoders().components()) {
    const backbones::DecoderFacts& facts = backbones::decoders().find(decoder.name)->facts;
    line(decoder.name, or_none(facts.takes), joined_or(facts.parity, "-"), or_none(facts.source));
  }
  std::printf(
      "\ncompared with: beside whose whole network, encoder and decoder, the tests hold ours, with the same "
      "weights.\nphoto51 describe NAME shows the options of one.\n");
}

void print_decoders_json() {
  auto list = nlohmann::ordered_json::array();
  for (const auto& decoder : backbones::decoders().components()) {
    const backbones::DecoderFacts& facts = backbones::decoders().find(decoder.name)->facts;
    list.push_back({{"name", decoder.name},
                    {"help", decoder.help},
                    {"takes", facts.takes},
                    {"parity", facts.parity},
                    {"source", facts.source}});
  }
  std::printf("%s\n", core::json_text(nlohmann::ordered_json{{"decoders", list}}).c_str());
}

void print_markdown(const Directory& directory, const Section& whole) {
  std::printf(
      "# Config reference\n\nMade by `photo51 describe --markdown`; CI fails when it is out of date.\n\n");
  std::printf("## Keys\n\n%s\n", field_table(whole).c_str());
  std::printf("## Keys of `photo51 radiomics --config`\n\n%s\n",
              field_table(directory.bodies.at("radiomics")).c_str());
  std::printf("And in its section `voxelwise`:\n\n%s\n",
              field_table(directory.bodies.at("radiomics.voxelwise")).c_str());
  std::printf("## Components\n\n");
  for (const auto& table : directory.tables) {
    std::printf("### `%s`%s\n\n", table.place.c_str(),
                table.key == "name" ? "" : (" by `" + table.key + "`").c_str());
    for (const auto& component : *table.components) {
      const Section section = section_of(component);
      std::printf("#### `%s`\n\n%s\n\n", component.name.c_str(), component.help.c_str());
      if (!field_lines(section).empty()) std::printf("%s\n", field_table(section).c_str());
    }
  }
}

/// IBSI writes the tag cm_joint_max as F with the index cm.joint.max.
std::string symbol_of(const std::string& tag) {
  std::string index = tag;
  std::replace(index.begin(), index.end(), '_', '.');
  return "F<sub>" + index + "</sub>";
}

void print_features() {
  std::printf(
      "# Feature reference\n\nMade by `photo51 describe --features`; CI fails when it is out of date. The "
      "features of "
      "`photo51 radiomics` and of\n`modality: radiomics`, family by family, with the identifiers of the "
      "Image "
      "Biomarker Standardisation Initiative (IBSI,\narXiv:1612.07003). A tag is followed by its aggregation "
      "where the "
      "family knows one: `cm_joint_max_3D_comb`. The last\ncolumn is the name in PyRadiomics, which the "
      "profile "
      "`pyradiomics` uses: `original_glcm_MaximumProbability`.\n");
  for (const auto& family : radiomics::families()) {
    const std::string code = family.code;
    std::printf(
        "\n## `%s`%s\n\n| symbol | tag | feature | IBSI code | PyRadiomics |\n|---|---|---|---|---|\n",
        config::name_of(family.family).c_str(), code.empty() ? "" : (" (" + code + ")").c_str());
    for (const auto& feature : family.features) {
      std::string name = feature.name;
      std::replace(name.begin(), name.end(), '_', ' ');
      std::printf("| %s | `%s` | %s | %s | %s |\n", symbol_of(feature.tag).c_str(), feature.tag, name.c_str(),
                  feature.code, feature.pyradiomics);
    }
  }
}

}  // namespace

void add_describe(CLI::App& app, const Common& common) {
  auto* command =
      app.add_subcommand("describe", "list everything that a config may name, or explain one name");
  auto name = std::make_shared<std::string>();
  auto markdown = std::make_shared<bool>(false);
  command->add_option("NAME", *name,
                      "a section (train, inputs.<name>.preprocess), a component (resnet), or backbones, "
                      "bag_pools, decoders: the image encoders, the pools of bags, the decoders side by "
                      "side, with --json as JSON");
  command->add_flag("--markdown", *markdown, "the whole reference as Markdown");
  auto features = std::make_shared<bool>(false);
  command->add_flag("--features", *features, "the table of radiomic features as Markdown");
  command->callback([name, markdown, features, &common] {
    if (*features) return print_features();
    if (*name == "bag_pools") return common.json ? print_bag_pools_json() : list_bag_pools();
    if (*name == "decoders") return common.json ? print_decoders_json() : list_decoders();
    if (*name == "backbones") return common.json ? print_backbones_json() : list_backbones();
    training::ExperimentOptions options;
    const Section whole{[&](config::Fields& f) { describe(f, options); }, {}, {}};
    Directory directory;
    whole.describe(directory);
    radiomics::Settings settings;
    radiomics::VoxelwiseOptions voxelwise;
    directory.enter("radiomics", "settings of photo51 radiomics",
                    {[&](config::Fields& f) { describe(f, settings); }, {}, {}});
    directory.enter("radiomics.voxelwise", "maps of features, photo51 radiomics --voxelwise",
                    {[&](config::Fields& f) { describe(f, voxelwise); }, {}, {}});
    if (*markdown) {
      print_markdown(directory, whole);
    } else if (name->empty()) {
      list_all(directory);
    } else {
      describe_one(directory, *name);
    }
  });
}

}  // namespace photo51::commands
