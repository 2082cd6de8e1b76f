"""The workflow on a cluster gives the tables and figures of a local run, byte for byte.

Without a cluster, jobs go through a submit script that runs them here. For the same on a real Slurm:

    workflow/slurm_here.sh && python -m pytest -m slow tests/test_cluster.py; workflow/slurm_here.sh stop

starts Debian's Slurm on this machine (as root) and stops it again. Where a Slurm is, the test uses that one.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from workflow_runs import RATES, ROOT, finish, outputs, project


def no_slurm() -> str:
    """Why Slurm cannot be used; empty if it can."""
    if not shutil.which("squeue"):
        return "Slurm is not installed; workflow/slurm_here.sh installs and starts it"
    try:
        asked = subprocess.run(["squeue"], capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return "squeue does not answer"
    if asked.returncode:
        return f"squeue fails ({asked.stderr.strip().splitlines()[-1]}); workflow/slurm_here.sh starts Slurm"
    return ""


NO_SLURM = no_slurm()


@pytest.mark.slow
def test_jobs_that_are_handed_over_give_the_same_bytes(expected, tmp_path):
    folder = project(tmp_path)
    text = finish(folder, "parts=2", "--profile", "workflow/profiles/fake")
    assert text.count("Submitted job") == 1 + 2 * RATES + 1, "a record, two parts of each rate, a table"
    assert outputs(folder) == expected


@pytest.mark.slow
@pytest.mark.skipif(bool(NO_SLURM), reason=NO_SLURM)
def test_slurm_gives_the_same_bytes(expected, tmp_path):
    folder = project(tmp_path)
    text = finish(folder, "parts=2", "--profile", "workflow/profiles/slurm")
    assert text.count("has been submitted with SLURM jobid") == 1 + 2 * RATES + 1
    assert outputs(folder) == expected


@pytest.mark.slow
def test_the_error_of_a_job_that_failed_is_the_last_thing_said(tmp_path):
    folder = project(tmp_path)
    (folder / "tests/own_methods.py").write_text("raise RuntimeError('a mistake in my methods')\n")
    text = finish(folder, "--profile", "workflow/profiles/fake", code=1)
    assert text.splitlines()[-1].startswith("RuntimeError: a mistake in my methods (runs/tiny/")


KUBECTL = """#!{python}
# A Kubernetes with one node, this machine: a job's name is that of a folder, in which its description and its end are.
import subprocess, sys, tempfile, yaml
from pathlib import Path
if sys.argv[1] == "create":
    job = yaml.safe_load(sys.stdin)
    folder = Path(tempfile.mkdtemp(prefix=job["metadata"]["generateName"], dir="{folder}"))
    (folder / "job.yaml").write_text(yaml.safe_dump(job))
    pod = job["spec"]["template"]["spec"]["containers"][0]
    run = "env " + " ".join(e["name"] + "=" + e["value"] for e in pod["env"]) + " " + " ".join(pod["command"])
    subprocess.Popen(
        [f"cd {{pod['workingDir']}}; {{run}} >{{folder}}/log 2>&1 && s=Complete || s=Failed; echo $s >{{folder}}/state"],
        shell=True, stdout=subprocess.DEVNULL,
    )
    print("job.batch/" + folder.name)
elif sys.argv[1] == "get":
    folder = Path("{folder}", Path(sys.argv[2]).name)
    if folder.exists():
        print(folder.name, (folder / "state").read_text() if (folder / "state").exists() else "")
"""


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A stand-in for kubectl that runs every job here; its folder holds the jobs."""
    jobs, program = tmp_path / "jobs", tmp_path / "bin/kubectl"
    jobs.mkdir()
    program.parent.mkdir()
    program.write_text(KUBECTL.format(python=sys.executable, folder=jobs))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return jobs


def test_what_kubernetes_is_asked_for(kubectl, tmp_path):
    profile = ROOT / "workflow/profiles/kubernetes"
    (tmp_path / "job.sh").write_text("echo $AMR_CORESET_CACHE; exit $(cat code)")
    ask = lambda name, *words: subprocess.run(  # noqa: E731
        [profile / name, *words], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"CLAIM": "shared", "MOUNT": str(tmp_path), "IMAGE": "python:3.11", "AMR_CORESET_CACHE": "/c"},
    ).stdout.strip()  # fmt: skip
    for code, end in (("0", "success"), ("1", "failed")):
        (tmp_path / "code").write_text(code)
        name = ask("submit.sh", "2", "3000", "60", "1", "job.sh")
        while (state := ask("status.sh", name)) == "running":
            time.sleep(0.05)
        assert state == end and (kubectl / Path(name).name / "log").read_text() == "/c\n"
    assert ask("status.sh", "job.batch/deleted") == "failed"
    spec = yaml.safe_load((kubectl / Path(name).name / "job.yaml").read_text())["spec"]
    pod = spec["template"]["spec"]
    assert spec["activeDeadlineSeconds"] == 3600 and spec["backoffLimit"] == 0
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "2", "memory": "3000M"},
        "limits": {"memory": "3000M", "nvidia.com/gpu": 1},
    }
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "shared"}
