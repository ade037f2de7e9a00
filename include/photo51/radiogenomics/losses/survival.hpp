#pragma once
/// Survival losses on one batch. Times are positive, in days; `event` is true where the event was observed
/// and false where the patient was censored. All differentiable in the first argument.

#include <ATen/core/Tensor.h>

namespace photo51::radiogenomics {

/// Negative log partial likelihood of Cox's model with Efron's correction for ties (Efron 1977), divided by
/// the number of events:
///
///   -1/E sum over event times t, over l = 0 .. d_t - 1 of
///        eta_i(t, l) - log( sum_{R_t} exp(eta) - l / d_t sum_{D_t} exp(eta) )
///
/// with R_t at risk at t (time >= t), D_t the d_t patients who have the event at t. `risk` [B] is the log
/// hazard ratio eta, on any device; `time` and `event` are on the host, where ties and risk sets are found.
/// Computed in logarithms, so that no spread of risks over- or underflows. Undefined tensor when there is no
/// event.
at::Tensor cox_efron_loss(const at::Tensor& risk, const at::Tensor& time, const at::Tensor& event);

/// Negative log likelihood of a discrete-time hazard model (Gensheimer and Narasimhan 2019), the mean over
/// the patients. `logits` [B, K] are of the hazards of K time bins, `edges` [K - 1] the ascending inner
/// bounds; bin k is (edges[k-1], edges[k]], the last one open. A censored patient counts for the bins that
/// ended by then.
at::Tensor discrete_nll_loss(const at::Tensor& logits, const at::Tensor& time, const at::Tensor& event,
                             const at::Tensor& edges);

/// The inner bounds of `bins` time bins: quantiles of the observed event times (linear between order
/// statistics), float32 [bins - 1]. Error (data) without an event.
at::Tensor event_time_edges(const at::Tensor& time, const at::Tensor& event, int64_t bins);

/// Risk of a discrete-time model [B]: minus the expected number of bins survived, minus sum_k S_k; higher =
/// earlier.
at::Tensor discrete_risk(const at::Tensor& logits);

}  // namespace photo51::radiogenomics
