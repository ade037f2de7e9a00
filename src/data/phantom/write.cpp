#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>

#include "data/phantom/anatomy.hpp"
#include "data/phantom/genes.hpp"
#include "data/phantom/observer.hpp"
#include "data/phantom/scanner.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/data/phantom.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;
using namespace phantom;
using core::format_number;

constexpr std::array<std::pair<const char*, View>, 6> kViews{{
    {"hidden_genes", {.hidden_genes = true}},
    {"everything", {.t1c = true, .flair = true, .ct = true, .expression = true}},
    {"images", {.t1c = true, .flair = true, .ct = true}},
    {"mri", {.t1c = true, .flair = true}},
    {"ct", {.ct = true}},
    {"expression", {.expression = true}},
}};

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
}

/// Images first drawn, then written; a modality that the patient lacks leaves no file.
void write_images(const Patient& patient, int64_t seed, const fs::path& folder) {
  const Anatomy anatomy(patient, seed);
  const Images images = scan(patient, anatomy, seed);
  core::make_directories(folder / patient.id);
  if (patient.has_t1c) imaging::write_nifti(images.t1c, folder / patient.id / "t1c.nii.gz");
  if (patient.has_flair) imaging::write_nifti(images.flair, folder / patient.id / "flair.nii.gz");
  imaging::write_nifti(images.mask, folder / patient.id / "seg.nii.gz");
  if (!patient.has_ct) return;
  imaging::DicomTags tags;
  tags.patient_id = patient.id;
  tags.patient_sex = patient.female ? "F" : "M";
  tags.study_date = "20250101";
  tags.study_description = "photo51 phantom";
  tags.series_description = "head";
  tags.manufacturer = "photo51";
  tags.model = sites()[patient.site].ct.model;
  tags.institution = kSites[patient.site];
  tags.kvp = 120;
  tags.uid_seed = "photo51 phantom " + std::to_string(seed) + " " + patient.id;
  imaging::write_dicom_series(images.ct, folder / patient.id / "ct", tags);
}

void write_manifest(const std::vector<Patient>& patients, const fs::path& folder) {
  std::string text = core::csv_row({"patient", "site", "age", "sex", "t1c", "flair", "seg", "ct",
                                    "expression", "genotype", "subtype", "time", "event"});
  for (const Patient& p : patients) {
    const auto file = [&](bool has, const char* name) { return has ? p.id + "/" + name : std::string(); };
    text += core::csv_row({p.id, kSites[p.site], format_number(p.age), p.female ? "F" : "M",
                           file(p.has_t1c, "t1c.nii.gz"), file(p.has_flair, "flair.nii.gz"),
                           file(true, "seg.nii.gz"), file(p.has_ct, "ct"),
                           p.has_expression ? "expression.tsv" : "", std::to_string(p.genotype),
                           kSubtypes[p.subtype], format_number(p.time), p.event ? "1" : "0"});
  }
  core::write_file_atomic(folder / "cohort.csv", text);
}

void write_hidden(const std::vector<Patient>& patients, const fs::path& folder) {
  std::vector<std::string> header{"patient", "g1", "g2"};
  header.insert(header.end(), kTraitNames.begin(), kTraitNames.end());
  for (const auto& [name, view] : kViews) header.push_back(std::string("p_") + name);
  header.push_back("log_hazard");
  std::string text = core::csv_row(header);
  for (const Patient& p : patients) {
    std::vector<std::string> row{p.id, format_number(p.genes[0]), format_number(p.genes[1])};
    for (const double trait : p.traits) row.push_back(format_number(trait));
    for (const auto& [name, view] : kViews) row.push_back(format_number(posterior(p, view)));
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

void add_group(PhantomSummary& summary, const std::string& name, const std::vector<Patient>& patients) {
  std::vector<int> labels;
  for (const Patient& p : patients) labels.push_back(p.genotype);
  for (const auto& [view_name, view] : kViews) {
    std::vector<double> scores;
    for (const Patient& p : patients) scores.push_back(posterior(p, view));
    if (const double value = auroc(scores, labels); std::isfinite(value))
      summary.cohort[name][view_name] = value;
  }
}

PhantomSummary summarise(const std::vector<Patient>& patients) {
  PhantomSummary summary;
  for (const auto& [name, view] : kViews) summary.population[name] = population_auroc(view);
  add_group(summary, "all", patients);
  for (size_t s = 0; s < kSites.size(); ++s) {
    std::vector<Patient> here;
    for (const Patient& p : patients)
      if (p.site == s) here.push_back(p);
    add_group(summary, std::string("site=") + kSites[s], here);
  }
  std::vector<double> risks, times;
  std::vector<bool> events;
  for (const char* column : {"t1c", "flair", "ct", "expression"}) summary.missing[column] = 0;
  for (const Patient& p : patients) {
    summary.prevalence += p.genotype;
    summary.events += p.event ? 1 : 0;
    summary.subtype_accuracy += *std::max_element(p.subtype_probability.begin(), p.subtype_probability.end());
    risks.push_back(p.log_hazard);
    times.push_back(p.time);
    events.push_back(p.event);
    summary.missing["t1c"] += !p.has_t1c;
    summary.missing["flair"] += !p.has_flair;
    summary.missing["ct"] += !p.has_ct;
    summary.missing["expression"] += !p.has_expression;
  }
  const auto count = static_cast<double>(patients.size());
  summary.prevalence /= count;
  summary.events /= count;
  summary.subtype_accuracy /= count;
  summary.c_index = c_index(risks, times, events);
  return summary;
}

void write_summary(const PhantomOptions& options, const PhantomSummary& summary, const fs::path& folder) {
  nlohmann::ordered_json traits, genes;
  for (size_t t = 0; t < trait_count; ++t)
    traits[kTraitNames[t]] = {kTraitLoadings[t].first, kTraitLoadings[t].second};
  for (const Gene& gene : gene_panel())
    if (gene.pathway_weight == 0) genes[gene.name] = {gene.loading.first, gene.loading.second};
  const nlohmann::ordered_json json{
      {"patients", options.patients},
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
  core::write_file_atomic(folder / "phantom.json", json.dump(2) + "\n");
}

}  // namespace

PhantomSummary write_phantom(const PhantomOptions& options, const fs::path& folder) {
  check(options);
  core::make_directories(folder);
  std::vector<Patient> patients;
  for (int64_t i = 0; i < options.patients; ++i) patients.push_back(draw_patient(options, i));
  {
    core::Progress progress("phantom", options.patients);
    std::mutex mutex;
    core::ThreadPool pool(options.threads);
    pool.parallel_for(options.patients, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Patient& patient = patients[static_cast<size_t>(i)];
        core::with_context("case " + patient.id, [&] { write_images(patient, options.seed, folder); });
        const std::lock_guard lock(mutex);
        progress.advance();
      }
    });
  }
  write_expression(patients, folder);
  write_pathways(folder);
  write_hidden(patients, folder);
  const PhantomSummary summary = summarise(patients);
  write_summary(options, summary, folder);
  // The manifest comes last: where it stands, the cohort is whole.
  write_manifest(patients, folder);
  return summary;
}

}  // namespace photo51::data
