"""estimators.py CASES OUT: what scikit-learn, lifelines and XGBoost make of the patients of CASES, as name,value rows."""
import sys
import warnings

import numpy as np
import pandas
import xgboost
from lifelines import CoxPHFitter
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge

warnings.filterwarnings("ignore")
cases = pandas.read_csv(sys.argv[1])
names = [name for name in cases.columns if name.startswith("x")]
x = cases[names].values
z = (x - x.mean(0)) / x.std(0)
n, lam = len(cases), 0.05
out = {}


def keep(name, values):
    for i, value in enumerate(np.asarray(values, float).ravel()):
        out[f"{name}_{i}"] = value


for l1_ratio in (0.0, 0.5, 1.0):
    binary = LogisticRegression(C=1 / (lam * n), l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=200000)
    keep(f"binary_{l1_ratio:g}", binary.fit(z, cases.b).decision_function(z))
    several = LogisticRegression(C=1 / (lam * n), l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=200000)
    keep(f"multiclass_{l1_ratio:g}", several.fit(z, cases.k).predict_proba(z))
    if l1_ratio == 0:
        value = Ridge(alpha=lam * n)
    else:
        value = ElasticNet(alpha=lam, l1_ratio=l1_ratio, tol=1e-12, max_iter=200000)
    keep(f"regression_{l1_ratio:g}", value.fit(z, cases.y).predict(z))
# lifelines smooths the absolute value, so only its ridge has the same optimum, of features over their unbiased deviation.
table = pandas.DataFrame(z, columns=names).assign(time=cases.time, event=cases.event)
cox = CoxPHFitter(penalizer=lam * (n - 1) / n, l1_ratio=0).fit(table, "time", "event", fit_options={"precision": 1e-10})
keep("survival_0", z @ cox.params_.values)

common = dict(max_depth=3, min_child_weight=1, reg_lambda=1, n_jobs=1, random_state=0)
boosted = dict(n_estimators=40, learning_rate=0.1, **common)
odds = np.full(n, np.log(cases.b.mean() / (1 - cases.b.mean())))
binary = xgboost.XGBClassifier(**boosted).fit(x, cases.b, base_margin=odds)
keep("trees_binary", binary.predict(x, output_margin=True, base_margin=odds))
keep("trees_multiclass", xgboost.XGBClassifier(**boosted).fit(x, cases.k).predict_proba(x))
mean = np.full(n, cases.y.mean())
value = xgboost.XGBRegressor(base_score=0, **boosted).fit(x, cases.y, base_margin=mean)
keep("trees_regression", value.predict(x, base_margin=mean))
survival = np.where(cases.event == 1, cases.time, -cases.time)
risk = xgboost.XGBRegressor(objective="survival:cox", base_score=1, **boosted).fit(x, survival)
keep("trees_survival", risk.predict(x, output_margin=True))
with open(sys.argv[2], "w") as file:
    file.write("name,value\n")
    for name, value in out.items():
        file.write(f"{name},{float(value)!r}\n")
