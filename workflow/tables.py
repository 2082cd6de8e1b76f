"""Tables from committed rows: `make tables` makes those of tables/committed.yaml, `make keep` takes their rows from runs/.
Studies are made from their committed lines in the same way.

python workflow/tables.py [make|keep] [--to FOLDER]    tables/ and figures/ are made in FOLDER, the project unless told
"""

import argparse
import json
import multiprocessing
import multiprocessing.connection
import os
import shutil
import sys
import time
from importlib import import_module
from io import BytesIO
from pathlib import Path

import matplotlib
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure
from traitlets.config import Config

from amr_coreset.grid import committed, table_blocks, table_stem
from amr_coreset.progress import available_cores
from amr_coreset.runs import PRUNING_TABLE, ResultRow, load_scale, read_rows, runs_root, write_rows

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "tables" / "rows"


def keep() -> int:
    """Copy the rows of all entries from runs/; those that are not there yet are named, and nothing is lost."""
    missing = 0
    for entry in committed():
        files, whole = {runs_root() / "studies" / f"{name}.csv" for name in entry.get("lines", ())}, set()
        if "table" in entry:
            blocks = table_blocks(entry["table"], load_scale(entry["scale"]), **entry["asked"])
            files |= {path for block in blocks for path in block.files}
            whole |= {path for block in blocks for path in block.full_rows}
        for path in sorted(files):
            target = ROWS / path.relative_to(runs_root())
            if path.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                if path in whole and target.exists():
                    keep_whole(path, target)
                else:
                    shutil.copyfile(path, target)
            elif not target.exists():
                missing += 1
                print(f"not there yet: {path.relative_to(runs_root())}")
    if missing:
        print("`make reproduce` with the same words, without PARTS=, writes them from the trainings that are done.")
    keep_speeds(ROOT / "runs" / "speed.json")
    return 1 if missing else 0


def keep_whole(path: Path, target: Path):
    """Add trainings on all frames to the committed ones, of which some tables may come from other records than these."""
    rows = pd.concat([read_rows(target), read_rows(path)]).drop_duplicates("run_key", keep="last")
    write_rows(target, [ResultRow(**row) for row in rows.to_dict("records")])


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
    began, entries = time.perf_counter(), committed()
    os.environ["AMR_CORESET_RUNS"] = str(ROWS)
    os.chdir(ROOT)
    # Every notebook in a process of its own, which finds these imports already made: they take longer than most tables.
    # Only Linux's libraries bear such a fork; elsewhere each process imports anew.
    processes = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    for name in ("comparisons", "figures"):
        import_module(f"amr_coreset.{name}")
    for kind in ("png", "pdf"):
        Figure().savefig(BytesIO(), format=kind)  # the first of a kind imports what writes it
    # Those first that need no more; what the others need, torch among it, is imported beside the first two.
    waiting = sorted(entries, key=lambda entry: entry.get("table") in (None, PRUNING_TABLE))
    more, running, failed = ["pruned_tables", "trials"], {}, 0
    while waiting or running:
        while waiting and len(running) < available_cores():
            entry = waiting.pop(0)
            process = processes.Process(target=make_one, args=(to, entry))
            process.start()
            running[process.sentinel] = process, entry
        while more:
            import_module(f"amr_coreset.{more.pop()}")
        for ended in multiprocessing.connection.wait(running):
            process, entry = running.pop(ended)
            process.join()
            if process.exitcode:
                failed += 1
                print(f"not made: {entry} (exit code {process.exitcode})")  # negative for the signal that killed it
    print(f"{len(entries) - failed} of {len(entries)} tables in {time.perf_counter() - began:.0f} s")
    return 1 if failed else 0


def make_one(to: Path, entry: dict):
    """Run the code of one entry's notebook with its parameters, without a kernel; what it printed is shown if it fails."""
    matplotlib.use("agg")
    folder = entry.get("folder", "")
    given = dict(tables=str(to / "tables" / folder), figures=str(to / "figures" / folder))
    if "study" in entry:
        notebook = ROOT / "nbs" / "studies" / f"{entry['study']}.ipynb"
    else:
        notebook = ROOT / "nbs" / "paper" / f"{table_stem(entry['table'])}.ipynb"
        given |= dict(scale=entry["scale"]) | entry["asked"]
    shell = Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))  # that is the user's
    shell.run_line_magic("colors", "NoColor")
    # Nobody sees the cells' pictures, and to draw them takes long.
    shell.display_formatter.active_types = ["text/plain"]
    with capture_output() as printed:
        done = run_cells(shell, json.loads(notebook.read_text(encoding="utf-8"))["cells"], given)
    if not done:
        sys.exit(f"{notebook.name} with {given}:\n{printed.stdout[-2000:]}\n{printed.stderr[-2000:]}".strip())


def run_cells(shell: InteractiveShell, cells: list[dict], given: dict) -> bool:
    """Run the code cells until one fails, with `given` put in behind the first, which must define all of these.

    Papermill does the same, and more; its import would add seconds to every `make tables`.
    """
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    tagged = ["parameters" in cell["metadata"].get("tags", ()) for cell in code]
    if tagged != [True] + [False] * (len(code) - 1):
        print("the first code cell, and no other, must be tagged 'parameters'")
        return False
    for cell in code:
        if not shell.run_cell("".join(cell["source"])).success:
            return False
        if cell is code[0]:
            if unknown := [name for name in given if name not in shell.user_ns]:
                print(f"the cell tagged 'parameters' does not define {', '.join(unknown)}")
                return False
            shell.push(given)
    return True


class Shell(InteractiveShell):
    def enable_gui(self, gui=None):
        """`%matplotlib inline` asks for no window, and gets none."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["make", "keep"], default="make")
    parser.add_argument("--to", type=Path, default=ROOT)
    arguments = parser.parse_args()
    sys.exit(keep() if arguments.what == "keep" else make(arguments.to.resolve()))
