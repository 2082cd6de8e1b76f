"""The table of pruned networks as a user makes it."""

import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from workflow_runs import ROOT, environment, finish, project

from amr_coreset.grid import parse_request
from amr_coreset.runs import load_scale

BLOCK = "fcos_RML2016.10a-twin_CNN1D"


@pytest.mark.slow
def test_the_table_of_pruned_networks_from_one_command(tmp_path):
    folder = project(tmp_path)
    asked = ("table=fcos", "dataset=RML2016.10a-twin", "model=CNN1D", "parts=2")
    text = finish(folder, *asked)
    assert "In all 9 trainings at scale tiny, 9 left" in text, "a record, four methods, two repeats"
    names = [f"{BLOCK}{part}.{kind}" for part in ("", "_ablation", "_recovery") for kind in ("md", "tex")]
    assert all((folder / "tables" / name).exists() for name in [*names, f"{BLOCK}.csv"]), text
    main = (folder / f"tables/{BLOCK}.md").read_text()
    assert "twin of RML2016.10a, not the real" in main
    assert "published" not in main, "print's line is of ResNet56, and stands above no other network"
    assert "| FCOS, INT8 |" in main and "| L1 |" in main
    table = pd.read_csv(folder / f"tables/{BLOCK}.csv").set_index(["method", "precision"])
    macs = table["macs"]
    assert macs["L1", "float32"] <= macs["FCOS", "float32"] < macs["Unpruned", "float32"], "peers have the size of FCOS"
    assert (
        (table["ms_1_1"].dropna() > 0).all()
        and table["ms_1_1"].count() == 5
        and (table["error"].xs("float32", level=1).dropna() < 1e-4).all()
    )
    log = folder / "runs/tiny/RML2016.10a-twin/CNN1D-0.1-validation/logs/prune-FCOS-CNN1D-r0.5-variants-1of2.log"
    assert "FCOS on FoQuS, repeat 1: accuracy" in log.read_text()
    assert "Nothing to be done" in finish(folder, *asked)
    status = [sys.executable, "workflow/run.py", "status", "--config", "scale=tiny", "scales=tests/scales.yaml", *asked]
    told = subprocess.run(status, cwd=folder, env=environment(folder), capture_output=True, text=True, check=True)
    assert "9 of 9 trainings done" in told.stdout
    assert "method 'FCOSS' is unknown" in finish(folder, *asked, "method=FCOSS", code=1)


class Asked(Exception):
    """Holds the blocks whose rows a notebook asks for."""


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("name, reads", [("fcos", "collect_prunings"), ("latency", "timed_rows")])
def test_the_notebooks_read_the_files_that_the_workflow_makes(name, reads, parts, monkeypatch):
    """Rows that are split over parts lie in files of other names."""

    def asked(blocks, *_):
        raise Asked(blocks if isinstance(blocks, list) else [blocks])

    monkeypatch.setattr(f"amr_coreset.pruned_tables.{reads}", asked)
    cells = [c for c in nbformat.read(ROOT / f"nbs/paper/{name}.ipynb", 4).cells if c.cell_type == "code"]
    names = {}
    exec(cells[0].source, names)
    words = ("parts", "data_sets", "models") if name == "fcos" else ("parts", "data_set", "model")
    assert set(words) <= set(names), "these are parameters"
    of_one = (["Sig2019-12-twin"], ["CNN1D"]) if name == "fcos" else ("Sig2019-12-twin", "CNN1D")
    names |= dict(zip(words, (parts, *of_one), strict=True))
    with pytest.raises(Asked) as caught:
        exec("\n".join(line for line in cells[1].source.splitlines() if not line.startswith("%")), names)
    request = parse_request(load_scale("smoke"), "fcos", dataset="Sig2019-12-twin", model="CNN1D", parts=parts)
    assert [set(b.pieces()) for b in caught.value.args[0]] == [set(b.pieces()) for b in request.blocks()]
