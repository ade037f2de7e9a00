#pragma once
/// The methods behind `stain.hpp`, one file each.

#include <ATen/core/Tensor.h>

#include "photo51/preprocess/histopathology/stain.hpp"

namespace photo51::preprocess {

StainProfile macenko_reference();
StainProfile measure_macenko(const at::Tensor& pictures, const StainOptions& options);
at::Tensor normalize_macenko(const at::Tensor& pictures, const StainProfile& from, const StainProfile& to,
                             const StainOptions& options);

StainProfile reinhard_reference();
StainProfile measure_reinhard(const at::Tensor& pictures);
at::Tensor normalize_reinhard(const at::Tensor& pictures, const StainProfile& from, const StainProfile& to);

}  // namespace photo51::preprocess
