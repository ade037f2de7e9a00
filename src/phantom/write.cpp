#include <algorithm>
#include <cmath>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>

#include "phantom/files.hpp"
#include "phantom/genes.hpp"
#include "phantom/modalities.hpp"
#include "phantom/mutations.hpp"
#include "phantom/observer.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/phantom/phantom.hpp"

namespace photo51::phantom {
namespace {

namespace fs = std::filesystem;
using core::format_number;

/// The observers that a cohort of these modalities has, in the order to show them.
using Views = std::vector<std::pair<std::string, View>>;
Views views_of(const Modalities& has) {
  const View images{.t1c = has.mri,
                    .flair = has.mri,
                    .ct = has.ct,
                    .pet = has.pet,
                    .mammography = has.mammography,
                    .ultrasound = has.ultrasound,
                    .histopathology = has.histopathology};
  View everything = images;
  everything.expression = has.expression;
  everything.mutations = has.mutations;
  Views views{{"hidden_genes", {.hidden_genes = true}}, {"everything", everything}};
  const auto add = [&](bool asked, const char* name, const View& view) {
    if (asked) views.emplace_back(name, view);
  };
  add(has.any_image(), "images", images);
  const bool more = has.pet || has.mammography || has.ultrasound || has.histopathology || has.mutations;
  const bool head = has.mri && has.ct && more;
  add(head && has.expression, "mri_ct_expression",
      {.t1c = true, .flair = true, .ct = true, .expression = true});
  add(head, "mri_ct", {.t1c = true, .flair = true, .ct = true});
  add(has.mri, "mri", {.t1c = true, .flair = true});
  add(has.ct, "ct", {.ct = true});
  add(has.pet, "pet", {.pet = true});
  add(has.mammography, "mammography", {.mammography = true});
  add(has.ultrasound, "ultrasound", {.ultrasound = true});
  add(has.histopathology, "histopathology", {.histopathology = true});
  add(has.expression, "expression", {.expression = true});
  add(has.mutations, "mutations", {.mutations = true});
  return views;
}

/// A manifest's column of one modality: the cell of a patient, "" when it lacks it.
struct Column {
  std::string name;
  std::function<std::string(const Patient&)> cell;
};
std::vector<Column> columns_of(const Modalities& has) {
  std::vector<Column> columns;
  const auto add = [&](bool asked, const char* name, const std::string& file, auto present,
                       bool shared = false) {
    if (asked)
      columns.push_back({name, [=](const Patient& p) {
                           if (!present(p)) return std::string();
                           return shared ? file : p.id + "/" + file;
                         }});
  };
  add(has.mri, "t1c", "t1c.nii.gz", [](const Patient& p) { return p.has_t1c; });
  add(has.mri, "flair", "flair.nii.gz", [](const Patient& p) { return p.has_flair; });
  add(has.head(), "seg", "seg.nii.gz", [](const Patient&) { return true; });
  add(has.ct, "ct", "ct", [](const Patient& p) { return p.has_ct; });
  add(
      has.expression, "expression", "expression.tsv", [](const Patient& p) { return p.has_expression; },
      true);
  add(has.pet, "pet", "pet", [](const Patient& p) { return p.has_pet; });
  for (size_t view = 0; view < mammogram_views; ++view)
    add(has.mammography, kMammogramColumns[view], std::string(kMammogramColumns[view]) + ".dcm",
        [view](const Patient& p) { return p.has_mammogram[view]; });
  add(has.ultrasound, "us", "us.dcm", [](const Patient& p) { return p.has_ultrasound; });
  if (has.histopathology)
    columns.push_back(
        {"wsi", [](const Patient& p) { return p.has_slide ? p.id + "/" + slide_name(p) : std::string(); }});
  add(
      has.mutations, "mutations", "mutations.maf", [](const Patient& p) { return p.has_mutations; }, true);
  return columns;
}

/// Traits that the cohort's modalities show; the first are of the head.
bool shows(const Modalities& has, size_t trait) {
  if (trait == irregularity || trait == elongation) return has.mri || has.ct;
  if (trait == texture || trait == enhancement) return has.mri;
  if (trait == density) return has.ct;
  if (trait <= unevenness) return has.pet;
  if (trait <= breast_density) return has.mammography;
  return trait <= verticality ? has.ultrasound : has.histopathology;
}

void check(const PhantomOptions& options) {
  if (options.patients < 4 || options.patients > 9999)
    core::fail_usage("patients: " + std::to_string(options.patients) + " is not in 4..9999");
  const auto probability = [](const char* name, double value) {
    if (!(value >= 0 && value <= 1))
      core::fail_usage(std::string(name) + ": " + format_number(value) + " is not in 0..1");
  };
  probability("missing_sequence", options.missing_sequence);
  probability("missing_ct", options.missing_ct);
  probability("missing_expression", options.missing_expression);
  probability("missing_pet", options.missing_pet);
  probability("missing_mammography", options.missing_mammography);
  probability("missing_view", options.missing_view);
  probability("missing_ultrasound", options.missing_ultrasound);
  probability("missing_histopathology", options.missing_histopathology);
  probability("missing_mutations", options.missing_mutations);
}

void write_manifest(const std::vector<Patient>& patients, const Modalities& has, const fs::path& folder) {
  const std::vector<Column> columns = columns_of(has);
  std::vector<std::string> header{"patient", "site", "age", "sex"};
  for (const Column& column : columns) header.push_back(column.name);
  header.insert(header.end(), {"genotype", "subtype", "time", "event"});
  std::string text = core::csv_row(header);
  for (const Patient& p : patients) {
    std::vector<std::string> row{p.id, kSites[p.site], format_number(p.age), p.female ? "F" : "M"};
    for (const Column& column : columns) row.push_back(column.cell(p));
    row.insert(row.end(), {std::to_string(p.genotype), kSubtypes[p.subtype], format_number(p.time),
                           p.event ? "1" : "0"});
    text += core::csv_row(row);
  }
  core::write_file_atomic(folder / "cohort.csv", text);
}

void write_hidden(const std::vector<Patient>& patients, const Modalities& has, const fs::path& folder) {
  const Views views = views_of(has);
  std::vector<std::string> header{"patient", "g1", "g2"};
  for (size_t t = 0; t < trait_count; ++t)
    if (shows(has, t)) header.emplace_back(kTraitNames[t]);
  for (const auto& [name, view] : views) header.push_back("p_" + name);
  header.push_back("log_hazard");
  std::string text = core::csv_row(header);
  for (const Patient& p : patients) {
    std::vector<std::string> row{p.id, format_number(p.genes[0]), format_number(p.genes[1])};
    for (size_t t = 0; t < trait_count; ++t)
      if (shows(has, t)) row.push_back(format_number(p.traits[t]));
    for (const auto& [name, view] : views) row.push_back(format_number(posterior(p, view)));
    row.push_back(format_number(p.log_hazard));
    text += core::csv_row(row);
  }
  core::write_file_atomic(folder / "hidden.csv", text);
}

/// Genes down, patients across; a patient without expression has no column.
void write_expression(const std::vector<Patient>& patients, const fs::path& folder) {
  std::string text = "gene";
  for (const Patient& p : patients)
    if (p.has_expression) text += "\t" + p.id;
  text += "\n";
  for (size_t g = 0; g < gene_panel().size(); ++g) {
    text += gene_panel()[g].name;
    for (const Patient& p : patients)
      if (p.has_expression)
        text += "\t" + core::format_fixed(table_value(gene_panel()[g], p.expression[g]), 4);
    text += "\n";
  }
  core::write_file_atomic(folder / "expression.tsv", text);
}

void write_pathways(const fs::path& folder) {
  std::string text, pathway;
  for (const char* hidden : {"PHANTOM_FORM", "PHANTOM_GROWTH"}) {
    text += std::string(hidden) + "\tgenes that follow a hidden gene";
    for (const Gene& gene : gene_panel())
      if (gene.pathway == hidden) text += "\t" + gene.name;
    text += "\n";
  }
  for (const Gene& gene : gene_panel()) {
    if (gene.pathway_weight == 0) continue;
    if (gene.pathway != pathway)
      text += (pathway.empty() ? "" : "\n") + gene.pathway + "\tgenes that tell nothing of the hidden ones";
    pathway = gene.pathway;
    text += "\t" + gene.name;
  }
  core::write_file_atomic(folder / "pathways.gmt", text + "\n");
}

void add_group(PhantomSummary& summary, const Views& views, const std::string& name,
               const std::vector<Patient>& patients) {
  std::vector<int> labels;
  for (const Patient& p : patients) labels.push_back(p.genotype);
  for (const auto& [view_name, view] : views) {
    std::vector<double> scores;
    for (const Patient& p : patients) scores.push_back(posterior(p, view));
    if (const double value = auroc(scores, labels); std::isfinite(value))
      summary.cohort[name][view_name] = value;
  }
}

PhantomSummary summarise(const std::vector<Patient>& patients, const Modalities& has) {
  PhantomSummary summary;
  const Views views = views_of(has);
  for (const auto& [name, view] : views) {
    summary.observers.push_back(name);
    summary.population[name] = population_auroc(view);
  }
  add_group(summary, views, "all", patients);
  for (size_t s = 0; s < kSites.size(); ++s) {
    std::vector<Patient> here;
    for (const Patient& p : patients)
      if (p.site == s) here.push_back(p);
    add_group(summary, views, std::string("site=") + kSites[s], here);
  }
  std::vector<double> risks, times;
  std::vector<bool> events;
  for (const Column& column : columns_of(has)) {
    if (column.name == "seg") continue;
    int64_t& missing = summary.missing[column.name] = 0;
    for (const Patient& p : patients) missing += column.cell(p).empty();
  }
  for (const Patient& p : patients) {
    summary.prevalence += p.genotype;
    summary.events += p.event ? 1 : 0;
    summary.subtype_accuracy += *std::max_element(p.subtype_probability.begin(), p.subtype_probability.end());
    risks.push_back(p.log_hazard);
    times.push_back(p.time);
    events.push_back(p.event);
  }
  const auto count = static_cast<double>(patients.size());
  summary.prevalence /= count;
  summary.events /= count;
  summary.subtype_accuracy /= count;
  summary.c_index = c_index(risks, times, events);
  return summary;
}

void write_summary(const PhantomOptions& options, const Modalities& has, const PhantomSummary& summary,
                   const fs::path& folder) {
  nlohmann::ordered_json traits, genes, drivers;
  for (size_t t = 0; t < trait_count; ++t)
    if (shows(has, t)) traits[kTraitNames[t]] = {kTraitLoadings[t].first, kTraitLoadings[t].second};
  for (const Gene& gene : gene_panel())
    if (gene.pathway_weight == 0) genes[gene.name] = {gene.loading.first, gene.loading.second};
  for (const Driver& d : kDrivers) drivers[d.name] = {d.loading.first, d.loading.second, d.threshold};
  nlohmann::ordered_json json{{"patients", options.patients},
                              {"seed", options.seed},
                              {"genotype_log_odds", {kGenotype.offset, kGenotype.first, kGenotype.second}},
                              {"trait_loadings", traits},
                              {"gene_loadings", genes},
                              {"best_auroc", summary.population},
                              {"best_auroc_of_this_cohort", summary.cohort},
                              {"prevalence", summary.prevalence},
                              {"population_prevalence", population_prevalence()},
                              {"events", summary.events},
                              {"best_c_index", summary.c_index},
                              {"best_subtype_accuracy", summary.subtype_accuracy},
                              {"missing", summary.missing}};
  if (!has.expression) json.erase("gene_loadings");
  if (has.mutations) json["driver_loadings_and_thresholds"] = drivers;
  core::write_file_atomic(folder / "phantom.json", core::json_text(json, 2) + "\n");
}

}  // namespace

PhantomSummary write_phantom(const PhantomOptions& options, const fs::path& folder) {
  check(options);
  const Modalities modalities = modalities_of(options);
  claim_folder(folder);
  std::vector<Patient> patients;
  for (int64_t i = 0; i < options.patients; ++i) patients.push_back(draw_patient(options, i));
  // First of all, as the mark of the folder.
  PhantomSummary summary = summarise(patients, modalities);
  write_summary(options, modalities, summary, folder);
  {
    core::Progress progress("phantom", options.patients);
    std::mutex mutex;
    core::ThreadPool pool(options.threads);
    pool.parallel_for(options.patients, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Patient& patient = patients[static_cast<size_t>(i)];
        core::with_context("case " + patient.id,
                           [&] { write_images(patient, modalities, options.seed, folder / patient.id); });
        const std::lock_guard lock(mutex);
        progress.advance();
      }
    });
  }
  if (modalities.expression) {
    write_expression(patients, folder);
    write_pathways(folder);
  }
  if (modalities.mutations)
    core::write_file_atomic(folder / "mutations.maf", mutation_table(patients, options.seed));
  write_hidden(patients, modalities, folder);
  // The manifest comes last: where it stands, the cohort is whole.
  write_manifest(patients, modalities, folder);
  return summary;
}

}  // namespace photo51::phantom
