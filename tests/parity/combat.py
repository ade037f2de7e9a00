"""combat.py FOLDER: writes cohort.csv, clinical numbers of three sites, and neuroCombat's harmonized numbers as NAME.csv,
for test_combat.cpp."""
import sys

import numpy
import pandas
from neuroCombat import neuroCombat

folder = sys.argv[1]
rng = numpy.random.default_rng(2)
sites = numpy.repeat(["Ash", "Birch", "Cedar"], [14, 9, 22])
age = rng.normal(60, 9, len(sites)) + 6 * (sites == "Birch")
sex = rng.choice(["f", "m"], len(sites))
names = [f"n{i}" for i in range(8)]
numbers = rng.normal(size=(len(sites), 8)) * rng.uniform(0.5, 3, 8) + rng.normal(0, 5, 8)
numbers += numpy.outer(age, rng.normal(0, 0.1, 8)) + numpy.outer(sex == "m", rng.normal(0, 1, 8))
for site, shift, scale in (("Ash", 2.0, 1.0), ("Birch", -1.5, 2.5), ("Cedar", 0.0, 0.6)):
    numbers[sites == site] = numbers[sites == site] * scale + shift + rng.normal(0, 0.5, 8)

cohort = pandas.DataFrame({"patient": [f"P{i}" for i in range(len(sites))], "site": sites, "age": age, "sex": sex})
cohort[names] = numbers
cohort.to_csv(f"{folder}/cohort.csv", index=False, float_format="%.9g")
cohort = pandas.read_csv(f"{folder}/cohort.csv")
variants = {
    "plain": {},
    "covariates": {"categorical_cols": ["sex"], "continuous_cols": ["age"]},
    "mean_only": {"mean_only": True},
}
for name, options in variants.items():
    found = neuroCombat(cohort[names].values.T.copy(), cohort[["site", "age", "sex"]], "site", **options)
    pandas.DataFrame(found["data"].T, columns=names).to_csv(f"{folder}/{name}.csv", index=False)
