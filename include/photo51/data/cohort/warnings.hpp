#pragma once
/// What readers found odd in a cohort's files and could still use, on its way to the user: logged, collected
/// in `warnings.csv`, shown by the report and beside predictions.

#include <compare>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace photo51::data {

struct Warning {
  std::string case_id;  ///< empty: of the whole cohort, such as its manifest
  std::string input;    ///< empty: of no input
  std::string file;     ///< the file or folder; empty: of none
  std::string text;

  // clang-tidy 14 sees a 0 in the code that the compiler makes.
  auto operator<=>(const Warning&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// Collects warnings from any number of threads.
class Warnings {
 public:
  explicit Warnings(bool strict = false) : strict_(strict) {}

  /// Keeps a warning once and logs it, but of one kind (`kinds_of`) only the first three cases. Error (data),
  /// naming file and text, when warnings count as errors; it is kept all the same.
  void add(Warning warning);
  /// Keeps what an earlier process found and logged.
  void recall(const std::vector<Warning>& warnings);
  /// Logs how many more cases have the warnings that were not logged since the last time.
  void summarise();

  std::vector<Warning> all() const;  ///< sorted

 private:
  struct Kind {
    size_t logged = 0, silent = 0;
    std::string text;
  };
  bool strict_;
  mutable std::mutex mutex_;
  std::set<Warning> all_;
  std::map<std::pair<std::string, std::string>, Kind> kinds_;  ///< by input and kind of text
};

/// Warnings that differ in cases, files and numbers only.
struct WarningKind {
  std::string input, text;         ///< the text of the first
  std::vector<std::string> cases;  ///< each once, in the order of the warnings; an empty id: the whole cohort
};
/// Those of most cases first.
std::vector<WarningKind> kinds_of(const std::vector<Warning>& warnings);

/// `warnings.csv`: case,input,file,warning.
std::string to_csv(const std::vector<Warning>& warnings);
/// Reads it back. Errors (data) as of core::read_table.
std::vector<Warning> read_warnings(const std::filesystem::path& path);

/// "mri: file: text (3 cases: P1, P2, P7)", at most `shown` ids.
std::string in_words(const WarningKind& kind, size_t shown = 5);

}  // namespace photo51::data
