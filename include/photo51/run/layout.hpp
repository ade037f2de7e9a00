#pragma once
/// The files of a run folder: what they are called, which of them lie in a folder, and what else lies there;
/// and the words that its tables use for parts of the cohort and for groups of metrics. The one place that
/// knows; nothing but these names is ever removed.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace photo51::run {

/// Names in a run folder; docs/run_folder.md says what they hold.
namespace name {
inline constexpr const char* config = "config.yaml";
inline constexpr const char* original_config = "config.yaml.bak";  ///< as it was before `photo51 migrate`
inline constexpr const char* environment = "environment.json";
inline constexpr const char* cases = "cases.csv";
inline constexpr const char* log = "log.jsonl";
inline constexpr const char* predictions = "predictions.csv";
inline constexpr const char* predictions_json = "predictions.json";
inline constexpr const char* metrics = "metrics.csv";
inline constexpr const char* report = "report.html";
inline constexpr const char* warnings = "warnings.csv";
inline constexpr const char* data_hashes = "data_hashes.csv";       ///< of what every case consisted of
inline constexpr const char* result_hashes = "result_hashes.json";  ///< of all predictions and of parts
inline constexpr const char* stopped = "stopped.json";              ///< the case on whose data it stopped
inline constexpr const char* lock = "photo51.lock";                 ///< marks the folder, too
inline constexpr const char* probe = ".photo51_probe";              ///< tried before training, for a moment
inline constexpr const char* checkpoints = "checkpoints";
inline constexpr const char* best = "best.safetensors";            ///< of a member
inline constexpr const char* last = "last.safetensors";            ///< of a member
inline constexpr const char* selected = "selected.json";           ///< of a member
inline constexpr const char* map_scores = "map_scores.csv";        ///< of heads that outline
inline constexpr const char* maps = "maps";                        ///< CASE/HEAD.nii.gz of such heads
inline constexpr const char* published = "model.yaml";             ///< of a published model
inline constexpr const char* self_test = "self_test.safetensors";  ///< of a published model
}  // namespace name

/// The parts of a split, as in `cases.csv`.
namespace part {
inline constexpr const char* train = "train";
inline constexpr const char* validation = "validation";    ///< of one split, without folds
inline constexpr const char* development = "development";  ///< trains in some folds and validates in one
inline constexpr const char* test = "test";
}  // namespace part

/// The groups in `metrics.csv`, beside subgroups (`site=CS`, `cross_validation/site=DU`).
namespace group {
inline constexpr const char* all = "all";  ///< the test cases, or everybody predicted where there are none
inline constexpr const char* validation = "validation";
inline constexpr const char* cross_validation = "cross_validation";
}  // namespace group

/// "fold_2", "fold_2_repeat_1": a member's folder in `checkpoints`.
std::string member_name(int64_t fold, int64_t repeat);
/// "inner_1_of_3", from 1: in a member's folder, the member of a stack's inner fold.
std::string inner_member_name(int64_t fold, int64_t folds);
/// The weights of a published model: "weights.safetensors", or "weights_2.safetensors" where it has several.
std::string published_weights_name(size_t member, size_t members);
bool is_published_weights(const std::string& file);
/// The copy of the program that an input's encoder runs: "program_mri.pt", or its segmenter, whose `input` is
/// "mri.segmenter.program".
std::string program_name(const std::string& input);
bool is_program(const std::string& file);

/// What lies in a folder, links not followed.
struct Contents {
  std::vector<std::filesystem::path> files;    ///< of the names above, at their places
  std::vector<std::filesystem::path> folders;  ///< likewise, inner ones first; not the folder itself
  std::vector<std::string> foreign;            ///< all else, relative, in order of name; a folder is one
  /// A config and the mark of a run: `photo51.lock` with our line in it, or an `environment.json` of ours.
  bool is_run = false;
  /// Nothing at all, or a lock alone.
  bool empty = true;
};
Contents contents_of(const std::filesystem::path& folder);

/// Error (usage) unless `folder` is a run and holds nothing else and none of `keep`, which may not exist.
/// `keep` names files and folders that the new run needs; the working folder is always kept.
void check_replaceable(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& keep);
/// Removes the files of a run, all but the lock. Error (usage) as above, (run) when the disk refuses.
void remove_run(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& keep);
/// Removes what a crash left half-written of the files of a run.
void remove_temporaries(const std::filesystem::path& folder);

/// Error (usage) that begins with `option` when `out`, a folder to write into, is a run or a published model
/// or lies among a run's checkpoints: new results would take the place of the run's own.
void refuse_output_folder(const std::filesystem::path& out, const std::string& option);
/// The same for a file's folder.
void refuse_output_file(const std::filesystem::path& file, const std::string& option);

}  // namespace photo51::run
