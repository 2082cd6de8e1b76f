"""A method of a user's own, for the tests' scale."""

from amr_coreset.coreset import method


@method("Loss spread", needs=("loss",))
def loss_spread(record):
    """Frames whose loss varies most over training."""
    return record.loss.std(axis=0)
