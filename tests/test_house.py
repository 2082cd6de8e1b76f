"""The house is in order: one configuration, notebooks clean and in step with the package, nothing vanished."""

import ast
import json
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from conftest import COLLECTED

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(p for p in ROOT.glob("nbs/**/*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def settings():
    config = ConfigParser(delimiters=["="])
    config.read(ROOT / "settings.ini", encoding="utf-8")
    return config["DEFAULT"]


def cells(notebook, kind="code"):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return [("".join(c["source"]), c) for c in content["cells"] if c["cell_type"] == kind]


@pytest.fixture(scope="module")
def fresh_copy(tmp_path_factory):
    """The notebooks and settings in another folder, cleaned and exported there."""
    folder = tmp_path_factory.mktemp("export")
    shutil.copytree(ROOT / "nbs", folder / "nbs", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name in ("settings.ini", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    for command in ("nbdev_clean", "nbdev_export"):
        subprocess.run([Path(sys.executable).parent / command], cwd=folder, check=True, capture_output=True)
    return folder


def test_the_package_is_what_the_notebooks_export(fresh_copy):
    exported = {p.relative_to(fresh_copy): p.read_bytes() for p in fresh_copy.glob("amr_coreset/**/*.py")}
    here = {p.relative_to(ROOT): p.read_bytes() for p in ROOT.glob("amr_coreset/**/*.py")}
    assert sorted(exported) == sorted(here)
    stale = [str(name) for name in here if here[name] != exported[name]]
    assert not stale, f"run nbdev_export; out of step: {stale}"


def test_notebooks_are_clean(fresh_copy):
    dirty = [
        str(n.relative_to(ROOT)) for n in NOTEBOOKS if n.read_bytes() != (fresh_copy / n.relative_to(ROOT)).read_bytes()
    ]
    assert not dirty, f"run nbdev_clean: {dirty}"
    for notebook in NOTEBOOKS:
        assert notebook.stat().st_size < 400_000, f"{notebook.name} stores too much output"
        for source, cell in cells(notebook):
            assert not any(o["output_type"] == "error" for o in cell["outputs"]), f"{notebook.name} stores an error"
            assert len(source.splitlines()) <= 60, f"{notebook.name} has a cell of {len(source.splitlines())} lines"


def test_no_test_vanished(request):
    defined = [
        name for n in NOTEBOOKS for source, _ in cells(n) for name in re.findall(r"^def (test_\w+)", source, re.M)
    ]
    exported = {
        p: names
        for p in ROOT.glob("amr_coreset/tests/*.py")
        if (names := re.findall(r"^def (test_\w+)", p.read_text(), re.M))
    }
    assert sorted(defined) == sorted(sum(exported.values(), [])) and len(defined) == len(set(defined)) >= 60
    collected = [item.originalname for item in request.config.stash[COLLECTED] if item.path in exported]
    if set(exported) - {item.path for item in request.config.stash[COLLECTED]}:  # pytest was asked for some files alone
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "slow or not slow", "--pyargs"]
        run = subprocess.run([*command, "amr_coreset"], cwd=ROOT, capture_output=True, text=True, check=True)
        collected = re.findall(r"::(test_\w+)", run.stdout)
    assert sorted(collected) == sorted(defined)


def test_every_test_also_runs_in_its_notebook():
    for notebook in NOTEBOOKS:
        code = "\n".join(source for source, _ in cells(notebook))
        for name in re.findall(r"^def (test_\w+)", code, re.M):
            assert re.search(rf"^{name}\(\)", code, re.M), f"{notebook.name} defines {name} and never calls it"


def test_environment_yml_is_in_step_with_settings():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    cfg = settings()
    assert sorted(pip) == sorted(cfg["requirements"].split() + cfg["dev_requirements"].split())
    assert f"python>={cfg['min_python']}" in environment["dependencies"]
    assert all("==" in requirement for requirement in pip), "every version is pinned"


def test_paper_notebooks_have_one_parameters_cell():
    papers = [n for n in NOTEBOOKS if n.parent.name == "paper"]
    assert {n.stem for n in papers} >= {"record", "evaluate", "table1"}
    for notebook in papers:
        tagged = [c for _, c in cells(notebook) if "parameters" in c["metadata"].get("tags", [])]
        assert len(tagged) == 1, notebook.name
        logic = [s for s, _ in cells(notebook) if re.search(r"^\s*(def|class|while)\b", s, re.M)]
        assert not logic, f"{notebook.name} holds logic"


def test_dependencies_point_one_way():
    """A library notebook imports only modules of notebooks before it, and the package needs neither nbdev nor fastcore."""
    order = {}
    for notebook in sorted(ROOT.glob("nbs/[0-9]*.ipynb")):
        (module,) = [m for s, _ in cells(notebook) for m in re.findall(r"^#\| default_exp (\w+)", s, re.M)]
        order[module] = len(order)
    checked = 0
    for module, place in order.items():
        tree = ast.parse((ROOT / "amr_coreset" / f"{module}.py").read_text())
        for node in ast.walk(tree):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in getattr(node, "names", [])]
                if isinstance(node, ast.Import)
                else []
            )
            assert not any(n.split(".")[0] in ("nbdev", "fastcore") for n in names), f"{module} imports {names}"
            if isinstance(node, ast.ImportFrom) and (node.level == 1 or (node.module or "").startswith("amr_coreset")):
                inner = (node.module or "").removeprefix("amr_coreset").lstrip(".")
                used = [u for u in ([inner.split(".")[0]] if inner else [a.name for a in node.names]) if u in order]
                checked += len(used)
                assert all(order[u] < place for u in used), f"{module} imports {used}, which comes after it"
    assert checked > 30, "the imports of the package were found"


def test_readme_is_the_index():
    readme, index = (
        (ROOT / "README.md").read_text(),
        "\n\n".join(s for s, _ in cells(ROOT / "nbs/index.ipynb", "markdown")),
    )
    plain = lambda text: re.sub(r"\]\([^)]*\)", "]", text)  # noqa: E731  links differ: the two lie in different folders
    for paragraph in index.split("\n\n"):
        assert plain(paragraph).strip() in plain(readme), f"run make docs; README.md lacks: {paragraph[:80]}"
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("http") or (ROOT / target).exists(), f"README.md links to {target}, which is not there"
