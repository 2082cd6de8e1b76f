"""The workflow as a user runs it: whole tables, kills, a second start, plain papermill."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from workflow_runs import BLOCK, ROOT, environment, finish, forget_coresets, outputs, project

from amr_coreset.captures import read_sigmf, save_npz, signals_from_arrays, write_sigmf
from amr_coreset.runs import ResultRow, processor, read_rows, write_rows
from amr_coreset.synthesis import RML2016_10A, generate
from amr_coreset.twins import write_pickle


def ask(folder: Path, what: str, *config: str) -> str:
    """`make plan` or `make status`."""
    command = [sys.executable, "workflow/run.py", what, "--config", "scale=tiny", "scales=tests/scales.yaml", *config]
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_the_other_reading_is_a_table_of_its_own(uninterrupted):
    folder, _ = uninterrupted
    before, rows = outputs(folder), len(list(folder.glob("runs/tiny/*/*/rows/*.json")))
    finish(folder, "variant=deepcore")
    table = (folder / f"tables/{BLOCK}_deepcore.md").read_text()
    assert "| Uniform |" in table and "| Forgetting (deepcore) |" in table and "| FoQuS |" in table
    assert {name: before[name] for name in before} == {name: outputs(folder)[name] for name in before}
    again = len(list(folder.glob("runs/tiny/*/*/rows/*.json")))
    assert again == rows + 4, "only Forgetting has another reading: two rates, two repeats"
    assert "variant 'theirs' is unknown; choose paper or deepcore" in finish(folder, "variant=theirs", code=1)


@pytest.mark.slow
def test_a_table_from_one_command(uninterrupted):
    folder, text = uninterrupted
    files = outputs(folder)
    # The table, its gains over Uniform, and three figures.
    assert sorted(Path(name).suffix for name in files) == [
        ".csv",
        ".csv",
        ".md",
        ".md",
        *[".pdf"] * 3,
        *[".png"] * 3,
        ".tex",
    ]
    assert "did not start" not in text and "Invalid Signature" not in text, "kernels must not disturb each other"
    assert "In all 17 trainings at scale tiny, 17 left: about" in text
    logs = {p.name: p.read_text() for p in folder.glob("runs/tiny/RML2016.10a-twin/CNN1D/logs/*")}
    assert "test accuracy on" in logs["record-s0.log"] and "8 of 8: Forgetting" in logs["evaluate-I-CNN1D-r0.3.log"]
    table = files[f"tables/{BLOCK}.md"].decode()
    assert (
        "RML2016.10a-twin" in table
        and "not the real data set" in table
        and "[**0.8036**, " in table
        and "[**0.8487**, " in table
    )
    assert "| FoQuS |" in table and "| Loss spread |" in table and "| All frames (100 %) |" in table


@pytest.mark.slow
def test_all_tables_and_pictures_of_a_data_set(uninterrupted):
    folder, _ = uninterrupted
    before = {p: p.stat().st_mtime_ns for p in folder.glob("runs/tiny/*/*/rows/*.json")}
    text = finish(folder, "table=all", "dataset=RML2016.10a-twin", "model=CNN1D")
    assert all(p.stat().st_mtime_ns == was for p, was in before.items()), "blocks share what is done"
    names = {p.name for p in folder.glob("tables/table*.md")}
    assert {f"table{n}_RML2016.10a-twin_CNN1D.md" for n in (1, 3, 4, 5)} <= names, text
    cross = (folder / "tables/table3_RML2016.10a-twin_CNN1D.md").read_text()
    assert "CNN1D → LSTM" in cross and "CNN1D → CNN2D" in cross and "| Loss spread |" in cross
    newer = (folder / "tables/table4_RML2016.10a-twin_CNN1D.md").read_text()
    assert "CNN1D → SigNet18" in newer and "CNN1D → IQFormer" in newer and "0.8041" in newer, (
        "the published SigNet at 10 % stands beside ours"
    )
    ablation = (folder / "tables/table5_RML2016.10a-twin_CNN1D.md").read_text()
    assert ablation.count("✓") == 12 and "10 % kept" in ablation
    assert "trainings done, 0 running" in ask(folder, "status", "table=3", "dataset=RML2016.10a-twin", "model=CNN1D")


@pytest.mark.slow
def test_committed_rows_are_kept_and_trained_again(one_run, tmp_path):
    folder = Path(shutil.copytree(one_run / "kept", tmp_path / "copy"))
    with (folder / "workflow/scales.yaml").open("a") as scales:
        scales.write((folder / "tests/scales.yaml").read_text())
    entry = dict(table="I", scale="tiny", data_sets=["RML2016.10a-twin"], models=["CNN1D"])
    (folder / "tables/committed.yaml").write_text(yaml.safe_dump([entry]))

    def run(*command: str) -> subprocess.CompletedProcess:
        options = dict(cwd=folder, env=environment(folder), capture_output=True, text=True)
        return subprocess.run([sys.executable, *command], **options)

    assert run("workflow/tables.py", "keep").returncode == 0
    kept = folder / "tables/rows/tiny/RML2016.10a-twin/CNN1D"
    assert sorted(p.name for p in kept.iterdir()) == [
        "all-frames-s0.csv",
        "rows-I-CNN1D-r0.1.csv",
        "rows-I-CNN1D-r0.3.csv",
    ]
    # A training on all frames that was committed from another record stays beside the new one.
    whole = kept / "all-frames-s0.csv"
    (ours,) = read_rows(whole).to_dict("records")
    write_rows(whole, [ResultRow(**ours | {"record_digest": "0" * 16, "run_key": "another"})])
    assert run("workflow/tables.py", "keep").returncode == 0
    assert read_rows(whole)["run_key"].tolist() == ["another", ours["run_key"]]
    write_rows(whole, [ResultRow(**ours)])
    again = run("workflow/rerun.py", "--seed", "3", "--folder", "again")
    assert again.returncode == 0, again.stdout + again.stderr
    (line,) = pd.read_csv(folder / "tables/rerun.csv").to_dict("records")
    assert line["table"] == BLOCK and line["equal"] == "yes" and line["committed"] == line["again"]
    assert line["committed on"] == line["again on"] == processor()
    for path in kept.iterdir():
        changed = dict(threads=2) if path.name.startswith("all-") else dict(accuracy=0.123, data_digest="0" * 16)
        other = read_rows(path).assign(**changed)
        write_rows(path, [ResultRow(**line) for line in other.to_dict("records")])
    forget_coresets(folder / "again")
    again = run("workflow/rerun.py", "--seed", "3", "--folder", "again")
    assert again.returncode == 1 and "committed 0.123000, again 0." in again.stdout, again.stderr
    assert "those of the row 0000000000000000, so it will not be equal" in again.stdout, "said before it trains"
    assert pd.read_csv(folder / "tables/rerun.csv")["equal"].tolist() == ["no, other frames"]
    (record,) = (folder / "again").glob("tiny/*/*/all-frames-s0.csv")
    assert read_rows(record)["threads"].tolist() == [2], "as the committed record was made"


@pytest.mark.slow
def test_a_training_that_fails_is_named_and_stops_nothing_else(one_run, tmp_path):
    folder = Path(shutil.copytree(one_run / "kept", tmp_path / "copy"))
    forget_coresets(folder / "runs")
    own = folder / "tests/own_methods.py"
    own.write_text(
        own.read_text().replace("return record.loss.std(axis=0)", "raise ArithmeticError('no spread today')")
    )
    text = finish(folder, code=1)
    assert "no spread today" in text and "Loss spread, repeat 0" in text
    log = (folder / "runs/tiny/RML2016.10a-twin/CNN1D/logs/evaluate-I-CNN1D-r0.3.log").read_text()
    assert log.startswith("ArithmeticError: no spread today")
    assert len(list(folder.glob("runs/tiny/*/*/rows/*.json"))) == 1 + 3 * 2 * 2, "the three other methods are done"


@pytest.mark.slow
def test_a_third_start_does_nothing(uninterrupted):
    folder, _ = uninterrupted
    began, before = time.perf_counter(), {p: p.stat().st_mtime_ns for p in folder.glob(f"tables/{BLOCK}.*")}
    assert "Nothing to be done" in finish(folder)
    assert time.perf_counter() - began < 30
    assert before and before == {p: p.stat().st_mtime_ns for p in before}


@pytest.mark.slow
def test_plain_papermill_works_too(one_run, tmp_path):
    folder = Path(shutil.copytree(one_run / "kept", tmp_path / "copy"))
    forget_coresets(folder / "runs")
    parameters = {"rate": 0.3, "scale": "tiny", "scales": "tests/scales.yaml"}
    command = [Path(sys.executable).parent / "papermill", "nbs/paper/evaluate.ipynb", "out.ipynb"]
    for name, value in parameters.items():
        command += ["-p", name, str(value)]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "coresets of 30 %" in (folder / "out.ipynb").read_text()
    assert len(list(folder.glob("runs/tiny/*/*/rows/*.json"))) == 9, "a record and four methods with two repeats"


def test_what_cannot_be_done_is_said_at_once(tmp_path):
    folder = project(tmp_path)
    for config, message in [
        (["scale=smoky"], "scale 'smoky' is unknown"),
        (["dataset=RML2016.10a", "model=CNN1D", f"data_dir={tmp_path}"], "RML2016.10a: no file RML2016.10a_dict.pkl"),
    ]:
        text = finish(folder, *config, code=1)
        assert message in text and "Traceback" not in text, text


def test_a_folder_that_is_not_there_is_passed_on():
    """So that the error names it; without it, the file would be looked for elsewhere."""
    make = ["make", "-f", "-", "show", "DATA_DIR=no such folder"]
    rule = "include Makefile\nshow:\n\t@echo $(CONFIG)\n"
    told = subprocess.run(make, cwd=ROOT, input=rule, capture_output=True, text=True, check=True).stdout
    assert f"data_dir={ROOT / 'no such folder'}" in told


@pytest.mark.slow
def test_working_results_lie_where_they_were_asked_for(tmp_path, monkeypatch):
    folder, elsewhere = project(tmp_path / "project"), tmp_path / "my runs"
    monkeypatch.setenv("AMR_CORESET_RUNS", str(elsewhere))
    asked = ("dataset=RML2016.10a-twin", "model=CNN1D", "method=Uniform", "rate=0.3")
    finish(folder, *asked)
    assert "| Uniform |" in (folder / f"tables/{BLOCK}_Uniform_r0.3.md").read_text()
    assert len(list(elsewhere.glob("tiny/*/*/rows/*.json"))) == 3 and list(elsewhere.glob("tiny/*/*/notebooks/*.ipynb"))
    assert not (folder / "runs/tiny").exists()
    (next(elsewhere.glob("tiny/*/*")) / "rows-I-CNN1D-r0.3-Uniform.csv").write_text("damaged")
    assert f"({elsewhere}/tiny/logs/{BLOCK}_Uniform_r0.3.log)" in finish(folder, *asked, code=1)


@pytest.mark.slow
def test_the_ranks_are_those_of_whole_tables_alone(tmp_path):
    """Of a part of Tables I to III there are no rows of the other part, which the ranks need."""
    folder = project(tmp_path)
    assert "ranks of the methods" in finish(folder, "table=all", "-n")
    for part in ("model=CNN1D", "method=Uniform,FoQuS", "rate=0.1", "dataset=RML2016.10a-twin,RML2018.01a-twin"):
        text = finish(folder, "table=all", part, "-n")
        assert "ranks of the methods" not in text and "what each method selects" in text, part


@pytest.mark.slow
def test_a_real_file_in_a_folder_with_a_space(tmp_path):
    folder, data = project(tmp_path / "project"), tmp_path / "my data"
    data.mkdir()

    def write_file(seed):
        cells = (
            (c, s, generate(RML2016_10A, c, s, 10, seed=seed)) for c in RML2016_10A.classes for s in RML2016_10A.snrs
        )
        write_pickle(data / "RML2016.10a_dict.pkl", cells, protocol=2)

    def rows():
        return {p: p.stat().st_mtime_ns for p in folder.glob("runs/*/*/*/rows/*.json")}

    config = ["dataset=RML2016.10a", "model=CNN1D", "method=Uniform,FoQuS", "rate=0.3", f"data_dir={data}"]
    write_file(0)
    finish(folder, *config)
    table, first = (folder / "tables/table1_RML2016.10a_CNN1D_FoQuS+Uniform_r0.3.md").read_text(), rows()
    assert "RML2016.10a (a file given as the real RML2016.10a)" in table and "twin" not in table
    assert len(first) == 5, "a record, two methods, one rate, two repeats"

    # Rules that run again because a notebook or a comment was edited do no training again.
    for name in ("nbs/paper/record.ipynb", "tests/scales.yaml"):
        (folder / name).write_text((folder / name).read_text() + "\n")
    assert "record 0" in finish(folder, *config) and rows() == first

    # Another file under the same name is other data.
    write_file(1)
    finish(folder, *config)
    assert len(rows()) == 10 and (folder / "tables/table1_RML2016.10a_CNN1D_FoQuS+Uniform_r0.3.md").read_text() != table


@pytest.mark.slow
def test_own_recordings_go_through_every_method_to_a_table(tmp_path):
    folder = project(tmp_path)
    rng = np.random.default_rng(0)
    tones = np.exp(2j * np.pi * (np.repeat([0.05, 0.2, 0.35], 20)[:, None] * np.arange(64) + rng.random((60, 1))))
    frames = tones + 0.3 * (rng.normal(size=(60, 64)) + 1j * rng.normal(size=(60, 64)))
    mine = signals_from_arrays(frames, np.repeat(["low", "middle", "high"], 20), name="tones")
    recorded = read_sigmf(write_sigmf(folder / "tones.sigmf-meta", mine, progress=False), 64, progress=False)
    assert recorded.digest == mine.digest
    path = save_npz(folder / "tones.npz", recorded)
    text = finish(folder, "scale=own", "dataset=own", f"data_dir={path}")
    assert "In all 15 trainings at scale own" in text
    table = (folder / "tables/table1_own_CNN1D.md").read_text()
    methods = yaml.safe_load((ROOT / "tests/scales.yaml").read_text())["own"]["methods"]
    assert all(f"| {name} |" in table for name in methods) and "Data: own" in table
    assert "unknown; choose one of RML2016.10a" in finish(folder, "dataset=theirs", code=1)
