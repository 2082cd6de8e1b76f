"""nbdev_test, but for the calls of tests: pytest runs the tests, as they stand in the package, so that none runs twice.

python tests/notebooks.py [what nbdev_test takes]
"""

import re

import nbdev.test
from execnb.shell import CaptureShell


def only_calls(source: str) -> bool:
    """Whether a cell does nothing but call tests."""
    return bool(re.fullmatch(r"(test_\w+\(\)\s*)+", source))


class WithoutTests(CaptureShell):
    """Runs a notebook as nbdev_test does, and leaves out the cells that call tests."""

    def run_all(self, nb, preproc, **options):
        super().run_all(nb, preproc=lambda cell: preproc(cell) or only_calls(cell.source), **options)


if __name__ == "__main__":
    nbdev.test.CaptureShell = WithoutTests
    nbdev.test.nbdev_test()
