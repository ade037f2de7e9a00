"""For test_statistics.cpp, which asks for CASES OUT (see serve.py): scikit-learn's, SciPy's and lifelines' numbers for the
patients of CASES, as name,value rows."""
import numpy as np
import pandas
import serve
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import concordance_index
from scipy.stats import pearsonr, spearmanr
from sklearn import metrics


def answer(cases_file, out_file):
    cases = pandas.read_csv(cases_file)
    p, y = cases.p.values, cases.y.values
    several = cases[["p0", "p1", "p2"]].values
    out = {
        "auroc": metrics.roc_auc_score(y, p),
        "auprc": metrics.average_precision_score(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "log_loss": metrics.log_loss(y, p),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, p >= 0.5),
        "macro_auroc": metrics.roc_auc_score(cases.k, several, multi_class="ovr"),
        "c_index": concordance_index(cases.time, -cases.risk, cases.event),
        "mae": metrics.mean_absolute_error(cases.time, cases.guess),
        "rmse": metrics.mean_squared_error(cases.time, cases.guess) ** 0.5,
        "r2": metrics.r2_score(cases.time, cases.guess),
        "pearson": pearsonr(cases.time, cases.guess)[0],
        "spearman": spearmanr(cases.time, cases.guess)[0],
    }
    low, high = cases[y == 0], cases[y == 1]
    out["log_rank"] = logrank_test(low.time, high.time, low.event, high.event).test_statistic
    out["log_rank_p"] = logrank_test(low.time, high.time, low.event, high.event).p_value
    curve = KaplanMeierFitter().fit(cases.time, cases.event)
    for i, time in enumerate(sorted(set(cases.time))):
        out[f"survival_{i}"] = curve.survival_function_.loc[time].iloc[0]
        interval = curve.confidence_interval_.loc[time]
        out[f"low_{i}"], out[f"high_{i}"] = interval.iloc[0], interval.iloc[1]
    with open(out_file, "w") as file:
        file.write("name,value\n")
        for name, value in out.items():
            file.write(f"{name},{float(value)!r}\n")


serve.serve(answer)
