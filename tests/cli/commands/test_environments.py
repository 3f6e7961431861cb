"""Environments that are not as usual: a run there is measured and recorded, or one line says why not."""

import os
import subprocess
import sys

import pytest

from bench.store.run import load
from tests.conftest import HANG, HASTE, ROOT

GRID = (
    *("run", "--architectures", "debug", "--datasets", "synthetic", "--optimizers", "sgd", "--threads", "1"),
    *("--epochs", "0", "--repeats", "1", "--again", "0", "--blocks", "2", "--run", "mine", "--concurrent"),
)
ASCII = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SHADOWS = (
    *("profile.py", "code.py", "random.py", "types.py", "typing.py", "enum.py", "re.py", "json.py", "inspect.py"),
    *("torch.py", "numpy.py", "tokenize.py", "architectures/__init__.py", "architectures/nets.py", "bench/__init__.py"),
)
SCRIPT = "import sys\nfrom bench.__main__ import main\nsys.exit(main())\n"  # what pip makes of an entry point

# What differs in the environment, None for a variable that is not set; and the shell's words after the command.
ENVIRONMENTS = {
    "a home that nobody can write to, no place for temporary files, and a console that knows ASCII alone": (
        {"HOME": "/proc/nobody", "XDG_CACHE_HOME": None, "MPLCONFIGDIR": None, "TMPDIR": "/proc/none", **ASCII},
        "",
    ),
    "no home, and a console of another alphabet": (
        {"HOME": None, "XDG_CACHE_HOME": None, "PYTHONIOENCODING": "gbk"},
        "",
    ),
    "nothing to read from and nobody who listens": ({}, "<&- >&- 2>&-"),
    "output on a full disk": ({}, ">/dev/full 2>/dev/full"),
    "a reader that has seen enough": ({}, "2>&1 | head -c 1"),
}


@pytest.fixture
def start(tmp_path):
    """Starts the shell's words in an empty folder, with variables changed; the finished command."""
    script = tmp_path / "script" / "bench"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    folder = tmp_path / "folder"
    folder.mkdir()

    def call(changes, words):
        wanted = {**os.environ, "PYTHONPATH": f"{ROOT}:{HASTE}", "SCRIPT": f"{sys.executable} {script}", **changes}
        environment = {name: value for name, value in wanted.items() if value is not None}
        command = ["bash", "-c", f"set -o pipefail; {words}"]
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=HANG,
            check=False,
            errors="replace",
            text=True,
        )

    return call


def is_measured(folder):
    """Whether the run is there, whole, with its page."""
    run = load("mine", folder / "results")
    assert run.facts.status == "finished"
    assert [result.status for result in run.results()] == ["ok"]
    assert (folder / "reports/mine.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_a_run_is_measured_in_each_environment(start, tmp_path, kind):
    changes, redirection = ENVIRONMENTS[kind]
    done = start(changes, f"$SCRIPT {' '.join(GRID)} {redirection}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    is_measured(tmp_path / "folder")


@pytest.mark.slow
def test_no_file_of_the_folder_one_stands_in_is_run(start, tmp_path):
    folder = tmp_path / "folder"
    for name in SHADOWS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("open('pwned', 'a').write(__name__)\nraise SystemExit(1)\n")
    done = start({}, f"$SCRIPT {' '.join(GRID)}")
    assert done.returncode == 0, done.stderr
    assert not (folder / "pwned").exists()
    is_measured(folder)


@pytest.mark.slow
def test_a_module_that_is_started_by_its_name_runs_none_either(start, tmp_path):
    """But for what Python itself needs to find it, and a folder that has the suite's own name."""
    folder = tmp_path / "folder"
    for name in ("profile.py", "code.py", "random.py", "json.py", "inspect.py", "architectures/__init__.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("open('pwned', 'a').write(__name__)\nraise SystemExit(1)\n")
    done = start({}, f"{sys.executable} -m bench list metrics")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "pwned").exists()


@pytest.mark.slow
def test_a_system_without_shared_memory(start, tmp_path):
    alone = "unshare --mount --map-root-user sh -c"
    nothing = "mount -t tmpfs -o ro none /dev/shm"
    if subprocess.run([*alone.split(), nothing], capture_output=True, check=False).returncode:
        pytest.skip("this system gives nobody mounts of their own")
    done = start({}, f"{alone} '{nothing} && exec $SCRIPT {' '.join(GRID)}'")
    assert done.returncode == 0, done.stderr
    is_measured(tmp_path / "folder")


def test_a_descriptor_that_was_closed_is_no_file_of_ours(start, tmp_path):
    """The next file that is opened would get its number, and with it what libraries print."""
    (tmp_path / "script/opens.py").write_text(
        "import os, pathlib, sys\n"
        "from bench.cli.output import take_over\n"
        "take_over()\n"
        "pathlib.Path(sys.argv[1]).write_text(str(os.open(os.devnull, os.O_RDONLY)))\n"
    )
    done = start({}, f"{sys.executable} ../script/opens.py ../out <&- >&- 2>&-")
    assert done.returncode == 0
    assert int((tmp_path / "out").read_text()) > 2
