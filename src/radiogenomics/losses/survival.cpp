#include "photo51/radiogenomics/losses/survival.hpp"

#include <torch/nn/module.h>

#include "photo51/core/error.hpp"

namespace photo51::radiogenomics {
namespace {

/// log of the sum of exp(values) in each of `groups` groups, stable. A group without members gives -inf.
at::Tensor group_log_sum_exp(const at::Tensor& values, const at::Tensor& group, int64_t groups) {
  const at::Tensor top = at::full({groups}, -std::numeric_limits<double>::infinity(), values.options())
                             .scatter_reduce(0, group, values.detach(), "amax");
  const at::Tensor sum =
      at::zeros({groups}, values.options()).index_add(0, group, (values - top.index_select(0, group)).exp());
  return sum.log() + top;
}

}  // namespace

at::Tensor cox_efron_loss(const at::Tensor& risk, const at::Tensor& time, const at::Tensor& event) {
  const auto there = [&](const at::Tensor& of_host) { return of_host.to(risk.device()); };
  const at::Tensor order = time.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const at::Tensor eta = risk.index_select(0, there(order)), happened = event.index_select(0, order);
  const auto [times, group, sizes] =
      at::unique_consecutive(time.index_select(0, order), /*return_inverse=*/true, /*return_counts=*/true);
  const at::Tensor rows = happened.nonzero().squeeze(1);  // of events, latest first
  if (rows.numel() == 0) return {};

  // At risk at a time: everyone up to the last row of its group.
  const at::Tensor at_risk = eta.logcumsumexp(0).index_select(0, there(sizes.cumsum(0) - 1));
  const at::Tensor event_group = group.index_select(0, rows), group_there = there(event_group);
  const at::Tensor event_eta = eta.index_select(0, there(rows));
  const at::Tensor tied = group_log_sum_exp(event_eta, group_there, times.size(0));
  const at::Tensor count = at::zeros({times.size(0)}, eta.scalar_type())
                               .index_add(0, event_group, at::ones(rows.sizes(), eta.scalar_type()));
  // The rank l of each event among those of its time: its place less the place of the first one.
  const at::Tensor place = at::arange(rows.numel(), rows.options());
  const at::Tensor first =
      at::full({times.size(0)}, rows.numel(), rows.options()).scatter_reduce(0, event_group, place, "amin");
  const at::Tensor rank = place - first.index_select(0, event_group);

  const at::Tensor all = at_risk.index_select(0, group_there);
  const at::Tensor share = there(rank / count.index_select(0, event_group));
  const at::Tensor spent = (tied.index_select(0, group_there) - all).exp();
  const at::Tensor log_denominator = all + at::log1p(-share * spent);
  return (log_denominator - event_eta).mean();
}

at::Tensor discrete_nll_loss(const at::Tensor& logits, const at::Tensor& time, const at::Tensor& event,
                             const at::Tensor& edges) {
  // Censored on a bound: that bin has ended, so the patient counts as in the next.
  const at::Tensor bin =
      at::where(event, at::bucketize(time, edges), at::bucketize(time, edges, false, /*right=*/true));
  const at::Tensor bins = at::arange(logits.size(1), bin.options());
  const at::Tensor survived = bins.unsqueeze(0) < bin.unsqueeze(1);
  // log(1 - sigmoid(x)) = log_sigmoid(-x)
  const at::Tensor log_survived = (at::log_sigmoid(-logits) * survived).sum(1);
  const at::Tensor log_hazard = at::log_sigmoid(logits.gather(1, bin.unsqueeze(1)).squeeze(1));
  return -(log_survived + log_hazard * event).mean();
}

at::Tensor event_time_edges(const at::Tensor& time, const at::Tensor& event, int64_t bins) {
  const at::Tensor observed = time.masked_select(event).to(at::kDouble);
  if (observed.numel() == 0) core::fail_data("no event was observed, so there is nothing to learn from");
  const at::Tensor levels = at::arange(1, bins, at::kDouble) / static_cast<double>(bins);
  return at::quantile(observed, levels.to(observed.device())).to(at::kFloat);
}

at::Tensor discrete_risk(const at::Tensor& logits) {
  return -at::log_sigmoid(-logits).cumsum(1).exp().sum(1);
}

}  // namespace photo51::radiogenomics
