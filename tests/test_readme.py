"""What README.md shows works as it stands there."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from amr_coreset.coreset import METHODS
from amr_coreset.experiments import Study, evaluate_coresets, finish_rows
from amr_coreset.figures import accuracy_figure
from amr_coreset.runs import load_scale, read_rows
from amr_coreset.tables import published_values, summarize, table_markdown

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMR_CORESET_CACHE", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) >= 2
    with patch.dict(METHODS):
        for block in blocks:
            exec(compile(block, "README.md", "exec"), {})
    own = next(b for b in blocks if "TrainingRecord(" in b)
    assert len([line for line in own.splitlines() if line.strip()]) < 10, "own arrays to FoQuS in under ten lines"


@pytest.mark.slow
def test_the_own_method_of_the_readme_joins_the_grid_and_the_table(tmp_path):
    (block,) = [b for b in re.findall(r"```python\n(.*?)```", README, re.S) if "@method(" in b]
    (scale,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    own, scales = tmp_path / "my_methods.py", tmp_path / "scales.yaml"
    own.write_text(block)
    scales.write_text((ROOT / "workflow/scales.yaml").read_text() + "\n" + scale.replace("my_methods.py", str(own)))
    mine = replace(load_scale("mine", scales), frames_per_cell=8, epochs=2, rates=(0.3,), repeats=1, short_runs=0)
    with patch.dict(METHODS):
        study = Study("RML2016.10a-twin", "CNN1D", mine, data_dir=tmp_path, root=tmp_path, progress=False)
        assert "Loss spread" in METHODS
        rows = finish_rows(study, 0.3, evaluate_coresets(study, 0.3))
        table = summarize(read_rows(rows), published_values("I"))
        text = table_markdown(table, mine, "Table I", "README.md")
        assert "| Loss spread |" in text and "| Loss spread x SNR |" in text
        assert len(accuracy_figure(table).legends[0].get_texts()) == 4


def test_the_findings_are_what_the_tables_say():
    run = subprocess.run([sys.executable, "workflow/findings.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, f"run make docs {run.stderr}"
    for source in ("nbs/findings.md", "nbs/studies/results.md"):
        text = re.sub(r"\{\{.+?\}\}", "", (ROOT / source).read_text(encoding="utf-8"), flags=re.S)
        text = re.sub(r"\]\(.+?\)", "", text)  # the rate in a table's file name is no result
        assert not re.findall(r"[+−±-]?\d+\.\d+(?!\w)", text), f"numbers in {source} come from the tables"


def test_the_commands_exist():
    targets = set(" ".join(re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(), re.M)).split())
    named = set(re.findall(r"^\s*make (\w+)", README, re.M)) | set(re.findall(r"`make (\w+)", README))
    assert {"reproduce", "test", "lab", "bench"} <= named <= targets
