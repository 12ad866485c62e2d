"""Fit PyMC-Marketing's example with PyMC-Marketing: two chains of 1,000 by numpyro, and print what it found as JSON.

Run by :mod:`benchmarks.budget` in an interpreter that has what `budget-requirements.txt` lists.
"""

import json
import sys
import time

import pandas as pd
from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation


def main(path: str) -> None:
    """Print low, mean and high of each channel's contribution, and seconds of processor time."""
    data = pd.read_csv(path, parse_dates=["date_week"])
    model = MMM(
        date_column="date_week",
        channel_columns=["x1", "x2"],
        control_columns=["event_1", "event_2", "t"],
        adstock=GeometricAdstock(l_max=8),
        saturation=LogisticSaturation(),
        yearly_seasonality=2,
    )
    began = time.process_time()
    model.fit(
        data.drop(columns="y"), data["y"], nuts_sampler="numpyro", chains=2, draws=1000, tune=1000, random_seed=1,
        progressbar=False,
    )  # fmt: skip
    seconds = time.process_time() - began
    parts = model.compute_channel_contribution_original_scale().sum("date").stack(draw_of=("chain", "draw"))
    found = {"seconds": seconds}
    for name in ("x1", "x2"):
        draws = parts.sel(channel=name).to_numpy()
        found[name] = [
            float(v) for v in (pd.Series(draws).quantile(0.025), draws.mean(), pd.Series(draws).quantile(0.975))
        ]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
