"""The committed tables and figures are what the committed rows say."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from workflow_runs import ROOT, environment, project

from amr_coreset.trials import Trials


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


@pytest.mark.slow
def test_an_entry_that_cannot_be_made_is_named(tmp_path):
    folder = project(tmp_path)
    odd = {"odd": "tables = ''"}  # what it defines instead of both
    entries = {
        "raises": "print('so far', file=__import__('sys').stderr); 1 / 0",
        "killed": "import os; os.kill(os.getpid(), 9)",
        "odd": "open('written', 'w')",
    }
    (folder / "nbs/studies").mkdir()
    for name, source in entries.items():
        cells = [
            nbformat.v4.new_code_cell(
                odd.get(name, "tables = ''\nfigures = ''"),
                metadata={"tags": ["parameters"]},
            ),
            nbformat.v4.new_code_cell(source),
        ]
        nbformat.write(
            nbformat.v4.new_notebook(
                cells=cells,
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            ),
            folder / f"nbs/studies/{name}.ipynb",
        )
    asked = [{"study": name} for name in ("raises", "killed", "nowhere", "odd")]
    (folder / "tables/committed.yaml").write_text(yaml.dump(asked))
    run = subprocess.run(
        [sys.executable, "workflow/tables.py"], cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert run.returncode == 1 and "0 of 4 tables" in run.stdout, run.stdout + run.stderr
    for entry, code in zip(asked, (1, -9, 1, 1), strict=True):
        assert f"not made: {entry} (exit code {code})" in run.stdout
    assert "ZeroDivisionError" in run.stderr and "so far" in run.stderr and "nowhere.ipynb" in run.stderr
    assert "the cell tagged 'parameters' does not define figures" in run.stderr
    assert not (folder / "written").exists(), "and nothing runs with what stands there instead"


def test_lines_of_studies_are_read_and_written_as_they_stand():
    files = [f for f in sorted(ROOT.glob("tables/rows/studies/*.csv")) if "code_digest" in f.read_text()]
    assert len(files) > 8
    for file in files:
        plain = pd.read_csv(file, dtype={"code_digest": str}, keep_default_na=False)
        named = plain.rename(columns=lambda name: name.removeprefix("value_"))
        pd.testing.assert_frame_equal(Trials(file.stem, root=file.parents[1]).table, named)
        assert plain.to_csv(index=False) == file.read_text()
