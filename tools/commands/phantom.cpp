// photo51 phantom: a cohort with a known answer.
#include "photo51/phantom/phantom.hpp"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {
namespace {

void print(const phantom::PhantomSummary& summary, const std::string& folder, bool json) {
  if (json) {
    std::printf("%s\n", core::json_text(nlohmann::json{{"manifest", folder + "/cohort.csv"},
                                                       {"best_auroc", summary.population},
                                                       {"best_auroc_of_this_cohort", summary.cohort},
                                                       {"best_c_index", summary.c_index},
                                                       {"prevalence", summary.prevalence},
                                                       {"missing", summary.missing}})
                            .c_str());
    return;
  }
  std::printf("Best possible AUROC for the genotype, by what is seen\n  %-17s %10s %12s\n", "", "population",
              "this cohort");
  for (const std::string& view : summary.observers) {
    const auto cohort = summary.cohort.find("all");
    std::printf("  %-17s %10.3f", view.c_str(), summary.population.at(view));
    if (cohort != summary.cohort.end()) std::printf(" %12.3f", cohort->second.at(view));
    std::printf("\n");
  }
  std::printf("Genotype 1: %.0f %%; deaths observed: %.0f %%; best possible c-index: %.3f\nMissing:",
              100 * summary.prevalence, 100 * summary.events, summary.c_index);
  for (const auto& [column, count] : summary.missing)
    std::printf(" %s %lld", column.c_str(), static_cast<long long>(count));
  std::printf("\nManifest: %s/cohort.csv\n", core::shown(folder).c_str());
}

}  // namespace

void add_phantom(CLI::App& app, const Common& common) {
  CLI::App* command =
      app.add_subcommand("phantom", "Write a synthetic cohort whose best possible AUROC is known");
  struct Arguments {
    phantom::PhantomOptions options;
    std::string folder;
  };
  auto arguments = std::make_shared<Arguments>();
  phantom::PhantomOptions& options = arguments->options;
  command->add_option("--out", arguments->folder, "the folder to write")->required();
  command->add_option("--patients", options.patients, "how many")->capture_default_str();
  command->add_option("--seed", options.seed, "of everything random")->capture_default_str();
  command
      ->add_option("--modalities", options.modalities,
                   "what patients have, separated by commas: mri, ct, pet, mammography, ultrasound, "
                   "histopathology, expression, mutations (default: all)")
      ->delimiter(',');
  command->add_option("--missing-sequence", options.missing_sequence, "probability of a missing MRI sequence")
      ->capture_default_str();
  command->add_option("--missing-ct", options.missing_ct, "probability of a missing CT")
      ->capture_default_str();
  command->add_option("--missing-expression", options.missing_expression, "probability of missing expression")
      ->capture_default_str();
  command->add_option("--missing-pet", options.missing_pet, "probability of a missing PET")
      ->capture_default_str();
  command
      ->add_option("--missing-mammography", options.missing_mammography,
                   "probability of a missing mammography")
      ->capture_default_str();
  command
      ->add_option("--missing-view", options.missing_view,
                   "probability that a mammography lacks a view; one of the lesion's breast stays")
      ->capture_default_str();
  command
      ->add_option("--missing-ultrasound", options.missing_ultrasound, "probability of a missing ultrasound")
      ->capture_default_str();
  command
      ->add_option("--missing-histopathology", options.missing_histopathology,
                   "probability of a missing slide")
      ->capture_default_str();
  command->add_option("--missing-mutations", options.missing_mutations, "probability of missing sequencing")
      ->capture_default_str();
  command->add_option("--threads", options.threads, "worker threads; 0 = one a processor")
      ->capture_default_str();
  command->callback([arguments, &common] {
    core::check_thread_count("--threads", arguments->options.threads);
    run::refuse_output_folder(arguments->folder, "--out");
    print(phantom::write_phantom(arguments->options, arguments->folder), arguments->folder, common.json);
  });
}

}  // namespace photo51::commands
