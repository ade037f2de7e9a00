#include <ATen/ATen.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/targets/target.hpp"
#include "learners/earlier_state.hpp"
#include "photo51/core/random.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/learners/options.hpp"

namespace {

using namespace photo51;

constexpr int64_t columns = 6, cases = 40;

config::Choice estimator(unsigned which) {
  switch (which) {
    case 0:
      return config::choose<learners::ElasticNetOptions>("elastic_net", {.lambda = 0.1});
    case 1:
      return config::choose<learners::KernelOptions>("kernel_ridge", {.lambda = 0.1, .components = 8});
    case 2:
      return config::choose<learners::BoostedTreesOptions>("boosted_trees",
                                                           {.rounds = 3, .max_depth = 4, .gamma = 1});
    case 3:
      return config::choose<learners::RandomForestOptions>("random_forest", {.trees = 2, .max_depth = 3});
    default:
      return config::choose<learners::StackOptions>("stack", {.heads = {"a", "b"}});
  }
}

/// An estimator's state, and rows that it was fitted to.
struct Taught {
  config::Choice choice;
  learners::LabelledTable table;
  learners::State state;
  std::vector<std::string> tensors;

  Taught(unsigned which, const std::string& task) : choice(estimator(which)) {
    table.task = task;
    table.outputs = task == "multiclass" ? 3 : 1;
    table.seed = 1;
    table.features = at::zeros({cases, which == 4 ? 2 * table.outputs : columns}, at::kDouble);
    core::Random random({3});
    for (int64_t i = 0; i < cases; ++i)
      for (int64_t j = 0; j < table.features.size(1); ++j) table.features[i][j] = random.normal();
    const at::Tensor signal = table.features.sum(1);
    table.value = (signal > 0).to(at::kDouble);
    if (task == "multiclass") table.value = (signal > 0.7).to(at::kDouble) + (signal > -0.7).to(at::kDouble);
    if (task == "regression") table.value = signal;
    if (task == "survival") table.value = (-signal).exp();
    if (task == "survival") table.event = at::ones({cases}, at::kDouble);
    table.weight = at::ones({cases}, at::kDouble);
    const auto fitted = learners::make_estimator(choice);
    fitted->fit(table);
    state = fitted->state();
    for (const auto& entry : state) tensors.push_back(entry.first);
  }
};

const Taught& taught(unsigned which, unsigned task) {
  static std::array<std::array<std::unique_ptr<Taught>, 4>, 5> all;
  constexpr std::array tasks{"binary", "multiclass", "regression", "survival"};
  auto& one = all.at(which).at(task);
  if (!one) one = std::make_unique<Taught>(which, tasks.at(task));
  return *one;
}

/// Four bytes a change: which tensor, which place of it, what stands there instead.
learners::State changed(const Taught& of, const uint8_t* bytes, size_t count) {
  learners::State state;
  for (const auto& [name, tensor] : of.state) state[name] = tensor.clone();
  for (size_t i = 0; i + 4 <= count; i += 4) {
    at::Tensor& tensor = state[of.tensors[bytes[i] % of.tensors.size()]];
    const auto number = static_cast<int8_t>(bytes[i + 3]);
    if (bytes[i] >= 192) {
      tensor = at::full({bytes[i + 1] % 9}, number, tensor.options());
    } else if (tensor.numel() > 0) {
      const int64_t place = (bytes[i + 1] | bytes[i + 2] << 8) % tensor.numel();
      const double value = tensor.is_floating_point() ? number * (bytes[i] % 2 == 0 ? 1.0 : 1e300) : number;
      tensor.view(-1)[place].fill_(value);
    }
  }
  return state;
}

}  // namespace

/// The first byte chooses estimator and task; what follows is changes of a good state, or a state of an
/// earlier version, as JSON. What is taken says numbers of rows, as many as it has outputs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  if (count == 0) return 0;
  const unsigned choice = bytes[0];
  const Taught& of = taught(choice % 5, choice / 5 % 4);
  return fuzz::checked([&] {
    if (choice >= 240) {
      learners::state_of_earlier(fuzz::text_of(bytes + 1, count - 1));
      return;
    }
    const learners::State state = changed(of, bytes + 1, count - 1);
    const auto loaded = learners::make_estimator(of.choice);
    loaded->load(learners::StateReader(state),
                 {.task = of.table.task, .features = of.table.features.size(1), .outputs = of.table.outputs});
    const at::Tensor said = loaded->predict(of.table.features);
    if (said.size(0) != cases || said.size(1) != of.table.outputs) std::abort();
  });
}
