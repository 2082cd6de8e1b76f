"""The committed tables are what the committed rows say."""

import subprocess
import sys

import pytest
from workflow_runs import ROOT

from amr_coreset.grid import committed


@pytest.mark.slow
def test_every_committed_table_comes_from_the_committed_rows(tmp_path):
    command = [sys.executable, "workflow/tables.py", "make", "--to", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    made = sorted(path for path in (tmp_path / "tables").rglob("*.*"))
    assert len(made) >= len(committed())
    changed = [p.name for p in made if p.read_bytes() != (ROOT / p.relative_to(tmp_path)).read_bytes()]
    assert not changed, f"run make tables: {changed}"
