"""The findings, short on the first page and at length: texts whose numbers come from the committed tables; `make docs` calls it.

In a text of TEXTS `{{ ... }}` holds an expression of the functions below. The result becomes the cell of its notebook that
begins by naming the text.

python workflow/findings.py [--check]    with --check nothing is written, and the exit code says whether all fits
"""

import math
import re
import sys
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

from amr_coreset.comparisons import agreement, gain_p_values, half_width, holm, rank_interval
from amr_coreset.grid import committed, table_number
from amr_coreset.runs import load_scale
from amr_coreset.tables import counted_repeats

ROOT = Path(__file__).resolve().parent.parent
TEXTS = {"nbs/findings.md": "nbs/index.ipynb", "nbs/studies/results.md": "nbs/studies/results.ipynb"}


@cache
def table(name: str) -> pd.DataFrame:
    """tables/`name`.csv."""
    return pd.read_csv(ROOT / "tables" / f"{name}.csv")


def line(name: str, **where) -> pd.Series:
    """The one line of a table with these values. Raises `ValueError` if there is not just one."""
    lines = table(name)
    for column, value in where.items():
        lines = lines[lines[column] == value]
    if len(lines) != 1:
        raise ValueError(f"tables/{name}.csv has {len(lines)} lines with {where}.")
    return lines.iloc[0]


def number(value: float, digits: int = 1, sign: bool = False) -> str:
    """A number as the text shows it, with a true minus."""
    value += math.copysign(1e-9, value)  # halves are rounded up, as in the tables, whose numbers have more digits
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def with_interval(points: float, half: float) -> str:
    """A difference in points with half of its 95 % interval, if there is one."""
    return number(points, sign=True) + (f" ± {number(half)}" if half >= 0 else "")


def gain(name: str, method: str, rate: float, **where) -> str:
    """A gain over Uniform in points with half of its 95 % interval."""
    found = line(f"{name}_gains", method=method, rate=rate, variant="paper", **where)
    return with_interval(100 * found["gain"], 100 * found["half_width"])


def published_gain(name: str, method: str, rate: float) -> str:
    """The gain over Uniform in print, in points."""
    return number(100 * line(f"{name}_gains", method=method, rate=rate, variant="paper")["published"], 0, sign=True)


def upper(name: str, method: str, rate: float) -> float:
    """The upper end of the 95 % interval of a gain over Uniform, in points."""
    found = line(f"{name}_gains", method=method, rate=rate, variant="paper")
    return 100 * (found["gain"] + found["half_width"])


def gains(name: str) -> pd.DataFrame:
    """The gains over Uniform that stand beside a table, of methods as their authors define them."""
    return table(f"{name}_gains").query("variant == 'paper'")


def accuracy(name: str, method: str, rate: float, column: str = "mean") -> str:
    """Mean accuracy of a method in percent."""
    return number(100 * line(name, method=method, rate=rate, variant="paper")[column])


def published_accuracy(name: str, method: str, rate: float) -> str:
    """The accuracy in print in percent."""
    return accuracy(name, method, rate, "published")


def moved(what: str) -> str:
    """What a setting of the study of Uniform at 1 % changes, in points with half of its 95 % interval."""
    found = line("study_moves", what=what)
    return with_interval(found["gain (points)"], found["half of its 95 % interval"])


def like(rate: float, column: str, digits: int = 2, block: str = "Table I, CNN1D", scale: str = "laptop") -> str:
    """What the study of agreement says of a published block, of the one that ours repeats unless told."""
    found = line("study_agreement", scale=scale, rate=rate, **{"published block": block})
    return number(found[column], digits, sign=True)


def others_like(rate: float, column: str, digits: int = 2, scale: str = "laptop") -> str:
    """From what to what this goes over print's other blocks of that data set, but for those with an LSTM."""
    lines = table("study_agreement").query("scale == @scale and rate == @rate")
    lines = lines[lines["published block"] != "Table I, CNN1D"]
    return span(lines.loc[~lines["published block"].str.contains("LSTM|Uniform"), column], digits)


def span(values: pd.Series, digits: int) -> str:
    """The least and the greatest of some values."""
    return f"{number(values.min(), digits, sign=True)} to {number(values.max(), digits, sign=True)}"


def as_library(method: str, scale: str = "laptop") -> str:
    """What the DeepCore library's reading of a method changes, in points with half of its 95 % interval."""
    found = line("study_variants", method=method, scale=scale)
    return with_interval(found["difference (points)"], found["half of its 95 % interval"])


