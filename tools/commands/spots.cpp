// photo51 spots: stained sections with measured spots to a cohort of one row a spot.
#include "photo51/data/import/spatial_transcriptomics.hpp"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/core/json.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {

void add_spots(CLI::App& app, const Common& common) {
  CLI::App* command =
      app.add_subcommand("spots", "Make a cohort of one row a spot from spatial transcriptomics sections");
  struct Arguments {
    data::SpotOptions options;
    std::string sections, folder;
  };
  auto arguments = std::make_shared<Arguments>();
  data::SpotOptions& options = arguments->options;
  command->add_option("SECTIONS", arguments->sections, "CSV, one row a section: image, spots, counts")
      ->required();
  command->add_option("--out", arguments->folder, "the folder for cohort.csv and expression.tsv")->required();
  const auto column = [command](const char* flag, std::string& name, const char* help) {
    command->add_option(flag, name, help)->capture_default_str();
  };
  column("--section", options.section, "column of the section's name");
  column("--patient", options.patient, "column of the patient");
  column("--image", options.image, "column of the section's image");
  column("--spots", options.spots,
         "column of the table of spots: its own, or Space Ranger's tissue_positions.csv as it is");
  column("--counts", options.counts, "column of the table of counts");
  column("--mpp", options.mpp, "column of the image's microns per pixel; may be absent");
  column("--spot", options.spot, "column of the spot's name in the table of spots");
  column("--x", options.x, "column of the spot's place from the left, pixels, in the table of spots");
  column("--y", options.y, "column of the spot's place from the top, pixels, in the table of spots");
  command->add_flag("--off-tissue", options.off_tissue,
                    "keep spots that Space Ranger's in_tissue says do not lie on tissue");
  command->add_option("--scale", options.scale, "sum that a spot's counts are brought to; 0 = as they are")
      ->capture_default_str();
  command->add_flag("--log,!--no-log", options.log, "log(1 + count) afterwards (default)");
  command->callback([arguments, &common] {
    run::refuse_output_folder(arguments->folder, "--out");
    arguments->options.sections = arguments->sections;
    const auto made = data::write_spots(arguments->options, arguments->folder);
    if (common.json)
      std::printf("%s\n", core::json_text(nlohmann::json{{"manifest", arguments->folder + "/cohort.csv"},
                                                         {"sections", made.sections},
                                                         {"spots", made.spots},
                                                         {"genes", made.genes},
                                                         {"off_tissue", made.off_tissue},
                                                         {"without_counts", made.without_counts}})
                              .c_str());
    else
      std::printf(
          "%lld sections, %lld spots, %lld genes (left out: %lld spots without counts, %lld off "
          "the tissue)\nManifest: %s\n",
          static_cast<long long>(made.sections), static_cast<long long>(made.spots),
          static_cast<long long>(made.genes), static_cast<long long>(made.without_counts),
          static_cast<long long>(made.off_tissue), core::shown(arguments->folder + "/cohort.csv").c_str());
  });
}

}  // namespace photo51::commands
