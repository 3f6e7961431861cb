"""The wheel as a person gets it: what is in it, and that it runs from an empty folder without the source tree."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("architectures", "bench")
HANG = 300  # seconds; guards against a process that never ends, and is no expectation of speed


def run(*command, cwd):
    """The output of a command that must succeed, in an environment without this source tree."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name not in hidden},
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,  # the assertion shows the output
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The built wheel; built from a copy, so that neither a stale build/ nor the working tree plays a part."""
    folder = tmp_path_factory.mktemp("wheel")
    not_source = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, folder / "source", ignore=not_source)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=folder / "source")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel):
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a new environment that holds the wheel; torch and the rest come from this interpreter's.

    A plain path in a .pth file does not run the .pth files of the folder it names, so an editable install of this
    project in the running interpreter stays out of sight.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    site_packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    host = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (site_packages / "host.pth").write_text("\n".join(host) + "\n")
    return python


@pytest.fixture
def empty(tmp_path):
    """An empty folder to run in."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def sources(pattern):
    """The files of the two packages that fit the pattern, as the wheel names them."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob(pattern))
    return {path.relative_to(ROOT).as_posix() for path in paths}


def test_it_holds_every_module(contents):
    assert sources("*.py") - contents == set()


@pytest.mark.parametrize(
    ("pattern", "least"),
    [("data/mnist/*.gz", 4), ("plan/suites/*.toml", 1), ("report/templates/*", 1), ("py.typed", 2)],
)
def test_it_holds_the_data_of_the_packages(contents, pattern, least):
    expected = sources(pattern)
    assert len(expected) >= least
    assert expected - contents == set()


def test_it_holds_the_licences(contents):
    assert [name for name in contents if name.endswith(".dist-info/licenses/LICENSE")]
    assert "bench/data/mnist/README.md" in contents  # the embedded data set's own licence


def test_it_holds_nothing_else(contents):
    tops = {name.split("/")[0] for name in contents if ".dist-info/" not in name}
    assert tops == set(PACKAGES)


def test_the_installed_modules_are_the_wheels(python, empty):
    script = "import architectures, bench; print(architectures.__file__, bench.__file__, sep='\\n')"
    paths = [Path(path) for path in run(python, "-c", script, cwd=empty).splitlines()]
    assert len(paths) == 2
    assert all(path.is_relative_to(python.parent.parent) for path in paths), paths


def test_it_lists_the_architectures(python, empty):
    assert "debug" in run(python, "-m", "bench", "list", "architectures", cwd=empty)


def test_it_loads_the_embedded_data_set(python, empty):
    script = "from bench.data import load; print(len(load('mnist').train_labels))"
    assert run(python, "-c", script, cwd=empty) == "60000\n"


def test_a_run_records_its_results_in_the_folder_it_was_started_in(python, empty):
    grid = ("--architectures", "debug", "--datasets", "synthetic")
    little = ("--epochs", "0", "--repeats", "1", "--again", "0", "--blocks", "2", "--no-report", "--concurrent")
    run(python, "-m", "bench", "run", *grid, *little, cwd=empty)
    assert [path.name for path in empty.iterdir()] == ["results"]
    (records,) = (empty / "results").glob("*/results.jsonl")
    assert records.read_text("utf-8").count('"status":"ok"') >= 1


def test_pytest_finds_the_plug_in_of_the_wheel(python, empty):
    script = "import bench.pytest_plugin as found; print(found.__file__)"
    assert Path(run(python, "-c", script, cwd=empty).strip()).is_relative_to(python.parent.parent)
    assert "bench_cell" in run(python, "-m", "pytest", "--fixtures", "-p", "no:cacheprovider", cwd=empty)