def uniform_on_all(rate: float) -> str:
    """Accuracy in percent of Uniform trained and tested on all SNR labels, unit power, in the study of the Uniform rows."""
    return number(100 * line("study_anomaly", rate=rate)["ours, all labels, unit power"])


def started(start: str, frames: str) -> str:
    """Mean accuracy of CNN2D in percent in the study of how it starts."""
    return number(100 * line("study_cnn2d", start=start, input=frames)["mean"])


def unit_power_adds() -> str:
    """What unit power changes in the repeats of Uniform at 1 % in Table I, in points with half of its 95 % interval."""
    return points(_moved_by_unit_power())


def _moved_by_unit_power() -> pd.Series:
    name = "RML2016.10a-twin/CNN1D/rows-I-CNN1D-r0.01.csv"
    rows = (pd.read_csv(ROOT / "tables" / "rows" / scale / name) for scale in ("laptop_unit", "laptop"))
    scaled, raw = (r.query("method == 'Uniform'").set_index("seed")["accuracy"] for r in rows)
    return (scaled - raw).dropna()  # one of the two may have more repeats


def unit_power_repeats() -> str:
    """In how many repeats of Uniform that is known."""
    return counted_repeats(len(_moved_by_unit_power()))


def lab_mean() -> float:
    """Accuracy of Uniform with the lab's recipe in the study of what moves accuracy."""
    found = line("study_moves", what="unit power")
    return found["accuracy"] - found["gain (points)"] / 100


def subsets(top_k: bool) -> pd.Series:
    """Gains over Uniform in points of Table V: scores whose highest values are kept, or that are drawn from tiers."""
    lines = gains(TABLE_V)
    return 100 * lines.loc[lines["method"].str.contains("top-k") == top_k, "gain"]


def widths(name: str, rate: float) -> str:
    """From what to what half of the 95 % intervals of a table's gains go, in points."""
    halves = 100 * gains(name).query("rate == @rate").half_width
    return f"{number(halves.min())} to {number(halves.max())}"


def beyond_chance(name: str, rate: float) -> pd.DataFrame:
    """The gains of a table that are beyond chance after Holm's correction for all of them at this rate, the least first."""
    lines = gains(name).query("rate == @rate")
    return lines[holm(gain_p_values(lines)) <= 0.05].sort_values("gain")


def held(name: str, rate: float) -> str:
    """How many methods are behind Uniform and ahead of it after Holm's correction for all of the table's, and the farthest of each."""
    lines = beyond_chance(name, rate)
    behind, ahead = lines[lines["gain"] < 0], lines[lines["gain"] > 0]

    def count(some: pd.DataFrame, where: str, farthest: int) -> str:
        if not len(some):
            return f"none {where}"
        method = some["method"].iloc[farthest]
        return f"{len(some)} {where} ({method} the farthest, {gain(name, method, rate)})"

    return f"{count(behind, 'behind', 0)} and {count(ahead, 'ahead', -1)}"


def agreements_of(*names: str) -> pd.DataFrame:
    """How the gains of these tables agree with the published ones, a line per block and rate; `name` is the table's."""
    return pd.concat([agreement(table(f"{name}_gains")).assign(name=name) for name in names], ignore_index=True)


def methods_ranked(*names: str) -> int:
    """How many methods a rank correlation is over, Uniform among them. Raises `ValueError` if that is not the same in all blocks."""
    (count,) = set(agreements_of(*names)["methods"])
    return count


def how_well_known(methods: int, correlation: float = 0.6) -> str:
    """About the 95 % interval of a rank correlation over so many methods."""
    low, high = map(number, rank_interval(correlation, methods))
    return f"one of {number(correlation)} has a 95 % interval of about {low} to {high}"


def outside(*names: str) -> str:
    """In how many blocks and rates the published gain of FoQuS lies outside our interval, of those that have one."""
    lines = agreements_of(*names).query("half_width >= 0")
    return f"{((lines['published'] - lines['gain']).abs() > lines['half_width']).sum()} of {len(lines)}"


def alike_beyond_chance(found: pd.DataFrame) -> np.ndarray:
    """Where our order of methods is like the published one beyond chance, after Holm's correction for all these blocks and rates."""
    return ((holm(found["p_value"]) <= 0.05) & (found["rank_correlation"] > 0)).to_numpy()


def ordered_alike(*names: str) -> str:
    """In how many blocks and rates our order of methods is like the published one beyond chance after Holm's correction, and which."""
    lines = agreements_of(*names)
    beyond = alike_beyond_chance(lines)
    which = [
        f"Table {numeral(line['name'])} with {line['networks']} at {100 * line['rate']:g} %{power(line['name'])}, {number(line['rank_correlation'], 2)}"
        for _, line in lines[beyond].iterrows()
    ]
    return f"{beyond.sum()} of {len(lines)}" + (f" ({'; '.join(which)})" if which else "")


