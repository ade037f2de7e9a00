#pragma once
/// Numbers and results in words.

#include <string>

#include "photo51/evaluation/evaluate.hpp"
#include "photo51/report/task_wording.hpp"

namespace photo51::report {

/// Of a hundred: "84".
std::string hundredths(double value);
/// Two decimals with a typographic minus.
std::string signed_words(double value);
/// "0.75–0.91"; "−0.20 to 0.31".
std::string range_words(double low, double high);
/// "0.84 (0.75–0.91)", or the value alone without an interval or one without width.
std::string with_interval(double value, double low, double high);
/// "p = 0.03", "p < 0.001", "p undefined".
std::string p_words(double p);
/// "12 of 40 (30 %)".
std::string share_words(int64_t part, int64_t whole);
/// A binary head's class as the question names it: "codel", "not codel"; "idh = 1".
std::string class_words(const data::TaskSpec& spec, int label);
/// How times of a head are shown: those in days as months, or years when the longest is above three, the
/// others as they are given.
struct TimeScale {
  std::string unit;
  double divisor = 1;
};
TimeScale time_scale(const std::string& unit, double longest);
/// A group of development cases: "cross-validation", "validation".
std::string development_words(std::string group);
/// "held-out test", "development", …
std::string part_words(const std::string& part);

MetricWords metric_words(const std::string& metric);

/// The one number that a head is judged by, and what a guess would get.
struct Headline {
  std::string metric;
  double chance = 0.5;
};
Headline headline_of(const data::TaskSpec& spec);

/// A metric in a sentence, and whether its interval is above what a guess would get.
struct Verdict {
  std::string grade;  ///< good, doubt, poor, none
  std::string short_text, text;
};
Verdict verdict_of(const evaluation::Metric& metric, const data::TaskSpec& spec, double level);

}  // namespace photo51::report
