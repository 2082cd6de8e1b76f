"""Runs the workflow, one at a time: `make reproduce` calls it; `make plan` and `make status` ask it.

    python workflow/run.py [plan|status] [--config name=value ...] [--profile workflow/profiles/slurm] [more of Snakemake's]

A workflow that was killed leaves Snakemake's directory lock behind, and nobody can tell that from a workflow that still
runs. So this script holds a lock of the operating system, which ends with the process that holds it: if it can be had,
what Snakemake's lock says is left over, and is removed.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
EVERY = 30  # seconds between two lines of progress


def request(config: dict[str, str]):
    """What is asked for, from the words of the command line."""
    from amr_coreset.grid import ASKED, parse_request
    from amr_coreset.runs import load_scale

    scale = load_scale(config.get("scale") or "smoke", config.get("scales") or None)
    return parse_request(scale, **{name: config[name] for name in ASKED if config.get(name)})


def main(arguments: list[str]) -> int:
    """Print the plan or the status, or run Snakemake under the lock; returns the exit code."""
    os.chdir(ROOT)
    what = arguments.pop(0) if arguments[:1] in (["plan"], ["status"]) else "run"
    config = dict(word.split("=", 1) for word in arguments if "=" in word and not word.startswith("-"))
    try:
        asked = request(config)
        cores = side_by_side(asked, arguments)
        if what != "run":
            from amr_coreset.progress import Progress

            progress = Progress(asked.blocks(), cores)
            print(progress.plan() if what == "plan" else progress.line())
            return 0
    except (ValueError, OSError) as error:
        print(f"Nothing was started: {error}", file=sys.stderr)
        return 1
    return run(asked, arguments, cores, config)


def side_by_side(asked, arguments: list[str]) -> int:
    """How many trainings run at once: as many as there are cores here, or jobs of a cluster."""
    from amr_coreset.progress import available_cores

    if "--cores" in arguments:
        return int(arguments[arguments.index("--cores") + 1])
    profile = ROOT / arguments[arguments.index("--profile") + 1] / "config.yaml" if "--profile" in arguments else None
    jobs = yaml.safe_load(profile.read_text()).get("jobs") if profile and profile.exists() else None
    return (
        min(jobs, sum(len(block.pieces()) for block in asked.blocks()), slurm_cores(profile))
        if jobs
        else available_cores()
    )


def slurm_cores(profile: Path) -> int:
    """All processors of the Slurm that is here; for another cluster, more than anybody has."""
    if profile.parent.name != "slurm" or not shutil.which("sinfo"):
        return 10**6
    told = subprocess.run(["sinfo", "-h", "-o", "%C"], capture_output=True, text=True)  # allocated/idle/other/total
    return sum(int(line.split("/")[3]) for line in told.stdout.split()) or 10**6


def run(asked, arguments: list[str], cores: int, config: dict[str, str]) -> int:
    """Run Snakemake under the lock, and say how far it is."""
    (ROOT / "runs").mkdir(exist_ok=True)
    began, held = time.perf_counter(), ROOT / "runs" / ".lock"
    with open(held, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "Another workflow is running in this folder. Wait for it, or stop it; nothing was changed.",
                file=sys.stderr,
            )
            return 1
        held.touch()  # from here on, in the time of the file system, which need not be this machine's
        # Snakemake inherits the lock, so it lasts as long as either of the two runs.
        chosen = [] if "--profile" in arguments else ["--profile", "workflow/profiles/local"]
        if int(config.get("gpus") or 0):
            chosen += ["--resources", f"gpu={config['gpus']}"]  # at most so many runs at once, each on one
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/Snakefile", *chosen, *arguments]
        options = dict(cwd=ROOT, pass_fds=[lock.fileno()])
        if (ROOT / ".snakemake" / "locks").is_dir() and any((ROOT / ".snakemake" / "locks").iterdir()):
            subprocess.run(
                [*snakemake, "--unlock"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
            )
        dry = any(word in arguments for word in ("-n", "--dry-run", "--dryrun"))
        with Reporter(asked.blocks(), cores, quiet=dry):
            code = subprocess.run(snakemake, **options).returncode
    print(f"{'Failed' if code else 'Done'} after {time.perf_counter() - began:.0f} s.")
    from amr_coreset.runs import runs_root

    for error in failures(runs_root() / asked.scale.name, held.stat().st_mtime) if code else []:
        print(error)
    if not code and not dry:
        tables, figures = config.get("tables") or "tables", config.get("figures") or "figures"
        names = ", ".join(f"{tables}/{asked.stem(number)}.md" for number in asked.tables)
        print(f"Tables: {names} (and .csv, .tex). Figures: {figures}/")
    return code


def failures(folder: Path, since: float) -> list[str]:
    """The errors of the steps that failed, which by now may stand far above: the first lines of their logs."""
    logs = {log: log.read_text(errors="replace") for log in folder.rglob("logs/*.log") if log.stat().st_mtime >= since}
    return [
        f"{text.splitlines()[0]} ({log.relative_to(ROOT) if log.is_relative_to(ROOT) else log})"
        for log, text in sorted(logs.items())
        if "\nPrinted before:\n" in text  # only the runner writes this, and only of a failure
    ]


class Reporter:
    """Prints the plan, if anything is left to do, and then how far the trainings are, until the block ends."""

    def __init__(self, blocks, cores: int, quiet: bool):
        self.blocks, self.cores, self.quiet, self.ended = blocks, cores, quiet, threading.Event()
        self.thread = threading.Thread(target=self.report, daemon=True)

    def __enter__(self):
        from amr_coreset.progress import Progress, trainings

        if self.quiet or trainings(self.blocks)["done"].all():
            return self
        self.progress = Progress(self.blocks, self.cores)
        print(self.progress.plan(), flush=True)
        self.thread.start()
        return self

    def report(self):
        last = ""
        while not self.ended.wait(EVERY):
            line = self.progress.line()
            if line != last:
                print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)
            last = line

    def __exit__(self, *error):
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()
            self.keep_time()

    def keep_time(self):
        """Add a line to runs/timings.csv: what was estimated, and what it took."""
        took, estimated = time.time() - self.progress.began, self.progress.estimated
        new = not (ROOT / "runs" / "timings.csv").exists()
        with open(ROOT / "runs" / "timings.csv", "a") as file:
            file.write("began,trainings,estimated_s,took_s\n" * new)
            began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.progress.began))
            file.write(f"{began},{self.progress.trained()},{estimated:.0f},{took:.0f}\n")
        print(f"Estimated {estimated / 60:.1f} minutes, took {took / 60:.1f}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
