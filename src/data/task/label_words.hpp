#pragma once
/// The words of a label column: which there are, how often, and what they mean.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "photo51/data/task/label_source.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::data {

using WordCounts = std::map<std::string, int64_t>;

/// Whether a cell says nothing; a word that the head names says something, whatever it is.
bool is_unknown(const std::string& cell, const std::vector<std::string>& named);
/// The words of a column that are not blank.
WordCounts words_of(const LabelSource& source, size_t column, const std::vector<std::string>& named);
/// "`mutant` (12), `wildtype` (30)", the most frequent first.
std::string told(const WordCounts& words);
/// Words that differ only in how they are written: "`beta` and `Beta`"; nothing when there are none.
std::optional<std::string> alike(const WordCounts& words, const std::vector<std::string>& named);
/// What the head calls its class 0 or 1: "mutant", "wildtype" (or "not mutant", while the word
/// for 0 is not known); "1" without words.
std::string binary_name(const TaskSpec& spec, bool positive);
/// "column `idh` of cohort.csv", for messages.
std::string column_named(const LabelSource& source, size_t column);

/// What the words of a column with two values mean: a binary label, or whether the event was seen.
class TwoWords {
 public:
  enum class Of { label, event };  ///< of an event there are more usual words: alive, dead, censored
  /// Finds the meaning of every word and fills in `spec.negative`. Errors (data) list the words with their
  /// counts when the source requires labels: a third word, a word like another, a word that nobody knows.
  TwoWords(const LabelSource& source, TaskSpec& spec, size_t column, Of of);
  /// True, false, or nothing where the word is not known.
  std::optional<bool> meaning(const std::string& word) const;

 private:
  void read_named(TaskSpec& spec, const WordCounts& words);
  void read_usual(const TaskSpec& spec, const WordCounts& words, bool event);
  [[noreturn]] void fail(const TaskSpec& spec, const WordCounts& words, const std::string& why) const;
  size_t first_row(const std::string& word) const;

  const LabelSource& source_;
  size_t column_;
  std::map<std::string, bool> meanings_;
};

}  // namespace photo51::data
