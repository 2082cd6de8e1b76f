"""The committed tables and figures are what the committed rows say."""

import subprocess
import sys
from pathlib import Path

import pytest
from workflow_runs import ROOT


@pytest.mark.slow
def test_every_committed_table_comes_from_the_committed_rows(tmp_path):
    command = [sys.executable, "workflow/tables.py", "make", "--to", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    made = {p.relative_to(tmp_path) for p in tmp_path.rglob("*.*") if p.is_file()}
    absent = sorted(str(p) for p in made if not (ROOT / p).exists())
    assert not absent, f"run make tables and commit what is new: {absent}"
    changed = [str(p) for p in made if (tmp_path / p).read_bytes() != (ROOT / p).read_bytes()]
    assert not changed, f"run make tables: {changed}"
    listed = subprocess.run(
        ["git", "ls-files", "tables", "figures"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    given = (
        "tables/published/",
        "tables/rows/",
        "tables/committed.yaml",
        "tables/rerun.",
        "tables/benchmark_",
        "figures/benchmark_",
        "tables/study_networks.",  # its notebook trains everything again, in half an hour
        "figures/study_networks.",
    )
    left = [name for name in listed.stdout.split() if not name.startswith(given) and Path(name) not in made]
    assert not left, f"not in tables/committed.yaml, so nothing makes them from rows: {left}"
