"""What several test files share."""

import pytest
from workflow_runs import finish, project


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    """A copy of the project after one local run, and what that run printed. Tests leave the outputs as they are."""
    folder = project(tmp_path_factory.mktemp("whole"))
    return folder, finish(folder)
