"""Fit customers' histories with PyMC-Marketing's MAP and print what it found as JSON.

Run by :mod:`benchmarks.audience_value` in an interpreter that has what `budget-requirements.txt` lists.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
from pymc_extras.prior import Prior
from pymc_marketing import clv


def main(name: str, path: str) -> None:
    """Print r, alpha, a, b and seconds of processor time."""
    given = np.load(path)
    data = pd.DataFrame(
        {
            "customer_id": np.arange(len(given["x"])),
            "frequency": given["x"],
            "recency": given["last"],
            "T": given["age"],
        }
    )
    flat = {f"{parameter}": Prior("HalfFlat") for parameter in ("a", "b", "alpha", "r")}
    model = {"bg-nbd": clv.BetaGeoModel, "mbg-nbd": clv.ModifiedBetaGeoModel}[name](data=data, model_config=flat)
    model.build_model()
    began = time.process_time()
    model.fit(method="map", progressbar=False)
    seconds = time.process_time() - began
    found = model.fit_result
    print(json.dumps({"seconds": seconds, **{p: float(found[p].squeeze()) for p in ("r", "alpha", "a", "b")}}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
