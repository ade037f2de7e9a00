#pragma once
/// How images are prepared that weights have seen, and whether it is so today.

#include <map>
#include <string>
#include <vector>

#include "photo51/data/options/inputs.hpp"
#include "photo51/inference/trained_model.hpp"

namespace photo51::inference {

/// Error (usage) that names each key whose value is not the one at training; keys that training did not have
/// are passed over.
void require_prepared(const Prepared& at_training, const data::Inputs& inputs);
/// In words, what of an input is prepared otherwise than its pretrained weights were made for; nothing for an
/// input that is no image.
std::vector<std::string> unlike(const nn::MadeFor& made_for, const std::string& name,
                                const config::Choice& input);

/// As entries of the metadata of weights, and back. Error (data): broken.
std::string to_json(const std::map<std::string, PretrainedInput>& pretrained);
std::map<std::string, PretrainedInput> pretrained_from(const std::string& json);
std::string to_json(const Prepared& prepared);
Prepared prepared_from(const std::string& json);

}  // namespace photo51::inference
