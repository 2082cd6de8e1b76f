"""FoQuS with other shares of the coreset for its three tiers, another normalisation of its metrics, and another draw.

The paper gives none of these. Scale laptop knows them, so that `make reproduce SCALE=laptop METHOD="Uniform,FoQuS 7:2:1"`
runs them like any method; nbs/studies/tiers.ipynb compares them. "FoQuS 7:2:1" takes 70 % of the coreset from the third of each
class that has the highest scores.
"""

from amr_coreset.coreset import method, sampler
from amr_coreset.foqus import foqus, tiers

SHARES = ("1:1:1", "5:3:2", "7:2:1", "2:3:5", "1:2:7")
DEFAULT = "5:3:2"  # of "FoQuS" itself, drawn at random


def tiers_of(shares: str, drawn: str = "random"):
    """Register a sampler with these shares; returns its name."""
    parts = [int(part) for part in shares.split(":")]
    of_tiers = tuple(part / sum(parts) for part in parts)

    def own(score, budget, ties, draw, *, ratios=of_tiers, within=drawn):
        return tiers(score, budget, ties, draw, ratios=ratios, within=within)

    own.__name__ = f"tiers {shares} {drawn}"
    sampler(own)
    return own.__name__


def eq8(record, *, normalization="eq8"):
    """FoQuS score as Eq. 8 has it."""
    return foqus(record, normalization=normalization)


def minmax(record, *, normalization="minmax"):
    """FoQuS score of metrics that are each scaled to [0, 1] first: high scores are often forgotten frames."""
    return foqus(record, normalization=normalization)


for shares in SHARES:
    about = dict(needs=("correct", "loss"), sampler=tiers_of(shares), hard_first=False)
    if shares != DEFAULT:
        method(f"FoQuS {shares}", **about)(eq8)
    method(f"FoQuS min-max {shares}", **about)(minmax)
method("FoQuS systematic", needs=("correct", "loss"), sampler=tiers_of(DEFAULT, "systematic"), hard_first=False)(eq8)
