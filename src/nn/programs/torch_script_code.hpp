#pragma once
/// What a TorchScript file says before any of it runs: loading one runs code already.

#include "nn/programs/archive.hpp"

namespace photo51::nn {

/// TorchScript has two operators that read and write files (`torch.save`, `torch.from_file`) and can name
/// operators and classes of any library that is loaded. Error (data) that names the record and the word: the
/// code has these, or the archive objects of such a class.
void require_confined(const Archive& archive);

}  // namespace photo51::nn
