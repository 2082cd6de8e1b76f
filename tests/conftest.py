"""What several test files share."""

import shutil

import pytest
from workflow_runs import finish, keep_speeds, outputs, project

from amr_coreset.workspace import exclusive

# The second needs nothing of what the first, beside it, begins with.
LONG = ("test_workflow", "test_pruning_workflow", "test_cluster", "test_kills", "test_committed", "test_jupyterlab")
COLLECTED = pytest.StashKey[list]()


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config, items):
    """Files that take minutes go first, so that processes side by side end at about the same time."""
    config.stash[COLLECTED] = list(items)
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def one_run(tmp_path_factory, request):
    """Where one local run of the workflow lies: `whole`, and a copy that no test touches, `kept`.

    It is made once, also where several processes test side by side.
    """
    place = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        place = place.parent
    with exclusive(place / "one_run.lock"):
        if not (place / "printed.txt").exists():
            printed = finish(project(place / "whole"))
            shutil.copytree(place / "whole", place / "kept")
            (place / "printed.txt").write_text(printed)
    keep_speeds(place / "kept")
    return place


@pytest.fixture(scope="session")
def uninterrupted(one_run):
    """A copy of the project after one local run, and what that run printed. Tests of one file alone run things in it."""
    return one_run / "whole", (one_run / "printed.txt").read_text()


@pytest.fixture(scope="session")
def expected(one_run):
    """The tables and figures of that run, byte by byte."""
    return outputs(one_run / "kept")
