#include <ATen/ATen.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/targets/target.hpp"
#include "photo51/core/random.hpp"
#include "photo51/radiogenomics/learners/learner_head.hpp"
#include "photo51/radiogenomics/learners/options.hpp"

namespace {

using namespace photo51;
using radiogenomics::LearnerHead;
using Json = nlohmann::json;

constexpr int64_t columns = 6, cases = 40;

config::Choice learner(unsigned which) {
  switch (which) {
    case 0:
      return config::choose<radiogenomics::ElasticNetOptions>("elastic_net", {.lambda = 0.1});
    case 1:
      return config::choose<radiogenomics::KernelOptions>("kernel_ridge", {.lambda = 0.1, .components = 8});
    case 2:
      return config::choose<radiogenomics::BoostedTreesOptions>("boosted_trees",
                                                                {.rounds = 3, .max_depth = 4, .gamma = 1});
    case 3:
      return config::choose<radiogenomics::RandomForestOptions>("random_forest",
                                                                {.trees = 2, .max_depth = 3});
    default:
      return config::choose<radiogenomics::StackOptions>("stack", {.heads = {"a", "b"}});
  }
}

/// A head, rows that it was fitted to, and all places of what it learned.
struct Taught {
  radiogenomics::HeadOptions options;
  data::TaskSpec label;
  at::Tensor rows = at::zeros({cases, columns});
  Json state;
  std::vector<std::string> places;

  Taught(unsigned which, const std::string& kind) {
    options.estimator = learner(which);
    label.head = "h";
    options.task = label.task = kind;
    if (kind == "multiclass") label.classes = {"a", "b", "c"};
    if (which == 4 && kind != "multiclass") rows = at::zeros({cases, 2});
    core::Random random({3});
    for (int64_t i = 0; i < rows.size(0); ++i)
      for (int64_t j = 0; j < rows.size(1); ++j) rows[i][j] = random.normal();
    const at::Tensor signal = rows.sum(1), known = at::ones({cases}, at::kBool);
    data::Targets labels{(signal > 0).to(at::kFloat), known, known};
    if (kind == "multiclass") labels.value = (signal > 0.7).to(at::kFloat) + (signal > -0.7).to(at::kFloat);
    if (kind == "regression") labels.value = signal;
    if (kind == "survival") labels.value = (-signal).exp();
    LearnerHead head(options, label);
    std::vector<std::string> names;
    for (int64_t j = 0; j < rows.size(1); ++j) names.push_back("f" + std::to_string(j));
    head.fit(rows, names, labels, {}, 1);
    state = Json::parse(head.state());
    const Json flat = state.flatten();
    for (const auto& item : flat.items()) places.push_back(item.key());
  }
};

const Taught& taught(unsigned which, unsigned kind) {
  static std::array<std::array<std::unique_ptr<Taught>, 4>, 5> all;
  constexpr std::array kinds{"binary", "multiclass", "regression", "survival"};
  auto& one = all.at(which).at(kind);
  if (!one) one = std::make_unique<Taught>(which, kinds.at(kind));
  return *one;
}

/// Four bytes a change: which place, what stands there instead.
std::string changed(const Taught& of, const uint8_t* bytes, size_t count) {
  Json state = of.state;
  for (size_t i = 0; i + 4 <= count; i += 4) {
    Json::json_pointer place(of.places[(bytes[i] | bytes[i + 1] << 8U) % of.places.size()]);
    for (unsigned up = bytes[i + 2] >> 6U; up > 0 && !place.empty(); --up) place.pop_back();
    const auto number = static_cast<int8_t>(bytes[i + 3]);
    Json value;
    switch (bytes[i + 2] % 8) {
      case 0:
        value = number;
        break;
      case 1:
        value = std::to_string(number);
        break;
      case 2:
        value = int64_t{1} << (bytes[i + 3] % 63);
        break;
      case 3:
        value = number * 1e36;
        break;
      case 4:
        value = number * 1e300;
        break;
      case 5:
        value = Json::array();
        break;
      case 6:
        value = Json::object();
        break;
      default:
        break;
    }
    try {
      state[place] = std::move(value);
    } catch (const Json::exception&) {
      continue;  // an earlier change took the place away
    }
  }
  return state.dump();
}

}  // namespace

/// The first byte chooses learner and task; what follows is the state itself, or changes of a good one. What
/// is taken says finite numbers of rows, as many as it has outputs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  if (count == 0) return 0;
  const unsigned choice = bytes[0];
  const Taught& of = taught(choice % 5, choice / 5 % 4);
  return fuzz::checked([&] {
    LearnerHead head(of.options, of.label);
    head.load(choice >= 240 ? std::string(fuzz::text_of(bytes + 1, count - 1))
                            : changed(of, bytes + 1, count - 1));
    const at::Tensor said = head.forward(of.rows);
    const int64_t outputs = of.label.task == "multiclass" ? 3 : 1;
    if (said.size(0) != of.rows.size(0) || said.size(1) != outputs || !said.isfinite().all().item<bool>())
      std::abort();
  });
}
