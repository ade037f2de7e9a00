#pragma once
/// Batch norms that do not learn.

namespace torch::nn {
class Module;
}

namespace photo51::training {

/// Evaluation mode for each batch norm below `model` whose parameters are all without gradient: it goes by
/// its running statistics and leaves them as they are. After `model.train()`.
void hold_frozen_norms(torch::nn::Module& model);

}  // namespace photo51::training
