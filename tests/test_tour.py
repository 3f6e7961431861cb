"""The notebook in docs/ is run as it stands there, in a kernel on this machine alone, and holds no outputs."""

import json

import pytest

from tests.conftest import HASTY_PATH, ROOT

TOUR = ROOT / "docs" / "tour.ipynb"
PATIENCE = 600  # seconds for one cell; no expectation of speed


def source(cell):
    return "".join(cell["source"])


def test_what_is_stored_has_no_outputs():
    cells = json.loads(TOUR.read_text("utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert max(len(line) for cell in cells for line in source(cell).splitlines()) <= 120


@pytest.mark.slow
def test_every_cell_runs_and_shows_what_it_gives(tmp_path, environment, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", HASTY_PATH)
    monkeypatch.setenv("TMPDIR", environment["TMPDIR"])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(TOUR, as_version=4)
    shorter = "from tests.one_pair import measure_one_pair\nmeasure_one_pair(setattr)"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(shorter))
    client = nbclient.NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(tmp_path)}})
    client.create_kernel_manager()
    assert client.km.ip == "127.0.0.1"
    client.execute()
    shown = {source(cell): cell["outputs"] for cell in notebook.cells if cell.cell_type == "code"}
    ran, frame, text, measured, compared, told = list(shown.values())[3:]
    assert ran[-1]["data"]["text/html"].count("Pooled-") == 2  # with either optimizer
    assert frame[-1]["data"]["text/html"].startswith("<div>")
    assert text[0]["text"].startswith("4 cells: ")
    assert "<table>" in text[-1]["data"]["text/html"]
    assert "<td>backward</td>" in measured[-1]["data"]["text/html"]
    assert "<th>verdict</th>" in compared[-1]["data"]["text/html"]
    assert told[-1]["data"]["text/plain"].startswith("('")
    assert (tmp_path / "tour.html").exists()
    origins = json.loads((tmp_path / "results/tour/run.json").read_text())["origins"]
    assert [sorted(facts) for key, facts in origins.items() if "Pooled" in key] == [["pickle", "text"]]
