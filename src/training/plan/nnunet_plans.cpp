#include "photo51/training/plan/nnunet_plans.hpp"

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/text.hpp"

namespace photo51::training {
namespace {

using PlansJson = nlohmann::ordered_json;
using Sizes = std::vector<int64_t>;

constexpr const char* remedy = "take the nnUNetPlans.json that nnUNetv2_plan_experiment wrote";

/// A key of one configuration, its own or inherited, for messages by its path.
class Configuration {
 public:
  Configuration(const std::filesystem::path& file, const PlansJson& whole, const std::string& name)
      : file_(file), name_(name) {
    const PlansJson& all = whole.at("configurations");
    std::string at = name;
    for (size_t steps = 0; steps <= all.size(); ++steps) {
      const PlansJson& one = all.at(at);
      chain_.push_back(&one);
      const auto parent = one.find("inherits_from");
      if (parent == one.end()) return;
      if (!parent->is_string() || !all.contains(parent->get<std::string>()) ||
          !all.at(parent->get<std::string>()).is_object())
        fail("inherits_from", "does not name a configuration of the file");
      at = parent->get<std::string>();
    }
    fail("inherits_from", "leads back to itself");
  }

  const PlansJson* find(const std::string& key) const {
    for (const PlansJson* one : chain_)
      if (const auto found = one->find(key); found != one->end()) return &*found;
    return nullptr;
  }
  const PlansJson& at(const std::string& key) const {
    const PlansJson* found = find(key);
    if (found == nullptr) fail(key, "is missing");
    return *found;
  }
  /// Of the network, where 2.4 and later write it.
  const PlansJson* network(const std::string& key) const {
    const PlansJson* found = find("architecture");
    if (found == nullptr || !found->is_object() || !found->contains("arch_kwargs")) return nullptr;
    const PlansJson& own = found->at("arch_kwargs");
    return own.is_object() && own.contains(key) ? &own.at(key) : nullptr;
  }
  [[noreturn]] void fail(const std::string& key, const std::string& why) const {
    core::fail_data(file_.string() + ": configurations." + name_ + "." + key + " " + why + "; " + remedy);
  }

