// photo51 phantom: a cohort with a known answer.
#include "photo51/phantom/phantom.hpp"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"
#include "photo51/phantom/lesion_slides.hpp"
#include "photo51/phantom/lesions.hpp"
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

void print(const phantom::LesionSummary& summary, const std::string& folder, bool json) {
  if (json) {
    nlohmann::json groups = nlohmann::json::array();
    for (const phantom::LesionGroup& group : summary.groups)
      if (group.lesions > 0)
        groups.push_back({{"radius", group.radius},
                          {"contrast", group.contrast},
                          {"lesions", group.lesions},
                          {"sensitivity_at_1", group.sensitivity_at_1},
                          {"sensitivity_at_4", group.sensitivity_at_4}});
    std::printf("%s\n", core::json_text(nlohmann::json{{"manifest", folder + "/cohort.csv"},
                                                       {"lesion_table", folder + "/lesions.csv"},
                                                       {"lesions", summary.lesions},
                                                       {"malignant", summary.malignant},
                                                       {"healthy_patients", summary.healthy},
                                                       {"matched_filter", groups}})
                            .c_str());
    return;
  }
  std::printf("Sensitivity of the matched filter, by false positives an image\n  %-12s %-12s %8s %6s %6s\n",
              "radius, mm", "darker, HU", "lesions", "1", "4");
  for (const phantom::LesionGroup& group : summary.groups) {
    if (group.lesions == 0) continue;
    const auto range = [](const std::array<double, 2>& of) {
      return core::format_fixed(of[0], 0) + " to " + core::format_fixed(of[1], 0);
    };
    std::printf("  %-12s %-12s %8lld %6.3f %6.3f\n", range(group.radius).c_str(),
                range(group.contrast).c_str(), static_cast<long long>(group.lesions), group.sensitivity_at_1,
                group.sensitivity_at_4);
  }
  std::printf(
      "Lesions: %lld, malignant: %lld; healthy patients: %lld\nManifest: %s/cohort.csv, lesions: "
      "%s/lesions.csv\n",
      static_cast<long long>(summary.lesions), static_cast<long long>(summary.malignant),
      static_cast<long long>(summary.healthy), core::shown(folder).c_str(), core::shown(folder).c_str());
}

/// `2`, or `0..3`.
phantom::LesionOptions lesion_options(const phantom::PhantomOptions& options, const std::string& range) {
  const size_t dots = range.find("..");
  const auto least = core::parse_int(range.substr(0, dots));
  const auto most = dots == std::string::npos ? least : core::parse_int(range.substr(dots + 2));
  if (!least || !most)
    core::fail_usage("--lesions: `" + core::shown(range) +
                     "` is neither a whole number nor a range such as 0..3");
  return {.patients = options.patients,
          .seed = options.seed,
          .least = *least,
          .most = *most,
          .threads = options.threads};
}

void print_slides(size_t lesions, int64_t patients, const std::string& folder, bool json) {
  if (json)
    std::printf("%s\n", core::json_text(nlohmann::json{{"manifest", folder + "/cohort.csv"},
                                                       {"patients", patients},
                                                       {"lesions", lesions}})
                            .c_str());
  else
    std::printf("%lld slides, %zu with a lesion\nManifest: %s/cohort.csv\n", static_cast<long long>(patients),
                lesions, core::shown(folder).c_str());
}

void refuse_options_of_the_usual_cohort(const CLI::App& command, const std::string& other) {
  for (const CLI::Option* option : command.get_options())
    if (option->count() > 0 &&
        (option->get_name() == "--modalities" || option->get_name().starts_with("--missing-")))
      core::fail_usage(option->get_name() + " is of the cohort without " + other + "; leave one of them out");
}

}  // namespace

void add_phantom(CLI::App& app, const Common& common) {
  CLI::App* command =
      app.add_subcommand("phantom", "Write a synthetic cohort whose best possible AUROC is known");
  struct Arguments {
    phantom::PhantomOptions options;
    std::string folder, lesions;
    bool slides = false;
  };
  auto arguments = std::make_shared<Arguments>();
  phantom::PhantomOptions& options = arguments->options;
  command->add_option("--out", arguments->folder, "the folder to write")->required();
  CLI::Option* patients = command->add_option("--patients", options.patients, "how many; 20 with --slides")
                              ->capture_default_str();
  command->add_option("--seed", options.seed, "of everything random")->capture_default_str();
  command->add_option("--lesions", arguments->lesions,
                      "another cohort, for detection: CTs of the abdomen with so many lesions of the liver a "
                      "patient, such as 0..3, and a table of them");
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
  command->add_flag("--slides", arguments->slides,
                    "another cohort: a slide a patient, of which half hold a lesion whose place lesions.csv "
                    "tells (docs/slides.md)");
  command->add_option("--threads", options.threads, "worker threads; 0 = one a processor")
      ->capture_default_str();
  command->callback([arguments, command, patients, &common] {
    core::check_thread_count("--threads", arguments->options.threads);
    run::refuse_output_folder(arguments->folder, "--out");
    if (!arguments->lesions.empty()) {
      refuse_options_of_the_usual_cohort(*command, "--lesions");
      if (arguments->slides)
        core::fail_usage("--slides and --lesions are two cohorts; leave one of them out");
      const phantom::LesionOptions asked = lesion_options(arguments->options, arguments->lesions);
      print(phantom::write_lesion_phantom(asked, arguments->folder), arguments->folder, common.json);
      return;
    }
    if (arguments->slides) {
      refuse_options_of_the_usual_cohort(*command, "--slides");
      phantom::LesionSlideOptions of_slides;
      of_slides.seed = arguments->options.seed;
      of_slides.threads = arguments->options.threads;
      if (patients->count() > 0) of_slides.patients = arguments->options.patients;
      print_slides(phantom::write_lesion_slides(of_slides, arguments->folder).size(), of_slides.patients,
                   arguments->folder, common.json);
      return;
    }
    print(phantom::write_phantom(arguments->options, arguments->folder), arguments->folder, common.json);
  });
}

}  // namespace photo51::commands
