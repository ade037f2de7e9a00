#pragma once
/// The encoder of one input, alone.

#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder.hpp"
#include "photo51/config/fields.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::model {

class Model;

/// The one that a row of `encoders()` makes, with its first weights. `labels`: those of the model's heads,
/// whose classes may teach it. Errors (usage): those of its row.
std::shared_ptr<backbones::Encoder> make_encoder(const config::Choice& choice, const data::InputInfo& info,
                                                 const std::vector<data::TaskSpec>& labels = {});
/// A model's own. Error (usage): it has none for this input.
std::shared_ptr<backbones::Encoder> encoder_of(const Model& model, const std::string& input);

}  // namespace photo51::model
