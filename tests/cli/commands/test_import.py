"""The command `import`: a file of pytest-benchmark becomes a run that every other command reads."""

import json
from pathlib import Path

FILE = Path(__file__).parents[2] / "store" / "pytest_benchmark_4.json"


def test_an_imported_file_is_a_run_like_any_other(typed, tmp_path):
    done = typed("import", FILE, "--run", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert "imported" in done.stdout
    assert "test_sums.py::test_sum[10]" in done.stdout
    shown = typed("show", "mine").stdout
    assert "test_sums.py::test_sum[10]" in shown
    assert "call" in shown.splitlines()[0]
    rows = json.loads(typed("show", "mine", "--json").stdout)["rows"]
    assert {row["metric"] for row in rows} == {"call"}
    assert typed("report", "mine").returncode == 0
    page = (tmp_path / "reports" / "mine.html").read_text("utf-8")
    assert "test_sums.py::test_sum[10]" in page
    assert "bench run --architectures test_sums" not in page  # nobody could run that


def test_the_name_follows_from_the_file_and_is_taken_only_once(typed):
    first = typed("import", FILE, "--json")
    assert json.loads(first.stdout)["run"] == "pytest_benchmark_4"
    again = typed("import", FILE)
    assert again.returncode == 2
    assert "choose another name with --run NAME" in again.stderr


def test_a_damaged_file_records_nothing(typed, tmp_path):
    (tmp_path / "half.json").write_text(FILE.read_text()[:500])
    done = typed("import", "half.json")
    assert done.returncode == 2
    assert done.stderr.startswith("bench: half.json is not whole JSON")
    assert not (tmp_path / "results").exists()


def test_an_imported_run_cannot_be_resumed(typed):
    typed("import", FILE, "--run", "mine")
    done = typed("run", "--resume", "mine")
    assert done.returncode == 2
    assert "imported" in done.stderr
