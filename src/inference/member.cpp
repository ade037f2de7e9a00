#include "photo51/inference/member.hpp"

#include <nlohmann/json.hpp>

#include "photo51/backbones/layers.hpp"
#include "photo51/backbones/weights.hpp"
#include "photo51/core/error.hpp"

namespace photo51::inference {
namespace {

using Json = nlohmann::json;
constexpr const char* format = "photo51 member 1";

}  // namespace

std::map<std::string, std::string> to_metadata(const MemberInfo& info) {
  Json classes = Json::object(), risks = Json::object();
  for (const auto& label : info.labels) classes[label.head] = label.classes;
  for (const auto& [head, risk] : info.risks) risks[head] = {risk.center, risk.scale};
  std::map<std::string, std::string> metadata{{"format", format},
                                              {"fold", std::to_string(info.fold)},
                                              {"repeat", std::to_string(info.repeat)},
                                              {"fitted", info.fitted.json},
                                              {"classes", classes.dump()},
                                              {"risks", risks.dump()}};
  if (!info.learners.empty()) metadata["learners"] = Json(info.learners).dump();
  return metadata;
}

MemberInfo from_metadata(const std::map<std::string, std::string>& metadata,
                         std::vector<data::LabelSpec> labels) {
  const auto value = [&](const std::string& key) -> const std::string& {
    const auto found = metadata.find(key);
    if (found == metadata.end()) core::fail_data("the metadata lack `" + key + "`");
    return found->second;
  };
  const auto named = metadata.find("format");
  if (named == metadata.end() || named->second != format)
    core::fail_data("not the weights of a trained photo51 model (its `format` is not `" +
                    std::string(format) + "`)");
  MemberInfo info;
  info.labels = std::move(labels);
  try {
    info.fold = std::stoll(value("fold"));
    info.repeat = std::stoll(value("repeat"));
    info.fitted.json = value("fitted");
    info.labels = data::fitted_labels(std::move(info.labels), info.fitted);
    const Json classes = Json::parse(value("classes"));
    for (auto& label : info.labels) label.classes = classes.at(label.head).get<std::vector<std::string>>();
    const Json risks = Json::parse(value("risks"));
    for (const auto& [head, risk] : risks.items())
      info.risks[head] = {risk.at(0).get<double>(), risk.at(1).get<double>()};
    if (const auto learners = metadata.find("learners"); learners != metadata.end())
      info.learners = Json::parse(learners->second).get<std::map<std::string, std::string>>();
  } catch (const core::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // whose text quotes the file
    core::fail_data("the metadata are broken or of another model: an entry is absent or of another type");
  }
  return info;
}

Member::Member(const PipelineOptions& pipeline, MemberInfo info_)
    : info(std::move(info_)), inputs(data::input_info(pipeline.inputs, info.fitted)) {
  model = std::make_shared<model::Model>(pipeline.model, inputs, info.labels);
}

Member Member::load(const std::filesystem::path& file, const PipelineOptions& pipeline) {
  const auto stored = backbones::read_safetensors(file);
  return core::with_context(file.string(), [&] {
    Member member = [&] {
      const backbones::SkipInit skip;  // load_state fills every weight or fails
      return Member(pipeline, from_metadata(stored.metadata, model::label_specs(pipeline.model)));
    }();
    backbones::load_state(*member.model, stored.tensors, "weights", {.share = true});
    member.model->load_learners(member.info.learners);
    return member;
  });
}

void Member::save(const std::filesystem::path& file) const {
  MemberInfo with_learners = info;
  with_learners.learners = model->learner_states();
  backbones::save_weights(*model, file, to_metadata(with_learners));
}

std::vector<std::pair<std::string, at::Tensor>> Member::weights() const {
  const auto state = backbones::state_of(*model);
  return {state.begin(), state.end()};
}

}  // namespace photo51::inference