def numeral(name: str) -> str:
    """The Roman number of a committed table of the first paper."""
    return table_number(re.search(r"/table(\d)", name)[1])


def power(name: str) -> str:
    """What is said of the frames' scale, if it is not that of the file."""
    scale = table(f"{name}_gains")["scale"].iloc[0]
    return ", unit power" if load_scale(scale).normalization == "unit_power" else ""


def agreements(*names: str) -> str:
    """A Markdown table, one line per block and rate of these tables: Uniform, FoQuS and the order of methods, ours and the published."""
    text = "| data, table | networks | rate | repeats | Uniform (%) | FoQuS (%) | FoQuS over Uniform (points) | rank correlation |\n"
    text += "|---|---|---|---|---|---|---|---|\n"
    for found in agreements_of(*names).to_dict("records"):
        name, rate = found["name"], found["rate"]
        both = [f"{accuracy(name, m, rate)} [{published_accuracy(name, m, rate)}]" for m in ("Uniform", "FoQuS")]
        cells = (
            f"[{found['data_set']}, {numeral(name)}](../../tables/{name}.md){power(name)}",
            found["networks"],
            f"{100 * rate:g} %",
            str(line(f"{name}_gains", method="FoQuS", rate=rate).repeats),
            *both,
            f"{with_interval(100 * found['gain'], 100 * found['half_width'])} [{number(100 * found['published'], sign=True)}]",
            f"{number(found['rank_correlation'], 2, sign=True)} (p {f'= {p:.2f}' if (p := found['p_value']) >= 0.01 else '< 0.01'})",
        )
        text += "| " + " | ".join(cells) + " |\n"
    return text.strip()


