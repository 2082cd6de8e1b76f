"""The methods that scale laptop adds are FoQuS with other options, and nothing else."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# In a process of its own, as the methods would stay registered.
CHECK = """
import numpy as np
from amr_coreset.coreset import TrainingRecord, load_methods, select
names = load_methods("workflow/tier_methods.py")
assert len(names) == 10 and "FoQuS 5:3:2" not in names, names
rng = np.random.default_rng(0)
label = np.repeat(np.arange(11), 100)
record = TrainingRecord(label, correct=rng.random((20, 1100)) < 0.7, loss=rng.exponential(size=(20, 1100)))
for name, options in {
    "FoQuS 7:2:1": dict(ratios=(0.7, 0.2, 0.1)), "FoQuS 1:1:1": dict(ratios=(1 / 3, 1 / 3, 1 / 3)),
    "FoQuS min-max 2:3:5": dict(normalization="minmax", ratios=(0.2, 0.3, 0.5)), "FoQuS min-max 5:3:2": dict(normalization="minmax"),
    "FoQuS systematic": dict(within="systematic"),
}.items():
    same = select(name, record, budget=110, seed=3)
    assert (same == select("FoQuS", record, budget=110, seed=3, **options)).all(), name
    assert (same != select("FoQuS", record, budget=110, seed=3)).any(), name
"""


def test_tier_methods_are_foqus_with_other_options():
    run = subprocess.run([sys.executable, "-c", CHECK], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
