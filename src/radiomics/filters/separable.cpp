#include "radiomics/filters/separable.hpp"

#include <algorithm>
#include <utility>

namespace photo51::radiomics {

Pooling pooling_from(ResponsePooling option) {
  if (option == ResponsePooling::max) return Pooling::max;
  return option == ResponsePooling::min ? Pooling::min : Pooling::mean;
}

Kernel convolving(std::vector<double> weights) {
  if (weights.size() % 2 == 0) weights.push_back(0);
  std::reverse(weights.begin(), weights.end());
  return weights;
}

std::vector<Window> stage_windows(const Chains& filter, const Grid& image, const Window& window) {
  std::vector<Window> result{window};
  for (size_t stage = filter.chains.front().size(); stage-- > 0;) {
    Index3 radius{0, 0, 0};
    for (const Chain& chain : filter.chains)
      for (int axis = 0; axis < 3; ++axis)
        radius[axis] = std::max(radius[axis], static_cast<int64_t>(chain[stage][axis].size() / 2));
    result.push_back(inside(grown(result.back(), radius), image, filter.boundary));
  }
  std::reverse(result.begin(), result.end());
  return result;
}

namespace {

class Run {
 public:
  Run(const Chains& filter, const Grid& image, const Window& window)
      : filter_(filter), windows_(stage_windows(filter, image, window)) {}

  /// Does the passes from `pass` on (three a stage) of `chains`, which have come to `patch` together.
  void go(const Patch& patch, size_t pass, const std::vector<const Chain*>& chains) {
    const size_t stage = pass / 3;
    const int axis = static_cast<int>(pass % 3);
    if (stage == chains.front()->size()) {
      pool(patch.values, static_cast<double>(chains.size()));
      return;
    }
    std::vector<std::pair<const Kernel*, std::vector<const Chain*>>> groups;
    for (const Chain* chain : chains) {
      const Kernel& kernel = (*chain)[stage][axis];
      const auto same = std::find_if(groups.begin(), groups.end(),
                                     [&](const auto& group) { return *group.first == kernel; });
      if (same == groups.end())
        groups.push_back({&kernel, {chain}});
      else
        same->second.push_back(chain);
    }
    static const Kernel kNone{1};
    const Window& to = windows_[stage + 1];
    for (const auto& [kernel, members] : groups)
      go(correlate(patch, kernel->empty() ? kNone : *kernel, axis, to.begin[axis], to.end[axis],
                   filter_.boundary),
         pass + 1, members);
  }

  std::vector<double> result() {
    if (filter_.pooling == Pooling::mean)
      for (double& value : result_) value /= static_cast<double>(filter_.chains.size());
    return std::move(result_);
  }

 private:
  void pool(const std::vector<double>& values, double count) {
    const bool adds = filter_.pooling == Pooling::mean || filter_.pooling == Pooling::sum;
    if (result_.empty()) {
      result_ = values;
      if (adds && count > 1)
        for (double& value : result_) value *= count;
      return;
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (adds)
        result_[i] += count * values[i];
      else
        result_[i] = filter_.pooling == Pooling::max ? std::max(result_[i], values[i])
                                                     : std::min(result_[i], values[i]);
    }
  }

  const Chains& filter_;
  std::vector<Window> windows_;
  std::vector<double> result_;
};

}  // namespace

std::vector<double> respond(const Chains& filter, const Patch& patch, const Window& window) {
  Run run(filter, patch.image, window);
  std::vector<const Chain*> all;
  for (const Chain& chain : filter.chains) all.push_back(&chain);
  run.go(patch, 0, all);
  return run.result();
}

namespace {

/// Where each axis of a rotated kernel comes from, and whether it is turned round.
struct Turn {
  std::array<int, 3> from;
  std::array<bool, 3> flipped;
};

/// The proper rotations among the signed permutations of the axes.
std::vector<Turn> turns(bool in_plane) {
  std::vector<Turn> result;
  std::array<int, 3> from{0, 1, 2};
  do {
    if (in_plane && from[0] != 0) continue;
    int inversions = 0;
    for (int a = 0; a < 3; ++a)
      for (int b = a + 1; b < 3; ++b) inversions += from[a] > from[b];
    for (int signs = 0; signs < 8; ++signs) {
      const std::array<bool, 3> flipped{(signs & 1) != 0, (signs & 2) != 0, (signs & 4) != 0};
      const int flips = flipped[0] + flipped[1] + flipped[2];
      if ((inversions + flips) % 2 != 0 || (in_plane && flipped[0])) continue;
      result.push_back({from, flipped});
    }
  } while (std::next_permutation(from.begin(), from.end()));
  return result;
}

}  // namespace

std::vector<Chain> rotations(const Chain& chain, bool in_plane) {
  std::vector<Chain> result;
  for (const Turn& turn : turns(in_plane)) {
    Chain turned(chain.size());
    for (size_t stage = 0; stage < chain.size(); ++stage) {
      for (int axis = 0; axis < 3; ++axis) {
        Kernel kernel = chain[stage][turn.from[axis]];
        if (turn.flipped[axis]) std::reverse(kernel.begin(), kernel.end());
        turned[stage][axis] = std::move(kernel);
      }
    }
    if (std::find(result.begin(), result.end(), turned) == result.end()) result.push_back(std::move(turned));
  }
  return result;
}

}  // namespace photo51::radiomics
