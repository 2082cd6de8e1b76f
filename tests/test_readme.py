"""What README.md shows works as it stands there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMR_CORESET_CACHE", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    own = next(b for b in blocks if "TrainingRecord(" in b)
    assert len([line for line in own.splitlines() if line.strip()]) < 10, "own arrays to FoQuS in under ten lines"


def test_the_commands_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"^\s*make (\w+)", README, re.M)) | set(re.findall(r"`make (\w+)", README))
    assert {"reproduce", "test", "lab", "bench"} <= named <= targets
