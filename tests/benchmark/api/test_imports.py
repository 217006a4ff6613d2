"""What importing loads: the API is light, and metrics and generators stand without the harness's plans and stores."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import environment

HEAVY = ("torch", "mlflow", "optuna", "matplotlib", "pandas", "scipy", "sklearn", "typer")


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_api_loads_nothing_heavy() -> None:
    assert printed(f"import sys, benchmark.api; print([m for m in {HEAVY} if m in sys.modules])") == "[]"


def test_metrics_need_nothing_of_the_harness() -> None:
    code = """
import sys, numpy as np
from metrics import registry
from metrics.base import ScoreContext
from metrics.marginal_wasserstein import MarginalWasserstein
real = np.linspace(0, 1, 480, dtype=np.float32).reshape(20, 8, 3)
for name in registry.names():
    registry.load(name)
print(MarginalWasserstein().compute(real, real, ScoreContext(seeds=range(2))).mean)
print([m for m in sys.modules if m.partition(".")[0] in ("benchmark", "baselines", "timemar")])
"""
    assert printed(code) == "0.0\n[]"


def test_generators_need_no_plan_and_no_store() -> None:
    code = """
import sys, numpy as np
from baselines.controls.gaussian import Gaussian
from benchmark.interface import FitContext
windows = np.random.default_rng(0).uniform(size=(30, 8, 2)).astype(np.float32)
print(Gaussian().fit(windows, FitContext(seed=0)).sample(3, seed=1).shape)
print([m for m in sys.modules if m.startswith(("benchmark.plan", "benchmark.store", "benchmark.run", "benchmark.cli"))])
"""
    assert printed(code) == "(3, 8, 2)\n[]"
