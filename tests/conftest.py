"""What several test files share."""

import pytest
from workflow_runs import finish, project

LONG = ("test_workflow", "test_cluster", "test_kills", "test_pruning_workflow")


def pytest_collection_modifyitems(items):
    """Files that take minutes go first, so that processes side by side end at about the same time."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    """A copy of the project after one local run, and what that run printed. Tests leave the outputs as they are."""
    folder = project(tmp_path_factory.mktemp("whole"))
    return folder, finish(folder)
