"""Copies of the project in which tests run the workflow: at the scale `tiny` of tests/scales.yaml, or at TEST_SCALE=smoke."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BLOCK = "table1_RML2016.10a-twin_CNN1D"
SCALE = os.environ.get("TEST_SCALE", "tiny")
SCALES = "tests/scales.yaml" if SCALE == "tiny" else "workflow/scales.yaml"
RATES = len(yaml.safe_load((ROOT / SCALES).read_text())[SCALE]["rates"])


# What the estimates are made from, runs/speed.json, takes ten seconds to measure: once for all copies of a process.
speeds = ""


def keep_speeds(folder: Path):
    """Give the speeds that were measured in `folder` to the copies that are made from now on."""
    global speeds
    if (folder / "runs/speed.json").exists():
        speeds = (folder / "runs/speed.json").read_text()


def copy(folder: Path, *names: str):
    """Copy files and folders of the project."""
    for name in names:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
        else:
            shutil.copy(source, target)


def project(folder: Path) -> Path:
    """A copy of what the workflow needs, so that tests leave the checkout alone."""
    of_tests = ("tests/scales.yaml", "tests/own_methods.py")
    copy(folder, "amr_coreset", "nbs/paper", "workflow", "tables/published", *of_tests, "settings.ini")
    if speeds:
        (folder / "runs").mkdir()
        (folder / "runs/speed.json").write_text(speeds)
    return folder


def environment(folder: Path) -> dict:
    return os.environ | {
        "PYTHONPATH": str(folder),
        "AMR_CORESET_CACHE": str(folder / "cache"),
    }


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    """Start the workflow; `arguments` are name=value of the configuration, then what Snakemake takes."""
    command = [sys.executable, "workflow/run.py", "--config", f"scale={SCALE}", f"scales={SCALES}", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def finish(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run the workflow to its end; returns what it printed."""
    process = start(folder, *arguments)
    text = process.communicate(timeout=1800)[0]
    assert process.returncode == code, text
    keep_speeds(folder)
    return text


def forget_coresets(runs: Path):
    """Leave of what was trained in a folder the records alone: the coresets are to be trained again."""
    for path in [*runs.glob("*/*/*/rows/*.json"), *runs.glob("*/*/*/rows-*.csv")]:
        if path.suffix == ".csv" or "All frames" not in path.read_text():
            path.unlink()


def outputs(folder: Path) -> dict[str, bytes]:
    """The tables and figures of the block, byte by byte."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in [*folder.glob(f"tables/{BLOCK}*.*"), *folder.glob(f"figures/{BLOCK}*.p*")]
        if "deepcore" not in p.name
    }
