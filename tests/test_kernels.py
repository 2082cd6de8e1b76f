"""Rows that one maker's processor made come out of another's, if MKL takes the same kernels: workflow/zen.c."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amr_coreset.grid import collect_rows, table_blocks
from amr_coreset.runs import load_scale

ROOT = Path(__file__).parents[1]
TRAINING = """
import json
from amr_coreset.coreset import TrainingRecord, select
from amr_coreset.grid import make_study
from amr_coreset.runs import load_scale, processor
from amr_coreset.trials import trial
from amr_coreset.workspace import derive_seed

study = make_study("RML2016.10a-twin", "CNN1D", load_scale("laptop"), "I", progress=False)
whole, test = study.split.train, study.split.test
coreset = select("Uniform", TrainingRecord(whole.label), 0.01, seed=derive_seed("select", 0))
print(json.dumps([whole.digest, trial(whole.subset(coreset), test, study.recipe("CNN1D"), 0)["accuracy"], processor()]))
"""


@pytest.mark.slow
def test_an_intel_processor_with_kernels_for_zen_trains_a_row_of_a_zen(tmp_path):
    """Repeat 0 of Uniform at 1 % in Table I, which a Zen 4 makes again; there the test says just that."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or not compiler:
        pytest.skip("needs Linux and a C compiler")
    about = dict(data_sets=["RML2016.10a-twin"], models=["CNN1D"], rates=[0.01], root=str(ROOT / "tables" / "rows"))
    row = (
        collect_rows(table_blocks("I", load_scale("laptop"), **about))
        .query("method == 'Uniform' and seed == 0")
        .iloc[0]
    )
    library = tmp_path / "zen.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, ROOT / "workflow" / "zen.c"], check=True)
    environment = os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", TRAINING], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    frames, accuracy, processor = json.loads(ran.stdout.splitlines()[-1])
    if frames != row["data_digest"] or "AVX512" not in processor:
        pytest.skip(f"other frames or narrower vectors on {processor}")
    if "AMD" in processor and "family 25" not in processor:
        pytest.skip(f"another of AMD's than a Zen 4: {processor}")
    assert "AMD" in processor or "kernels for Zen" in processor
    assert accuracy == row["accuracy"], processor
