#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/options/inputs.hpp"

#include <algorithm>

#include "data/options/images.hpp"
#include "data/options/radiomics.hpp"
#include "data/options/region_kind.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/pet/suv.hpp"

namespace photo51::data {
namespace {

const std::vector<std::string> image_modalities{"mri",         "ct",         "pet",
                                                "mammography", "ultrasound", "histopathology"};

std::vector<std::string> modalities() {
  auto names = image_modalities;
  names.insert(names.end(), {"omics", "clinical", "lesion", "body_lesion", "radiomics"});
  return names;
}

bool known(const std::string& modality) {
  const auto names = modalities();
  return std::find(names.begin(), names.end(), modality) != names.end();
}

bool is_suv(const std::string& text) {
  if (text == "auto" || text == "stored" || text == "none") return true;
  try {
    imaging::suv_request_from(text);
    return true;
  } catch (const core::Error&) {
    return false;
  }
}

void check_descriptors(config::Fields& f, const InputOptions& o) {
  if (!is_lesion(o) || o.descriptors.empty()) return;
  const auto names = radiomics::lesion_descriptor_names(o.channels, reference_of(o));
  for (const auto& name : o.descriptors) {
    f.check(std::find(names.begin(), names.end(), name) != names.end(), "descriptors",
            "no descriptor of these channels is named `" + name + "`" + core::suggest(name, names));
  }
}

}  // namespace

bool is_image(const InputOptions& input) {
  return std::find(image_modalities.begin(), image_modalities.end(), input.modality) !=
         image_modalities.end();
}

void describe(config::Fields& f, SplitOptions& o) {
  f("by", o.by, "manifest column that `hold_out` names values of; `site` is the cohort's site column");
  f("hold_out", o.hold_out, "sites whose patients are kept aside as the test set");
  f("test_fraction", o.test_fraction, "part of the patients kept aside at random when no site is held out",
    {.min = 0, .max = 0.9});
  f("folds", o.folds, "folds of the cross-validation over the rest; 0 = one split", {.min = 0, .max = 100});
  f("fold_by", o.fold_by,
    "manifest column, or `site`: each of its values is left out by turns, in place of `folds` at random "
    "(leave one site "
    "out)");
  f("validation_fraction", o.validation_fraction,
    "part of the rest that validates when there are no folds; 0 = none", {.min = 0, .max = 0.9});
  f("stratify", o.stratify,
    "head whose classes are spread evenly; empty = the first binary or multiclass head, else survival "
    "events");
  f("group", o.group,
    "manifest column; rows that share a value stay in one part (a patient's images, near duplicates); blank "
    "= "
    "alone");
  f("seed", o.seed, "of the random parts; the same seed gives the same split", {.min = 0});
  f.check(o.folds != 1, "folds", "must be 0 (one split) or at least 2");
  f.check(o.hold_out.empty() || o.test_fraction == 0, "test_fraction",
          "give either hold_out or test_fraction, not both");
}

void describe(config::Fields& f, CacheOptions& o) {
  f("folder", o.folder, "where prepared images are kept for later runs and other processes; empty = nowhere");
  f("max_gib", o.max_gib, "above this size the images that were read longest ago are removed",
    {.min = 0.001, .unit = "GiB"});
}

void describe(config::Fields& f, HarmonizeOptions& o) {
  f("method", o.method,
    "combat: empirical Bayes shifts and scales of each site, learned from the training part",
    {.one_of = {"none", "combat"}});
  f("by", o.by, "what a site is: `site`, the cohort's site column, or another manifest column");
  f("covariates", o.covariates, "manifest columns, numeric or text, whose effect on the features is kept");
  f("mean_only", o.mean_only, "only shifts are taken out, no scales; for sites of one or two patients");
  f("reference", o.reference, "a site that stays as it is; empty = all sites move to their common mean");
  f("unseen_site", o.unseen_site,
    "a site that the training part does not have: stop, or only standardise its features",
    {.one_of = {"error", "standardise_only"}});
}

void describe(config::Fields& f, CohortOptions& o) {
  f("manifest", o.manifest,
    "CSV or TSV, one row a patient: id, site, the inputs' files, labels; blanks are legal");
  f("data_root", o.data_root,
    "folder that relative paths in the manifest are taken from; empty = the manifest's own");
  f("id", o.id, "column of the patient's id");
  f("site", o.site, "column of the site; may be absent from the manifest");
  f("on_bad_case", o.on_bad_case, "a case that cannot be loaded: stop, or report it and leave it out",
    {.one_of = {"error", "skip"}});
  f("strict", o.strict, "what a reader warns of (warnings.csv) is an error; the case is a bad one");
  f("privacy", o.privacy,
    "what in files tells who the patient is: warn of it, refuse it and what cannot be checked, or ignore",
    {.one_of = {"warn", "strict", "ignore"}});
  f("max_gib_per_file", o.max_gib_per_file,
    "a file whose header promises pixels that take more than this when they are unpacked is refused",
    {.min = 0.001, .unit = "GiB"});
  f("detached_files", o.detached_files,
    "where the files lie that a header (.mhd, .nhdr, .mrxs, .vms) names: in its own folder, or anywhere",
    {.one_of = {"beside", "anywhere"}});
  f.section("split", o.split, "who trains, who validates, who tests");
  f.section("cache", o.cache, "prepared images on disk");
}

void describe(config::Fields& f, InputOptions& o) {
  f("modality", o.modality,
    "what the input is; lesion: descriptors of one in the head, relative to the brain; body_lesion: "
    "anywhere, in the image's units; radiomics: features of a region as IBSI or PyRadiomics define them",
    {.one_of = modalities(), .required = true});
  f("channels", o.channels,
    "images, lesion and radiomics: manifest columns with files or DICOM folders, `<input>.<channel>` or "
    "`<channel>`; "
    "`dwi@adc`, `dwi@b1000`, `dce@t3` or `dce@3` is one channel of a file that holds several; a "
    "column of that name and `.registration` holds the channel's transform from the first channel (ITK text, "
    "or a 4 x 4 matrix; mm, LPS)");
  f("mask", o.mask, "column of the lesion mask; empty = none");
  describe(f, o.masks);
  f("mask_channel", o.mask_channel, "images: the mask is also the last channel");
  f("dims", o.dims, "images: 3, or 2 for one slice", {.min = 2, .max = 3});
  describe_pictures(f, o);
  f("suv", o.suv,
    "pet: SUV by body weight, lean body mass (Janmahasatian, or James), body surface; stored = the files "
    "hold SUV; none = values as they are; auto = bw. auto, bw, lbm, lbm_james, bsa, stored or none; `bw "
    "after 4 "
    "days` where headers have the time of the injection without its date");
  f.section("preprocess", o.preprocess, "images: deterministic preparation");
  f.section("augment", o.augment, "images: random changes while training");
  f("table", o.table,
    "omics: manifest column whose cells name the table (numbers, or mutations as a MAF), or a path relative "
    "to "
    "the manifest");
  f("sets", o.sets, "omics: gene sets (GMT); keeps the genes of these sets");
  f("genes", o.genes, "omics: keeps these genes");
  f("log", o.log, "omics: log2(1 + x) before the z-score");
  f("clip", o.clip, "z-scores are clipped to ± this; 0 = off", {.min = 0});
  f("top_variable", o.top_variable, "omics: keeps the most variable genes of the training part; 0 = all",
    {.min = 0});
  f("descriptors", o.descriptors, "lesion: keeps these descriptors, in this order; empty = all");
  f("columns", o.columns, "clinical: manifest columns, numeric or text (one-hot)");
  describe_radiomics_options(f, o);
  f.section("harmonize", o.harmonize,
            "omics, clinical numbers, lesion and radiomics: takes out differences between sites");

  if (!known(o.modality)) return;  // reported already
  const bool region = is_lesion(o) || is_radiomics(o), channels = is_image(o) || region;
  f.check(is_suv(o.suv), "suv",
          "is `" + o.suv +
              "`, not auto, bw, lbm, lbm_james, bsa (each also as `bw after 4 days`), stored or none");
  f.check(o.suv == "auto" || o.modality == "pet" || region, "suv", "is for pet only");
  f.check(!channels || is_radiomics(o) || !o.channels.empty(), "channels",
          "name at least one channel, a manifest column");
  f.check(channels || o.channels.empty(), "channels", "is for images, lesion and radiomics only");
  f.check(channels || o.mask.empty(), "mask", "is for images, lesion and radiomics only");
  f.check(!o.mask.empty() || (!o.masks.label && !o.masks.threshold && o.masks.outside == "error"), "mask",
          "mask_label, mask_threshold and mask_outside say how a mask is read; name its column");
  f.check(!o.masks.label || !o.masks.threshold, "mask_threshold",
          "makes a region of values; leave out mask_label");
  f.check(!is_lesion(o) || !o.mask.empty(), "mask", "lesion descriptors need the lesion's mask");
  f.check(o.descriptors.empty() || is_lesion(o), "descriptors", "is for lesion only");
  check_descriptors(f, o);
  check_radiomics(f, o);
  check_pictures(f, o);
  f.check(o.modality != "omics" || !o.table.empty(), "table", "omics needs an expression table");
  f.check(o.modality == "omics" || (o.table.empty() && o.sets.empty() && o.genes.empty()), "table",
          "table, sets and genes are for omics only");
  f.check(o.sets.empty() || o.genes.empty(), "genes", "give either sets or genes, not both");
  f.check(o.modality != "clinical" || !o.columns.empty(), "columns", "name at least one manifest column");
  f.check(o.modality == "clinical" || o.columns.empty(), "columns", "is for clinical only");
  f.check(!is_image(o) || o.harmonize.method == "none", "harmonize",
          "is for omics, clinical, lesion and radiomics only");
}

}  // namespace photo51::data
