#include "training/loop/sampler.hpp"

#include <algorithm>
#include <map>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::training {
namespace {

bool fits(const data::Task& task, Sampling sampler) {
  return sampler == Sampling::by_event ? task.has_events : task.has_classes();
}

}  // namespace

std::string sampler_head(const std::vector<data::TaskSpec>& labels, Sampling sampler,
                         const std::string& wanted) {
  if (sampler == Sampling::none) return "";
  std::vector<std::string> names;
  for (const auto& label : labels)
    if (fits(data::task_of(label), sampler)) names.push_back(label.head);
  std::vector<std::string> tasks;
  for (const auto& task : data::tasks())
    if (fits(task, sampler)) tasks.push_back(task.name);
  const std::string kind = core::join(tasks, " or ");
  if (names.empty())
    core::fail_usage("train.sampler: " + config::name_of(sampler) + " needs a " + kind +
                     " head; none is there");
  if (wanted.empty()) return names.front();
  if (std::find(names.begin(), names.end(), wanted) == names.end())
    core::fail_usage("train.sampler_head: `" + wanted + "` is not a " + kind + " head" +
                     core::suggest(wanted, names));
  return wanted;
}

std::vector<int64_t> epoch_order(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                 const OrderOptions& options, uint64_t seed, int64_t epoch) {
  core::Random random({seed, static_cast<uint64_t>(epoch), core::hash_key("order")});
  const auto shuffled = [&](const std::vector<int64_t>& values) {
    std::vector<int64_t> out;
    for (const int64_t at : random.permutation(static_cast<int64_t>(values.size())))
      out.push_back(values[static_cast<size_t>(at)]);
    return out;
  };
  std::vector<int64_t> drawn = rows;
  if (options.sampler != Sampling::none) {
    std::map<double, std::vector<int64_t>> classes;
    drawn.clear();
    for (const int64_t row : rows) {
      const auto& label = cohort.label(row, options.head);
      if (!label.known) {
        drawn.push_back(row);
      } else {
        classes[options.sampler == Sampling::by_event ? (label.event ? 1.0 : 0.0) : label.value].push_back(
            row);
      }
    }
    size_t most = 0;
    for (const auto& [value, members] : classes) most = std::max(most, members.size());
    for (const auto& [value, members] : classes) {
      const auto order = shuffled(members);
      for (size_t i = 0; i < most; ++i) drawn.push_back(order[i % order.size()]);
    }
  }
  auto order = shuffled(drawn);
  if (order.size() > 1 && options.batch_size > 1 &&
      order.size() % static_cast<size_t>(options.batch_size) == 1)
    order.pop_back();
  return order;
}

}  // namespace photo51::training