 private:
  std::filesystem::path file_;
  std::string name_;
  std::vector<const PlansJson*> chain_;
};

std::vector<double> numbers(const Configuration& from, const std::string& key, const PlansJson& json,
                            double least) {
  if (!json.is_array() || json.empty()) from.fail(key, "is not a list of numbers");
  std::vector<double> found;
  for (const auto& item : json) {
    if (!item.is_number() || !(item.get<double>() >= least) || item.get<double>() > 1e6)
      from.fail(key, "holds what is no number of at least " + core::format_number(least));
    found.push_back(item.get<double>());
  }
  return found;
}

Sizes whole_numbers(const Configuration& from, const std::string& key, const PlansJson& json) {
  Sizes found;
  for (const double number : numbers(from, key, json, 1)) {
    if (number != std::floor(number)) from.fail(key, "holds a number that is not whole");
    found.push_back(static_cast<int64_t>(number));
  }
  return found;
}

/// A list an axis for each stage.
std::vector<Sizes> by_stage(const Configuration& from, const std::string& key, const PlansJson& json,
                            size_t dims) {
  if (!json.is_array() || json.empty()) from.fail(key, "is not a list of a list a stage");
  std::vector<Sizes> found;
  for (const auto& stage : json) {
    found.push_back(whole_numbers(from, key, stage));
    if (found.back().size() != dims)
      from.fail(key, "has a stage of " + std::to_string(found.back().size()) + " axes beside a patch of " +
                         std::to_string(dims));
  }
  return found;
}

Sizes features_of(const Configuration& from, size_t stages) {
  if (const PlansJson* given = from.network("features_per_stage"))
    return whole_numbers(from, "architecture.arch_kwargs.features_per_stage", *given);
  const auto one = [&](const std::string& key) {
    return whole_numbers(from, key, PlansJson::array({from.at(key)})).front();
  };
  const int64_t base = one("UNet_base_num_features"), most = one("unet_max_num_features");
  Sizes features;
  for (size_t stage = 0; stage < stages; ++stage)
    features.push_back(std::min(most, base << std::min<size_t>(stage, 16)));
  return features;
}

void read_network(const Configuration& from, NnunetPlans& plans) {
  const size_t dims = plans.plan.patch.size();
  const auto either = [&](const char* today, const char* before) -> std::vector<Sizes> {
    if (const PlansJson* given = from.network(today))
      return by_stage(from, std::string("architecture.arch_kwargs.") + today, *given, dims);
    return by_stage(from, before, from.at(before), dims);
  };
  plans.plan.strides = either("strides", "pool_op_kernel_sizes");
  plans.plan.kernels = either("kernel_sizes", "conv_kernel_sizes");
  plans.plan.features = features_of(from, plans.plan.strides.size());
  if (plans.plan.kernels.size() != plans.plan.strides.size() ||
      plans.plan.features.size() != plans.plan.strides.size())
    from.fail("architecture", "names another number of stages in strides, kernels and features");
  const PlansJson* architecture = from.find("architecture");
  const PlansJson* name =
      architecture != nullptr && architecture->is_object() && architecture->contains("network_class_name")
          ? &architecture->at("network_class_name")
          : from.find("UNet_class_name");
  if (name != nullptr && name->is_string()) {
    plans.network = name->get<std::string>();
    plans.network = plans.network.substr(plans.network.rfind('.') + 1);
  }
}

void read_axes(const std::filesystem::path& file, const PlansJson& whole, UnetPlan& plan) {
  const auto wrong = [&] {
    core::fail_data(file.string() + ": transpose_forward is not an order of the axes 0, 1 and 2; " + remedy);
  };
  const auto order = whole.find("transpose_forward");
  if (order == whole.end() || !order->is_array() || order->size() != 3) wrong();
  std::array<bool, 3> seen{};
  for (const auto& axis : *order) {
    if (!axis.is_number_integer() || axis.get<int64_t>() < 0 || axis.get<int64_t>() > 2) wrong();
    plan.axes.push_back(axis.get<size_t>());
    seen[plan.axes.back()] = true;
  }
  if (!seen[0] || !seen[1] || !seen[2]) wrong();
  if (plan.patch.size() == 2) plan.axes.erase(plan.axes.begin());
}

std::vector<NnunetNormalization> read_channels(const Configuration& from, const PlansJson& whole) {
  const PlansJson& schemes = from.at("normalization_schemes");
  const PlansJson* nonzero = from.find("use_mask_for_norm");
  if (!schemes.is_array() || schemes.empty()) from.fail("normalization_schemes", "is not a list of names");
  std::vector<NnunetNormalization> channels;
  for (size_t i = 0; i < schemes.size(); ++i) {
    if (!schemes[i].is_string()) from.fail("normalization_schemes", "holds what is no name");
    NnunetNormalization one{
        .scheme = schemes[i].get<std::string>(), .within_nonzero = false, .percentiles = {}};
    if (nonzero != nullptr && nonzero->is_array() && i < nonzero->size() && (*nonzero)[i].is_boolean())
      one.within_nonzero = (*nonzero)[i].get<bool>();
    if (const auto all = whole.find("foreground_intensity_properties_per_channel");
        all != whole.end() && all->is_object() && all->contains(std::to_string(i))) {
      const PlansJson& of = all->at(std::to_string(i));
      if (of.is_object() && of.contains("percentile_00_5") && of.contains("percentile_99_5") &&
          of.at("percentile_00_5").is_number() && of.at("percentile_99_5").is_number())
        one.percentiles = {{of.at("percentile_00_5").get<double>(), of.at("percentile_99_5").get<double>()}};
    }
    channels.push_back(std::move(one));
  }
  return channels;
}

std::string chosen(const std::filesystem::path& file, const PlansJson& whole, const std::string& asked) {
  const auto all = whole.find("configurations");
  if (all == whole.end() || !all->is_object() || all->empty())
    core::fail_data(file.string() + ": has no `configurations`; " + remedy);
  std::vector<std::string> names;
  for (const auto& [name, one] : all->items())
    if (one.is_object()) names.push_back(name);
  const auto there = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (asked.empty())
    for (const std::string usual : {"3d_fullres", "2d"})
      if (there(usual)) return usual;
  if (!there(asked))
    core::fail_data(file.string() + ": has no configuration `" + (asked.empty() ? "3d_fullres" : asked) +
                    "`" + core::suggest(asked, names) + "; name one with --configuration");
  return asked;
}

}  // namespace

NnunetPlans read_nnunet_plans(const std::filesystem::path& file, const std::string& configuration) {
  const PlansJson whole = core::read_json_object(file, remedy);
  NnunetPlans plans;
  plans.configuration = chosen(file, whole, configuration);
  if (const auto name = whole.find("dataset_name"); name != whole.end() && name->is_string())
    plans.dataset = name->get<std::string>();
  const Configuration from(file, whole, plans.configuration);
  plans.plan.patch = whole_numbers(from, "patch_size", from.at("patch_size"));
  const size_t dims = plans.plan.patch.size();
  if (dims != 2 && dims != 3) from.fail("patch_size", "has neither two nor three numbers");
  plans.plan.spacing = numbers(from, "spacing", from.at("spacing"), 1e-3);
  plans.plan.median_size =
      numbers(from, "median_image_size_in_voxels", from.at("median_image_size_in_voxels"), 1);
  if (plans.plan.spacing.size() != dims) from.fail("spacing", "has not as many numbers as patch_size");
  if (plans.plan.median_size.size() != dims)
    from.fail("median_image_size_in_voxels", "has not as many numbers as patch_size");
  plans.plan.batch_size =
      whole_numbers(from, "batch_size", PlansJson::array({from.at("batch_size")})).front();
  read_network(from, plans);
  read_axes(file, whole, plans.plan);
  plans.channels = read_channels(from, whole);
  return plans;
}

}  // namespace photo51::training
