"""One random cell of each committed table, trained again from nothing and compared with its row: `make rerun`.

python workflow/rerun.py [--seed 0] [--only table1_RML2016.10a-twin ...] [--folder runs/again]

`--only` takes tables' names as `make tables` prints them. A cell is one repeat of one method at one rate. Nothing that an earlier
run left is used but the twin's file: records, and networks to prune, are made anew in a folder of their own, so at scale laptop
this takes hours. Tables that read the same record share the new one. A folder that is named is kept, and goes on where it was
killed; to begin from nothing it must be empty. Rows are the same to the last digit on a processor that computes alike; another's
arithmetic differs, by how much nbs/studies/arithmetic.ipynb shows (`make rerun KERNELS=zen` has an Intel processor compute as
AMD's Zen 4), and so may the last digits of a twin's frames ("other frames"). All lines go to tables/rerun.csv and .md; with
--only, the others stay, and so do those that another kind of processor made.
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import replace

import pandas as pd

from amr_coreset.coreset import find_method
from amr_coreset.experiments import evaluate_coresets
from amr_coreset.grid import collect_rows, committed, make_study, table_blocks, table_stem
from amr_coreset.pruning import PruningRow, prune_networks
from amr_coreset.runs import PRUNING_TABLE, ResultRow, load_scale, processor, read_rows
from amr_coreset.tables import write_frame
from tables import ROOT, ROWS


def names() -> dict[str, dict]:
    """The committed tables by name; their folder stands before it."""
    tables = [entry for entry in committed() if "table" in entry]
    return {f"{e.get('folder', '')}/{table_stem(e['table'], **e['asked'])}".lstrip("/"): e for e in tables}


def pick(entry: dict, chance: random.Random):
    """A block of the table and one of its rows."""
    blocks = table_blocks(entry["table"], load_scale(entry["scale"]), **entry["asked"], root=str(ROWS))
    block = chance.choice(blocks)
    kind = PruningRow if block.table == PRUNING_TABLE else ResultRow
    rows = read_rows(*block.pieces(), kind=kind)
    return block, rows.iloc[chance.randrange(len(rows))]


def again(block, row: pd.Series, folder: str):
    """The row of the same training, from nothing."""
    rate, model = float(row["rate"]), block.evaluation_model
    options = dict(evaluation_model=model, root=folder, progress="lines")
    study = make_study(block.data_set, block.model, load_scale(block.scale.name), block.table, **options)
    before = {path.stem for path in (study.folder / "rows").glob("*.json")}
    if study.split.train.digest != row["data_digest"]:  # said now, as the training may take hours
        print(
            f"These frames have digest {study.split.train.digest}, those of the row {row['data_digest']}, so it will not be equal. A twin's last "
            "digits depend on OpenBLAS's kernel: make it anew (delete it from the cache) with the row's OPENBLAS_CORETYPE, or on such a processor.",
            flush=True,
        )
    if block.table == PRUNING_TABLE:
        found = prune_networks(study, [row["method"]], rate, [int(row["seed"])])[0]
    else:
        whole = collect_rows([block]).query("method == 'All frames'").iloc[0]
        # Sums are grouped by thread: on other threads than the committed record's, another would come out.
        study.scale = replace(study.scale, record_threads=int(whole["threads"]))
        if "gradient_norm" not in find_method(row["method"]).needs:
            study.scale = replace(study.scale, short_runs=0)  # they cost more than the cell, and it does not read them
        options = dict(methods=(row["method"],), seeds=int(row["seed"]), variant=block.variant)
        found = evaluate_coresets(study, rate, **options)[0]
    if found.run_key in before:
        raise SystemExit(f"{folder} held this row already, so nothing was trained; give --folder an empty folder.")
    return found


def write(lines: list[dict], entries: dict, seed: int):
    """Write these lines and those of other tables that are there already."""
    notes = (
        "Equal: test accuracy, at each SNR label too, to the last digit, and the record that the frames were chosen from. Minutes hold "
        "what the cell needs, its record too, unless the folder that was worked in had it already. Older rows do not say on "
        "which processor they were trained. Other frames: the twin came out with other last digits, as it does on another kind of processor (nbs/02_synthesis.ipynb).",
        f"Last made by `make rerun SEED={seed}`; from a table that has grown since it may draw another cell now.",
    )
    path, place = ROOT / "tables" / "rerun.csv", lambda line: (line["table"], line["again on"])
    before = pd.read_csv(path).fillna("").to_dict("records") if path.exists() else []
    done = set(map(place, lines))
    # One line per table and processor: what another kind of processor had made of a cell stays there.
    lines = lines + [line for line in before if place(line) not in done and line["table"] in entries]
    table = pd.DataFrame(lines)
    write_frame(path.with_suffix(""), table, "Random cells, trained again from nothing", notes)


def main(seed: int, only: list[str], folder: str) -> int:
    lines, entries = [], names()
    for name in only or entries:
        block, row = pick(entries[name], random.Random(f"{seed} {name}"))
        print(f"{name}: {row['method']}, rate {row['rate']:g}, repeat {row['seed']}", flush=True)
        began = time.perf_counter()
        found = again(block, row, folder)
        compared = [column for column in ("accuracy", "accuracy_per_snr", "record_digest") if column in row]
        same = all(getattr(found, column) == row[column] for column in compared)
        if same:
            equal = "yes"
        elif found.data_digest != row["data_digest"]:
            equal = "no, other frames"
        else:  # older rows do not say where
            equal = "no" if row.get("processor", "") in ("", processor()) else "no, another processor"
        lines.append({
            "table": name, "block": f"{block.data_set}, {block.model} → {block.evaluation_model}", "method": row["method"],
            "rate": float(row["rate"]), "repeat": int(row["seed"]), "committed": float(row["accuracy"]), "again": float(found.accuracy),
            "equal": equal, "minutes": round((time.perf_counter() - began) / 60, 1),
            "committed on": row.get("processor", ""), "again on": processor(),
        })  # fmt: skip
        write(lines, entries, seed)  # now, as the next may take hours
        print(f"committed {row['accuracy']:.6f}, again {found.accuracy:.6f}", flush=True)
    return 0 if all(line["equal"] == "yes" for line in lines) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[], choices=list(names()))
    parser.add_argument("--folder", help="where to work; unless told, a folder that is deleted afterwards")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as apart:
        sys.exit(main(arguments.seed, arguments.only, arguments.folder or apart))
