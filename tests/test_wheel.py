"""The package as it is installed: built as a wheel, used and tested from elsewhere."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_tests(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    source = tmp_path / "source"
    shutil.copytree(ROOT / "amr_coreset", source / "amr_coreset", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "settings.ini", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("amr_coreset-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "amr_coreset/foqus.py" in names and "amr_coreset/tests/test_foqus.py" in names
    assert not any(n.startswith(("nbs/", "tests/", "workflow/")) for n in names)
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(site), "AMR_CORESET_CACHE": str(tmp_path / "cache")}
    where = subprocess.run(
        [sys.executable, "-c", "import amr_coreset; print(amr_coreset.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert where.stdout.strip() == str(site / "amr_coreset" / "__init__.py")
    tests = ["amr_coreset.tests.test_foqus", "amr_coreset.tests.test_selection", "amr_coreset.tests.test_signals"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", *tests],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout
