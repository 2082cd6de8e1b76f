"""Kills at any moment lose nothing, and two workflows never run in one folder."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress

import psutil
import pytest
from workflow_runs import SCALE, finish, outputs, project, start


def wait_for(condition, process, seconds=600):
    for _ in range(seconds * 20):
        if condition() or process.poll() is not None:
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


@pytest.mark.slow
def test_killed_and_started_again_it_finishes_what_is_missing(expected, tmp_path):
    folder = project(tmp_path)
    runs = folder / "runs"
    moments = [
        lambda: any(runs.glob("*/*/*/notebooks/record-s0.ipynb")),  # the record's notebook has started
        lambda: len(list(runs.glob("*/*/*/rows/*.json"))) >= 3,  # the record and some coresets are done
    ]
    kept = {}
    for moment in moments:
        process = start(folder)
        wait_for(moment, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(2)  # kernels end when they notice that their parent is gone
        kept |= {p: p.stat().st_mtime_ns for p in runs.glob("*/*/*/rows/*.json") if p not in kept}
    text = finish(folder)
    assert outputs(folder) == expected, "the tables must be the same bytes as without a kill"
    assert len(kept) >= 3 and all(p.stat().st_mtime_ns == was for p, was in kept.items()), (
        "what was done must not be done again"
    )
    assert not any(runs.glob("*/*/*/checkpoints/*")), text


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost(expected, tmp_path):
    """SIGKILL of the whole workflow, or of one kernel in the middle of its training, until KILLS of them; `make kills`."""
    wanted, seed = int(os.environ.get("KILLS", "3")), int(os.environ.get("KILL_SEED", "0"))
    rng, kills, grids, kept = random.Random(seed), {"workflow": 0, "kernel": 0}, 0, {}
    while sum(kills.values()) < wanted:
        grids += 1
        folder = project(tmp_path / f"grid{grids}")
        rows, before = folder / "runs", {}
        while sum(kills.values()) < wanted:
            process = start(folder)
            # Some starts, some records and some coresets are hit; a smoke grid takes 100 s, the tests' own 40.
            moment = time.monotonic() + rng.uniform(3, 25 if SCALE == "tiny" else 90)
            victim = rng.choice(["workflow", "kernel"])
            while time.monotonic() < moment and process.poll() is None:
                time.sleep(0.05)
            if victim == "kernel" and (running := kernels(process)):
                os.kill(rng.choice(running), signal.SIGKILL)
                process.communicate(timeout=600)
            elif process.poll() is None:
                victim = "workflow"
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            else:
                break  # done before the kill came
            kills[victim] += 1
            assert all(p.stat().st_mtime_ns == was for p, was in before.items()), "finished work must not be done again"
            before = {p: p.stat().st_mtime_ns for p in rows.glob("*/*/*/rows/*.json")}
        finish(folder)
        kept[grids] = len(before)
        assert all(p.stat().st_mtime_ns == was for p, was in before.items()), "finished work must not be done again"
        assert outputs(folder) == expected, "the tables must be the same bytes as without a kill"
    print(f"{kills} kills over {grids} grids; rows kept before each last start: {list(kept.values())}")


def kernels(process: subprocess.Popen) -> list[int]:
    """Process numbers of the notebooks' kernels under a workflow."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if any("ipykernel" in word for word in child.cmdline()):
                    found.append(child.pid)
    return found


@pytest.mark.slow
def test_a_second_workflow_is_refused_and_harms_nothing(tmp_path):
    folder = project(tmp_path)
    first = start(folder)
    wait_for(lambda: (folder / ".snakemake").exists(), first)
    second = start(folder)
    text = second.communicate(timeout=600)[0]
    assert second.returncode == 1 and "Another workflow is running" in text
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
