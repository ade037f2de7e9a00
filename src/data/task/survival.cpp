/// A time, and whether the event was seen then or the patient was last seen without it (censored).

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include "data/task/rows.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/task/label_reader.hpp"

namespace photo51::data {
namespace {

std::vector<Case::Label> read_survival(const LabelSource& source, TaskSpec& spec) {
  const LabelReader reader(source, spec);
  const auto time = reader.find(spec.column);
  if (!time) return reader.unknown();
  const auto event = reader.find(spec.event_column);
  if (!event) return reader.unknown();
  const auto named = words_named(spec);
  const TwoWords words(source, spec, *event, TwoWords::Of::event);
  return reader.read(*event, named, [&](size_t row) -> Case::Label {
    const auto& seen = source.cell(row, *event);
    if (core::is_blank(source.cell(row, *time)) || is_unknown(seen, named)) return {};
    Case::Label label{.known = true, .value = reader.number(row, *time, "a time")};
    if (label.value < 0) reader.fail(row, *time, "a time of 0 or more");
    const auto meaning = words.meaning(seen);
    // Words that are not known come only with labels that nobody requires.
    if (!meaning) reader.fail(row, *event, "a word that this head knows");
    label.event = *meaning;
    return label;
  });
}

Targets collate(const TaskSpec&, const std::vector<const Case::Label*>& labels) {
  Targets targets = collate_numbers(labels);
  targets.event = at::zeros({static_cast<int64_t>(labels.size())}, at::kBool);
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != nullptr && labels[i]->known) targets.event.data_ptr<bool>()[i] = labels[i]->event;
  return targets;
}

double has_event(const Case::Label& label) {
  return label.event ? 1 : 0;
}

std::string counts_survival(const TaskSpec&, const LabelSample& labels) {
  auto found = class_counts(labels, has_event);
  return std::to_string(found[1]) + " events, " + std::to_string(found[0]) + " censored";
}

void check_survival(const TaskSpec& spec, const LabelSample& labels, const std::string& who) {
  if (!class_counts(labels, has_event).contains(1))
    core::fail_data(who + "all " + std::to_string(labels.known.size()) + " patients are censored (column `" +
                    spec.event_column + "`); survival needs events");
}

}  // namespace

Task survival_task() {
  return {.name = "survival",
          .help = "the time to an event, or without it",
          .output = Output::risk,
          .has_events = true,
          .columns =
              [](const TaskSpec& spec) {
                return std::vector{spec.column, spec.event_column};
              },
          .read = read_survival,
          .collate = collate,
          .stratum = has_event,
          .counts = counts_survival,
          .check = check_survival,
          .output_names = [](const TaskSpec&) { return std::vector<std::string>{""}; },
          .sides = {{"the times", false, false, label_value}, {"the events", true, false, has_event}}};
}

}  // namespace photo51::data
