"""Tables from committed rows: `make tables` makes those of tables/committed.yaml, `make keep` takes their rows from runs/.
Studies are made from their committed lines in the same way.

python workflow/tables.py [make|keep] [--to FOLDER]    tables/ and figures/ are made in FOLDER, the project unless told
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amr_coreset.grid import committed, table_blocks, table_stem
from amr_coreset.runs import load_scale, runs_root

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "tables" / "rows"


def keep() -> int:
    """Copy the rows of all entries from runs/; those that are not there yet are named, and nothing is lost."""
    missing = 0
    for entry in committed():
        files = {runs_root() / "studies" / f"{name}.csv" for name in entry.get("lines", ())}
        if "table" in entry:
            blocks = table_blocks(entry["table"], load_scale(entry["scale"]), **entry["asked"])
            files |= {path for block in blocks for path in block.files}
        for path in sorted(files):
            target = ROWS / path.relative_to(runs_root())
            if path.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            elif not target.exists():
                missing += 1
                print(f"not there yet: {path.relative_to(runs_root())}")
    keep_speeds(ROOT / "runs" / "speed.json")
    return 1 if missing else 0


def keep_speeds(path: Path):
    """Add the speeds that estimates were made with to the committed ones, for the table of what was estimated and what it took."""
    if path.exists():
        kept = ROWS / "speed.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        for machine, speeds in json.loads(path.read_text()).items():
            cores_and_code = machine.split(maxsplit=1)[1]  # whose machine it was is nobody's business
            known[cores_and_code] = known.get(cores_and_code, {}) | speeds
        kept.write_text(json.dumps(known, indent=1) + "\n")


def make(to: Path) -> int:
    """Run the notebooks of all entries on the committed rows, as many side by side as there are cores."""

    def run(entry: dict) -> str:
        folder = entry.get("folder", "")
        given = dict(tables=to / "tables" / folder, figures=to / "figures" / folder)
        if "study" in entry:
            stem = entry["study"]
            notebook = ROOT / "nbs" / "studies" / f"{stem}.ipynb"
        else:
            stem = table_stem(entry["table"], **entry["asked"])
            notebook = ROOT / "nbs" / "paper" / f"{table_stem(entry['table'])}.ipynb"
            given |= dict(scale=entry["scale"]) | entry["asked"]
        done = ROOT / "runs" / "tables" / folder / stem
        words = [word for name, value in given.items() for word in ("-p", name, str(value))]
        command = [
            sys.executable,
            "-m",
            "amr_coreset.runner",
            notebook,
            f"{done}.ipynb",
            "--log",
            f"{done}.log",
            *words,
        ]
        options = dict(cwd=ROOT, env=os.environ | {"AMR_CORESET_RUNS": str(ROWS)}, capture_output=True, text=True)
        result = subprocess.run(command, **options)
        return (result.stdout + result.stderr)[-2000:] if result.returncode else ""

    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = [error for error in pool.map(run, committed()) if error]
    print(*errors, f"{len(committed()) - len(errors)} tables in {time.perf_counter() - began:.0f} s", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["make", "keep"], default="make")
    parser.add_argument("--to", type=Path, default=ROOT)
    arguments = parser.parse_args()
    sys.exit(keep() if arguments.what == "keep" else make(arguments.to.resolve()))
