#pragma once
/// The table of heads: a row a task says what its options are and what is made of them. Configs choose from
/// it by `task:`.

#include <concepts>
#include <memory>
#include <string>

#include "photo51/radiogenomics/heads/head.hpp"

namespace photo51::backbones {
struct DecoderInput;
}

namespace photo51::radiogenomics {

struct TaskHead {
  std::string task;  ///< a row of data's table of tasks
  /// What `head_row` fills: the options as their own struct, and a head's as what they derive from; null
  /// where they do not.
  std::shared_ptr<config::Options> (*make_options)() = nullptr;
  const HeadOptions& (*options)(const config::Choice& head) = nullptr;
  const ColumnHeadOptions& (*column)(const config::Choice& head) = nullptr;
  const EstimatorHeadOptions& (*estimator)(const config::Choice& head) = nullptr;
  const ClassHeadOptions& (*classes)(const config::Choice& head) = nullptr;
  /// What the options say of the label beyond its column. Null = nothing.
  void (*label)(const config::Choice& head, data::TaskSpec& spec) = nullptr;
  /// Error (usage): the label is not as the options say. Null = it always is.
  void (*check)(const config::Choice& head, const data::TaskSpec& label) = nullptr;
  /// The module of a head without an estimator. Errors (usage) for names that are not known.
  std::shared_ptr<Head> (*make)(const config::Choice& head, const data::TaskSpec& label,
                                int64_t width) = nullptr;
  /// The module of a head that outlines, behind the network of `input(head)`. Null: it sees fused embeddings,
  /// and `make` makes it.
  std::shared_ptr<Head> (*make_map)(const config::Choice& head, const data::TaskSpec& label,
                                    const backbones::DecoderInput& network) = nullptr;
  const std::string& (*input)(const config::Choice& head) = nullptr;
  /// Whether the loss of a batch without an event is undefined. Null = no.
  bool (*needs_event)(const config::Choice& head) = nullptr;
  /// What the options name beside the manifest, to be changed in place. Null = nothing.
  std::string& (*table)(config::Choice& head) = nullptr;
};

/// The row of the task `Options::task`, without its functions: `label` to `table`.
template <std::derived_from<HeadOptions> Options>
TaskHead head_row() {
  TaskHead row;
  row.task = Options::task;
  row.make_options = []() -> std::shared_ptr<config::Options> {
    return std::make_shared<config::OptionsOf<Options>>();
  };
  row.options = [](const config::Choice& head) -> const HeadOptions& { return head.as<Options>(); };
  if constexpr (std::derived_from<Options, ColumnHeadOptions>)
    row.column = [](const config::Choice& head) -> const ColumnHeadOptions& { return head.as<Options>(); };
  if constexpr (std::derived_from<Options, EstimatorHeadOptions>)
    row.estimator = [](const config::Choice& head) -> const EstimatorHeadOptions& {
      return head.as<Options>();
    };
  if constexpr (std::derived_from<Options, ClassHeadOptions>)
    row.classes = [](const config::Choice& head) -> const ClassHeadOptions& { return head.as<Options>(); };
  return row;
}

/// Adds the heads of a task that data::add_task has added, before a config is read. Errors (usage): no such
/// task, heads that are there already, no `make`, no options.
void add_head(TaskHead row);
/// The tasks that have heads, in the order of the table, with their options.
const config::Components& head_components();
/// Errors (usage): no such task, no heads for it; options that are not the task's own.
const TaskHead& head_of(const std::string& task);
const TaskHead& head_of(const config::Choice& head);

/// Errors (usage) of the following as of `head_of`.
///
/// What every head has.
const HeadOptions& head_options(const config::Choice& head);
/// Empty where it is a linear layer.
const config::Choice& estimator_of(const config::Choice& head);
/// What it names beside the manifest, to be changed in place when a model leaves the folder that it was made
/// in; null: nothing.
std::string* named_table(config::Choice& head);

/// What a head sees.
enum class Sees {
  fusion,      ///< one embedding of its inputs
  embeddings,  ///< those of its inputs side by side
  heads,       ///< what other heads say
  maps         ///< the stages of one input's network
};
Sees seen_by(const config::Choice& head);

/// Of one that sees maps: the input.
const std::string& input_of(const config::Choice& head);
/// Of one that sees maps: how many logits a place has.
int64_t map_outputs(const data::TaskSpec& label);
/// Its module. Errors (usage): as of `make_head`, and of the decoder.
std::shared_ptr<Head> make_map_head(const config::Choice& head, const data::TaskSpec& label,
                                    const backbones::DecoderInput& network);

/// Whether its loss is undefined for a batch without an event.
bool needs_event(const config::Choice& head);
/// What the head of this name reads from the manifest.
data::TaskSpec task_spec(const std::string& name, const config::Choice& head);

}  // namespace photo51::radiogenomics
