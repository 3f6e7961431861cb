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

from tests.conftest import HANG

ROOT = Path(__file__).parent.parent
PACKAGES = ("architectures", "bench", "torch_architecture_bench")


def run(*command, cwd, code=0, **variables):
    """The output of a command that must succeed, in an environment without this source tree."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**{name: value for name, value in os.environ.items() if name not in hidden}, **variables},
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,  # the assertion shows the output
    )
    assert done.returncode == code, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the source, so that neither a stale build/ nor the working tree plays a part."""
    folder = tmp_path_factory.mktemp("copy") / "source"
    not_source = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    return shutil.copytree(ROOT, folder, ignore=not_source)


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=source)
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
    return installed(folder, "--no-index", wheel)


def installed(folder, *what):
    """The interpreter of a new environment in this folder, in which pip installed that."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    builder = folder / "builder"  # lends what builds a source, and nothing else of this interpreter's
    builder.mkdir()
    here = Path(sysconfig.get_path("purelib"))
    for path in (here / "_distutils_hack", *here.glob("setuptools*")):
        (builder / path.name).symlink_to(path)
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps")
    run(*pip, *what, cwd=folder, PYTHONPATH=str(builder))
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
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob(pattern) if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths}


def test_it_holds_every_module(contents):
    assert sources("*.py") - contents == set()


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        ("data/mnist/*.gz", 4),
        ("plan/suites/*.toml", 1),
        ("report/templates/*", 1),
        ("report/templates/page/*", 1),
        ("py.typed", 2),
    ],
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


@pytest.mark.slow
def test_it_lists_the_architectures(python, empty):
    assert "debug" in run(python, "-m", "bench", "list", "architectures", cwd=empty)


def test_it_loads_the_embedded_data_set(python, empty):
    script = "from bench.data import load; print(len(load('mnist').train_labels))"
    assert run(python, "-c", script, cwd=empty) == "60000\n"


@pytest.mark.slow
def test_a_run_records_its_results_in_the_folder_it_was_started_in(python, empty):
    grid = ("--architectures", "debug", "--datasets", "synthetic")
    little = ("--epochs", "0", "--repeats", "1", "--again", "0", "--blocks", "2", "--threads", "1", "--no-report")
    little = (*little, "--concurrent")
    run(python, "-m", "bench", "run", *grid, *little, cwd=empty)
    assert [path.name for path in empty.iterdir()] == ["results"]
    (records,) = (empty / "results").glob("*/results.jsonl")
    assert records.read_text("utf-8").count('"status":"ok"') >= 1


def test_pytest_finds_the_plug_in_of_the_wheel(python, empty):
    script = "import bench.pytest_plugin as found; print(found.__file__)"
    assert Path(run(python, "-c", script, cwd=empty).strip()).is_relative_to(python.parent.parent)
    assert "bench_cell" in run(python, "-m", "pytest", "--fixtures", "-p", "no:cacheprovider", cwd=empty)


@pytest.fixture
def namesakes(empty):
    """A repository of a user's with packages that are called as ours, and tests."""
    for package in ("architectures", "bench"):
        (empty / package).mkdir()
        (empty / package / "__init__.py").write_text("OWN = True\n")
    (empty / "test_mine.py").write_text(
        "def test_own():\n    import architectures, bench\n    assert architectures.OWN and bench.OWN\n\n\n"
        "def test_cell(bench_cell):\n    bench_cell('debug')\n\n\n"
        "def test_step(bench_step):\n    bench_step(list)\n"
    )
    return empty


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["bench"], {}),
        (["bench"], {"PYTHONPATH": "."}),
        (["python", "-m", "torch_architecture_bench"], {}),
        (["python", "-P", "-m", "bench"], {}),
        (["python", "-m", "bench"], {"PYTHONSAFEPATH": "1"}),
    ],
)
def test_it_starts_in_a_folder_that_has_a_bench_of_its_own(python, namesakes, words, variables):
    program, *options = words
    assert run(python.parent / program, *options, "--version", cwd=namesakes, **variables).startswith("bench ")


def test_folders_without_a_package_are_in_nobodys_way(python, namesakes):
    for package in ("architectures", "bench"):
        (namesakes / package / "__init__.py").unlink()
    assert run(python, "-m", "bench", "--version", cwd=namesakes).startswith("bench ")


def test_the_tests_of_a_repository_with_a_bench_of_its_own_run(python, namesakes):
    """As if the suite was not installed; who asks for a fixture is told which folder is in its place, in one line."""
    output = run(python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rN", cwd=namesakes, code=1)
    assert "2 failed, 1 passed" in output
    line = f"{namesakes / 'bench'} is imported as 'bench', which is a package of torch-architecture-bench: rename it"
    assert output.count(line) == 2
    assert "Traceback" not in output


def test_a_cell_is_refused_beside_architectures_of_a_users(python, namesakes):
    shutil.rmtree(namesakes / "bench")
    output = run(python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-k", "cell", cwd=namesakes, code=1)
    assert f"{namesakes / 'architectures'} is imported as 'architectures'" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_an_editable_install_starts_beside_a_folder_called_bench(source, tmp_path, namesakes):
    """Python takes a plain folder before what an editable install finds."""
    for package in ("architectures", "bench"):
        (namesakes / package / "__init__.py").unlink()
    python = installed(tmp_path / "venv", "--no-index", "--no-build-isolation", "--editable", source)
    for variables in ({}, {"PYTHONPATH": "."}):
        assert run(python, "-m", "bench", "--version", cwd=namesakes, **variables).startswith("bench ")
        assert run(python.parent / "bench", "--version", cwd=namesakes, **variables).startswith("bench ")
    assert "debug" in run(python, "-m", "bench", "list", "architectures", cwd=namesakes, PYTHONPATH=".")  # by a worker


@pytest.mark.slow
def test_a_line_of_requirements_installs_it_from_git(source, tmp_path, empty):
    """As docs/ci.md has it, with a repository of this machine in the place of the address."""
    git = ("git", "-C", source, "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "x"], ["tag", "v0.1.0"]):
        run(*git, *words, cwd=source)
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    [line] = [line for line in page.splitlines() if line.startswith("torch-architecture-bench @ git+")]
    address = "https://github.com/OWNER/torch-architecture-bench"
    assert address in line
    (empty / "requirements-bench.txt").write_text(line.replace(address, f"file://localhost{source}"))
    python = installed(tmp_path / "venv", "--no-build-isolation", "-r", empty / "requirements-bench.txt")
    assert run(python.parent / "bench", "--version", cwd=empty).startswith("bench ")