def summary(*names: str) -> str:
    """A Markdown table, one line per block of these tables: at each rate the gain of FoQuS, ours and the published, and how alike the order is."""
    found = agreements_of(*names)
    rates, blocks = sorted(found["rate"].unique()), {}
    for line, beyond in zip(found.to_dict("records"), alike_beyond_chance(found), strict=True):
        name, mark = line["name"], "**" if beyond else ""
        gained = f"[{with_interval(100 * line['gain'], 100 * line['half_width'])}](../tables/{name}_gains.md) [{number(100 * line['published'], sign=True)}]"
        block = f"{line['data_set'].removesuffix('-twin')}, {numeral(name)}, {line['networks']}{power(name)}"
        order = f"{mark}{number(line['rank_correlation'], 2)}{mark}"
        blocks.setdefault(block, {})[line["rate"]] = f"{gained}, ρ {order}"
    lines = [["twin of, table, networks", *(f"{100 * rate:g} %" for rate in rates)], ["---"] * (1 + len(rates))]
    lines += [[block, *(cells.get(rate, "") for rate in rates)] for block, cells in blocks.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def settled(*names: str) -> str:
    """In how many blocks and rates with an interval it tells the sign of FoQuS less Uniform, and in how many of these it is print's."""
    found = agreements_of(*names).query("half_width >= 0")["sign"]
    known, same = (found != "open").sum(), (found == "same").sum()
    return f"{known or 'none'} of {len(found)}" + (f" (in {same} the published one)" if known else "")


def signs(*names: str) -> str:
    """How many of the published gains of FoQuS and of ours, at the same blocks and rates, are above zero."""
    found = agreements_of(*names)
    if not (found["published"] > 0).all():
        raise ValueError("not all published gains of FoQuS are above zero; the text says that they are.")
    return f"all above zero, ours in {(found['gain'] > 0).sum()} of {len(found)}"


def rerun_tables() -> str:
    """How many of the committed tables have a cell that was trained again and is equal."""
    lines = table("rerun")
    if left := set(lines["table"]) - set(lines.loc[lines["equal"] == "yes", "table"]):
        raise ValueError(f"{', '.join(left)} has no equal cell; the text says that all cells are equal somewhere.")
    return f"{lines['table'].nunique()} of {count_tables()}"


def rerun_elsewhere() -> str:
    """How many cells came out otherwise on another processor, and by how many points."""
    lines = table("rerun").query("equal != 'yes'")
    off = 100 * (lines["again"] - lines["committed"]).abs()
    return f"{len(lines)} of them had come out {number(off.min(), 2)} to {number(off.max())} points off"


def other_arithmetic() -> pd.Series:
    """Standard deviations by which another processor, and other instructions of one, move a training, in points."""
    lines = table("study_arithmetic")
    return lines.loc[lines["what differs"] != "another seed", "one training (points, standard deviation)"]


def behind(name: str, rate: float) -> int:
    """How many methods of a table are behind Uniform beyond chance after Holm's correction. Raises `ValueError` if one is ahead."""
    lines = beyond_chance(name, rate)
    if (lines["gain"] > 0).any():
        raise ValueError(f"{name} has a method ahead of Uniform beyond chance at {rate}; the text says that none is.")
    return len(lines)


def repeats_within(name: str, rate: float, points: float = 2) -> str:
    """From how many repeats to how many a table's methods have. Raises `ValueError` if half an interval is above `points`."""
    lines = gains(name).query("rate == @rate")
    if (wide := lines[~(100 * lines["half_width"] <= points)]).size:
        raise ValueError(
            f"{', '.join(wide['method'])} of {name} is not known within ± {points} points at {rate}; the text says so of all."
        )
    return f"{lines['repeats'].min()} to {lines['repeats'].max()}"


def _as_in_print(name: str, rate: float) -> pd.Series:
    """Whether each method that print has is on the same side of Uniform as there."""
    lines = gains(name).query("rate == @rate and published == published").set_index("method")
    return lines["gain"] * lines["published"] > 0


def same_side(name: str, rate: float) -> str:
    """How many methods are on the same side of Uniform as in print, of those that print has."""
    same = _as_in_print(name, rate)
    return f"{same.sum()} of {len(same)}"


def other_side(name: str, rate: float) -> str:
    """The methods that are on the other side of Uniform than in print."""
    same = _as_in_print(name, rate)
    return ", ".join(same.index[~same])


def all_lower(name: str, rate: float) -> str:
    """Says so. Raises `ValueError` if an accuracy of a table is not below the published one at this rate."""
    lines = table(name).query("rate == @rate and published == published")
    if (lines["mean"] >= lines["published"]).any():
        raise ValueError(f"not all accuracies of {name} are below print's at {rate}; the text says that all are.")
    return "all lower"


def repeats(name: str, method: str, rate: float) -> str:
    """How often a method of a table is repeated."""
    return counted_repeats(int(line(name, method=method, rate=rate)["repeats"]))


def apart(name: str, rate: float) -> float:
    """How many points our accuracies are from the published ones, either way, mean over the methods of a table at a rate."""
    lines = table(name)
    return 100 * (lines["mean"] - lines["published"])[lines["rate"] == rate].abs().mean()


FCOS = {  # scale and data of each network's table
    "ResNet56": ("laptop", "Sig2019-12-twin"),
    "CNN1D": ("laptop", "Sig2019-12-twin"),
    "SigNet50": ("small", "RML2016.10a-twin"),
}
TABLE_I = "laptop/table1_RML2016.10a-twin_CNN1D"
TABLE_UNIT = "laptop_unit/table1_RML2016.10a-twin_CNN1D_r0.01"
TABLE_CNN2D = "laptop_unit/table1_RML2016.10a-twin_CNN2D_r0.01"
TABLE_CNN2D_MORE = "laptop_unit/table1_RML2016.10a-twin_CNN2D_r0.05"
TABLE_III = "laptop_unit/table3_RML2016.10a-twin_CNN1D-to-CNN2D_r0.01"
TABLE_BACK = "laptop_unit/table3_RML2016.10a-twin_CNN2D-to-CNN1D_r0.01"
TABLE_BACK_MORE = "laptop_unit/table3_RML2016.10a-twin_CNN2D-to-CNN1D_r0.05"
TABLE_III_MORE = "laptop_unit/table3_RML2016.10a-twin_CNN1D-to-CNN2D_r0.05"
TABLE_LSTM = "laptop_unit/table3_RML2016.10a-twin_CNN1D-to-LSTM"
TABLE_BACK_LSTM = "laptop_unit/table3_RML2016.10a-twin_CNN2D-to-LSTM"
TABLE_SIG = "laptop/table1_Sig2019-12-twin_CNN1D"
TABLE_II = "laptop/table2_RML2018.01a-twin_CNN1D"
BLOCKS = (
    TABLE_I,
    TABLE_UNIT,
    TABLE_CNN2D,
    TABLE_CNN2D_MORE,
    TABLE_III,
    TABLE_III_MORE,
    TABLE_BACK,
    TABLE_BACK_MORE,
    TABLE_LSTM,
    TABLE_BACK_LSTM,
    TABLE_SIG,
    TABLE_II,
)
TABLE_IV = "laptop_unit/table4_RML2016.10a-twin_CNN1D-to-IQFormer"
TABLE_BACK_IV = "laptop_unit/table4_RML2016.10a-twin_CNN2D-to-IQFormer"
TABLE_OTHER = "laptop_unit/table1_RML2016.10a-twin_CNN1D_063c401073918fc3_r0.01"  # five methods, from another record
TABLE_SIGNET = "laptop_unit/table4_RML2016.10a-twin_CNN1D-to-SigNet18"
TABLE_BACK_SIGNET = "laptop_unit/table4_RML2016.10a-twin_CNN2D-to-SigNet18"
TABLE_V = "laptop/table5_RML2016.10a-twin_CNN1D"


def published() -> pd.Series:
    """The published line."""
    return table("published/fcos_headline").iloc[0]


def fcos(method: str, network: str = "ResNet56") -> pd.Series:
    """The line of a pruned network in its table of FCOS."""
    return line("{}/fcos_{}_{}".format(*FCOS[network], network), method=method, precision="float32")


def tier(method: str, rate: float, scale: str, tested: bool = False, **where) -> str:
    """Gain over Uniform of a method of the study of tiers, or in the repeats that tested it; `record=` where there are two."""
    found = line("study_tiers", method=method, rate=rate, scale=scale, **where)
    gain, half = "gain (points)", "half of its 95 % interval"
    if tested:
        gain, half = "gain, second half", "half of that interval"
    return with_interval(found[gain], found[half])


def tier_effect(choice: str, among: str, rate: float = 0.01) -> str:
    """What a choice of the tiers is worth by itself, averaged over the others."""
    found = line("study_tiers_effects", choice=choice, among=among, rate=rate)
    return with_interval(found["points"], found["half of its 95 % interval"])


@cache
def pruned_rows(network: str) -> pd.DataFrame:
    """The rows of such a table, by method and repeat."""
    files = sorted(ROOT.joinpath("tables", "rows", *FCOS[network]).glob(f"{network}-*/rows-FCOS-*.csv"))
    rows = pd.concat(map(pd.read_csv, files)).set_index(["method", "seed"]).sort_index()
    return rows.assign(macs_gone=1 - rows["macs"] / rows["macs_before"])


def pruned(method: str, network: str = "ResNet56") -> pd.DataFrame:
    """Those of a method, a line per repeat."""
    return pruned_rows(network).loc[method]


def points(differences: pd.Series) -> str:
    """The mean of differences between accuracies in points, with half of its 95 % interval if there are three or more."""
    known = 100 * differences.dropna()
    return with_interval(known.mean(), half_width(known))


def less(method: str, trained_on: bool, network: str = "ResNet56") -> pd.Series:
    """Accuracy of a pruned network less that of the trained one, or of that trained on as long (one run), by repeat."""
    rows = pruned(method, network)
    whole = pruned("Unpruned", network)["accuracy"].item() if trained_on else rows["accuracy_before"]
    return rows["accuracy"] - whole


def lost(method: str, trained_on: bool, network: str = "ResNet56") -> str:
    """What a pruned network loses against the trained one, or against that trained on as long, in points."""
    return points(-less(method, trained_on, network))


def count_tables() -> int:
    """How many committed tables there are, without studies."""
    return sum("table" in entry for entry in committed())


def lead(method: str, network: str = "ResNet56") -> str:
    """By how many points a pruned network is ahead of FCOS, in the repeats that both have."""
    return points(pruned(method, network)["accuracy"] - pruned("FCOS", network)["accuracy"])


def each(method: str, column: str, network: str = "ResNet56") -> str:
    """The value of each repeat in percent."""
    *most, last = [number(100 * value) for value in pruned(method, network)[column]]
    return f"{', '.join(most)} and {last}"


def filled(source: str) -> str:
    """A text with its numbers, under the line that names it."""
    text = (ROOT / source).read_text(encoding="utf-8")
    value = lambda found: str(eval(found[1].strip(), globals()))  # noqa: E731
    return (
        f"<!-- from {source} by workflow/findings.py -->\n" + re.sub(r"\{\{(.+?)\}\}", value, text, flags=re.S).strip()
    )


def main(check: bool) -> int:
    stale = 0
    for source, name in TEXTS.items():
        text, notebook = filled(source), nbformat.read(ROOT / name, 4)
        (cell,) = [c for c in notebook.cells if c.source.split("\n")[0] == text.split("\n")[0]]
        if cell.source != text:
            stale, cell.source = stale + 1, text
            if not check:
                nbformat.write(notebook, ROOT / name)
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
