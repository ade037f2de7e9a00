#include "photo51/imaging/dicom/diffusion.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

void require_b_values(const Volume& dwi) {
  if (dwi.b_values.size() != static_cast<size_t>(dwi.data.size(0)) || dwi.b_values.empty())
    core::fail_usage(dwi.source + ": has no b-value for each channel");
}

/// What every channel of the result shares with the series.
Volume like(const Volume& dwi, const at::Tensor& data) {
  Volume volume = dwi;
  volume.data = data.contiguous();
  volume.channels.clear();
  volume.b_values.clear();
  volume.seconds.clear();
  return volume;
}

}  // namespace

Volume by_b_value(const Volume& dwi) {
  require_b_values(dwi);
  std::map<int64_t, std::vector<int64_t>> channels;
  for (size_t i = 0; i < dwi.b_values.size(); ++i)
    channels[std::llround(dwi.b_values[i])].push_back(static_cast<int64_t>(i));
  std::vector<at::Tensor> united;
  bool averaged = false;
  for (const auto& [b, same] : channels) {
    if (same.size() == 1) {
      united.push_back(dwi.data[same[0]]);
      continue;
    }
    averaged = true;
    at::Tensor log = at::zeros_like(dwi.data[0], at::kDouble);
    for (const int64_t c : same) log += dwi.data[c].to(at::kDouble).clamp_min(0).log();
    united.push_back((log / static_cast<double>(same.size())).exp().to(at::kFloat));
  }
  if (averaged)
    for (at::Tensor& one : united) one = one.to(at::kFloat);
  Volume volume = like(dwi, at::stack(united));
  for (const auto& [b, same] : channels) {
    volume.channels.push_back("b" + std::to_string(b));
    volume.b_values.push_back(static_cast<double>(b));
    if (same.size() > 1)
      volume.warnings.push_back("b" + std::to_string(b) + " is the geometric mean of " +
                                std::to_string(same.size()) + " directions or repeats");
  }
  return volume;
}

Volume adc_map(const Volume& dwi, double least, double most) {
  require_b_values(dwi);
  std::vector<int64_t> used;
  std::set<double> different;
  for (size_t i = 0; i < dwi.b_values.size(); ++i) {
    if (dwi.b_values[i] < least || dwi.b_values[i] > most) continue;
    used.push_back(static_cast<int64_t>(i));
    different.insert(dwi.b_values[i]);
  }
  if (different.size() < 2)
    core::fail_data(dwi.source + ": an ADC needs two b-values from " + core::format_number(least) + " to " +
                    core::format_number(most) + " s/mm²; there are " + std::to_string(different.size()));
  // Sums of the normal equations, over the channels whose signal is positive in the voxel.
  at::Tensor n = at::zeros_like(dwi.data[0], at::kDouble), sb = n.clone(), sbb = n.clone(), sy = n.clone(),
             sby = n.clone();
  for (const int64_t c : used) {
    const at::Tensor signal = dwi.data[c].to(at::kDouble);
    const at::Tensor good = signal.gt(0).logical_and_(at::isfinite(signal)).to(at::kDouble);
    const at::Tensor y = at::where(good.gt(0), signal, at::ones_like(signal)).log();
    const double b = dwi.b_values[static_cast<size_t>(c)];
    n += good;
    sb += good * b;
    sbb += good * (b * b);
    sy += good * y;
    sby += good * y * b;
  }
  const at::Tensor spread = n * sbb - sb * sb;
  const at::Tensor slope = (n * sby - sb * sy) / at::where(spread.gt(1e-9), spread, at::ones_like(spread));
  const at::Tensor adc = at::where(spread.gt(1e-9), slope * -1e6, at::zeros_like(slope)).clamp_min(0);
  Volume map = like(dwi, adc.to(at::kFloat).unsqueeze(0));
  map.channels = {"adc"};
  return map;
}

}  // namespace photo51::imaging
