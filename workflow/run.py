"""Runs the workflow, one at a time: `make reproduce` calls it.

    python workflow/run.py [--config name=value ...] [more Snakemake arguments]
    python workflow/run.py --plan DATA_SET MODEL SCALE SCALES DATA_DIR CORES

A workflow that was killed leaves Snakemake's directory lock behind, and nobody can tell that from a workflow that still
runs. So this script holds a lock of the operating system, which ends with the process that holds it: if it can be had,
what Snakemake's lock says is left over, and is removed.
"""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def plan(data_set: str, model: str, scale: str, scales: str, data_dir: str, cores: str) -> str:
    """How many trainings the workflow holds, and about how long it takes."""
    from amr_coreset.experiments import Study, plan
    from amr_coreset.runs import load_scale

    study = Study(
        data_set, model, load_scale(scale, scales), data_dir=None if data_dir == "null" else data_dir, progress=False
    )
    return plan(study, int(cores))


def main(arguments: list[str]) -> int:
    """Run Snakemake under the lock; returns its exit code."""
    (ROOT / "runs").mkdir(exist_ok=True)
    began = time.perf_counter()
    with open(ROOT / "runs" / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "Another workflow is running in this folder. Wait for it, or stop it; nothing was changed.",
                file=sys.stderr,
            )
            return 1
        # Snakemake inherits the lock, so it lasts as long as either of the two runs.
        snakemake = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            "workflow/Snakefile",
            "--profile",
            "workflow/profiles/local",
        ]
        options = dict(cwd=ROOT, pass_fds=[lock.fileno()])
        if (ROOT / ".snakemake" / "locks").is_dir() and any((ROOT / ".snakemake" / "locks").iterdir()):
            subprocess.run(
                [*snakemake, *arguments, "--unlock"],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **options,
            )
        code = subprocess.run([*snakemake, *arguments], **options).returncode
    print(f"{'Failed' if code else 'Done'} after {time.perf_counter() - began:.0f} s.")
    if not code:
        say_where(dict(word.split("=", 1) for word in arguments if "=" in word))
    return code


def say_where(config: dict[str, str]):
    """Print the names of the finished tables and figures."""
    from amr_coreset.tables import figure_stem, table_stem

    data_set = config.get("dataset") or "RML2016.10a-twin"
    model, variant = config.get("model") or "CNN1D", config.get("variant") or "paper"
    print(f"Tables: {config.get('tables') or 'tables'}/{table_stem(data_set, variant)}.md, .csv, .tex.", end=" ")
    print(f"Figure: {config.get('figures') or 'figures'}/{figure_stem(data_set, model, variant)}.png, .pdf")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plan"]:
        try:
            print(plan(*sys.argv[2:]))
        except (ValueError, OSError) as error:  # what is wrong with the data or the disk; the trace would say no more
            sys.exit(f"Nothing was started: {error}")
    else:
        sys.exit(main(sys.argv[1:]))
