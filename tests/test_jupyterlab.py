"""The project in a real JupyterLab, in a real browser: notebooks open, all cells run, no output is an error."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from workflow_runs import copy

LIMIT = 1200  # seconds for all cells of a notebook; a slow machine has needed more than two minutes


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab server on a copy of the notebooks (JupyterLab saves what it opens); yields its address."""
    folder = tmp_path_factory.mktemp("lab")
    copy(folder, "nbs", "settings.ini", "workflow", "amr_coreset")
    environment = os.environ | {
        "PYTHONPATH": str(folder), "AMR_CORESET_CACHE": str(folder / "cache"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }  # fmt: skip
    # A kernel is no test: what lacks its reference files there says so and goes on.
    environment.pop("PYTEST_CURRENT_TEST", None)
    options = [
        "--no-browser",
        "--ServerApp.port=0",
        "--IdentityProvider.token=secret",
        f"--ServerApp.root_dir={folder}",
        "--allow-root",
    ]
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, "--LabApp.expose_app_in_browser=True"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(600):
            found = list((folder / "runtime").glob("jpserver-*.json"))
            if found and (text := found[0].read_text()):
                break
            assert server.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.5)
        else:
            pytest.fail(f"JupyterLab did not start:\n{(folder / 'server.log').read_text()}")
        yield json.loads(text)["url"]
    finally:
        server.terminate()
        server.wait(LIMIT)


@pytest.fixture(scope="module")
def browser():
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        assert not os.environ.get("CI"), (
            "chromium and chromedriver must be there in continuous integration; `make browser` installs them"
        )
        pytest.skip("chromium and chromedriver are not installed; `make browser` installs them on Debian")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    flags = "headless=new no-sandbox disable-dev-shm-usage disable-gpu no-first-run disable-background-networking disable-component-update disable-sync"
    for flag in [*flags.split(), "window-size=1400,1000"]:
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    # A notebook takes as long as the machine needs. Selenium itself would give up after two minutes without an answer.
    driver.set_script_timeout(LIMIT)
    driver.command_executor.client_config.timeout = LIMIT + 60
    try:
        yield driver
    finally:
        driver.quit()


RUN_ALL = """
const done = arguments[arguments.length - 1];
(async () => {
  const app = window.jupyterapp;
  await app.restored;
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let i = 0; i < 3000 && !app.shell.currentWidget?.sessionContext; i++) await wait(100);
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
  return panel.context.model.toJSON();
})().then(done, (error) => done({failed: String(error)}));
"""


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["index", "15_foqus"])
def test_a_notebook_runs_in_the_browser(lab, browser, notebook):
    browser.get(f"{lab}lab/workspaces/{notebook}/tree/nbs/{notebook}.ipynb?token=secret")
    content = browser.execute_async_script(RUN_ALL)
    assert "failed" not in content, content
    code = [c for c in content["cells"] if c["cell_type"] == "code"]
    errors = [o for c in code for o in c["outputs"] if o["output_type"] == "error"]
    assert not errors, errors[:1]
    assert all(c["execution_count"] for c in code if "".join(c["source"]).strip()), "every cell was run"
    assert browser.find_elements("css selector", ".jp-Notebook .jp-RenderedMarkdown h1"), "the title is on the page"
    if notebook != "index":
        assert len(code) > 15 and any("image/png" in o.get("data", {}) for c in code for o in c["outputs"])
