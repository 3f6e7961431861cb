"""What several rooms' tests share: the command line as a person runs it, and a plug-in whose networks misbehave."""

import atexit
import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

from tests.haste.amounts import AMOUNTS

settings.register_profile("unhurried", deadline=None)  # no test expects a speed
settings.load_profile("unhurried")

ROOT = Path(__file__).parent.parent
HASTE = ROOT / "tests" / "haste"  # on the module path of a server, its workers time little: for tests of no time
HASTY_PATH = f"{ROOT}{os.pathsep}{HASTE}"  # PYTHONPATH of a process whose workers measure in haste

# What is kept for the user is kept for the tests alone; but matplotlib's list of fonts takes seconds to make.
_CACHES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
os.environ.setdefault("MPLCONFIGDIR", str(_CACHES / "matplotlib"))
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="bench-cache-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)
os.environ.pop("COLUMNS", None)  # xdist tells the width of its terminal; what tests read is piped
HANG = 900  # seconds; guards against a process that never ends, and is no expectation of speed


def pytest_collection_finish():
    """Ten thousand collected tests live to the end: the collector of garbage need not look at them again and again."""
    gc.freeze()


# What a file has to name for a test of a slow set to stand in it, by the expression that chooses the set.
_NAMED = {"slow and alone": ("mark.alone",), "slow and not alone": ("mark.slow", "needed", "slow_if")}


def pytest_ignore_collect(collection_path, config):
    """Of the slow sets, what can have no test in them: collecting ten thousand takes 20 s."""
    words = _NAMED.get(config.option.markexpr)
    if words and collection_path.match("test_*.py") and not any(map(collection_path.read_text("utf-8").count, words)):
        return True
    return None


PLUGIN = {
    "faulty.py": '''
        """Networks that misbehave as soon as they are given real images; on the meta device all are well-behaved."""

        import os
        import signal
        import time

        import torch
        from architectures import register
        from torch import nn

        print("the plug-in is imported")  # a stranger's module may print


        class Net(nn.Module):
            def __init__(self, input_shape, num_classes, misbehave):
                super().__init__()
                channels, height, width = input_shape
                self.layers = nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, num_classes))
                self.misbehave = misbehave

            def forward(self, images):
                if images.device.type != "meta":
                    self.misbehave(self)
                return self.layers(images)


        def raise_error(net):
            raise ValueError("this network\\nnever works")

        def hang(net):
            while True:
                time.sleep(3600)

        def spoil(net):
            with torch.no_grad():
                net.layers[1].weight.fill_(float("nan"))

        def crash_in_inference(net):
            if not net.training:
                os.kill(os.getpid(), signal.SIGSEGV)

        FAULTS = {
            "good": lambda net: None,
            "raises": raise_error,
            "crashes": lambda net: os.kill(os.getpid(), signal.SIGSEGV),
            "crashes_late": crash_in_inference,
            "killed": lambda net: os.kill(os.getpid(), signal.SIGKILL),
            "leaves": lambda net: os._exit(3),
            "hangs": hang,
            "huge": lambda net: torch.empty(10**15, dtype=torch.uint8),
            "diverges": spoil,
            "slow": lambda net: time.sleep(0.05),
            "prints": lambda net: print("a network prints", flush=True),
        }

        def enter(name, misbehave):
            def builder(input_shape, num_classes):
                return Net(input_shape, num_classes, misbehave)

            builder.__name__ = "faulty_" + name
            builder.__doc__ = "A network of the faulty plug-in."
            register(family="faulty", source="tests")(builder)

        for name, misbehave in FAULTS.items():
            enter(name, misbehave)
        ''',
    "faulty-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: faulty\nVersion: 0.1\n",
    "faulty-0.1.dist-info/entry_points.txt": "[bench.architectures]\nfaulty = faulty\n",
}


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    """A folder with an installed plug-in, to be put on PYTHONPATH; its networks are called faulty_*."""
    folder = tmp_path_factory.mktemp("plugin")
    for name, text in PLUGIN.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(dedent(text).lstrip(), "utf-8")
    return folder


@pytest.fixture(scope="session")
def environment():
    """The environment of a command: this source tree, and a folder of its own for temporary files and locks.

    That folder's path is short, because the path of a socket in it may have 107 bytes at most.
    """
    temporary = tempfile.mkdtemp(prefix="bench-")
    yield {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": temporary, "COLUMNS": "160"}
    shutil.rmtree(temporary)


def outside_xdist(**variables):
    """This process's environment for a pytest of its own, with none of what pytest-xdist tells its workers."""
    return {**{name: value for name, value in os.environ.items() if "XDIST" not in name}, **variables}


@pytest.fixture
def python_in(environment):
    """Runs a command of this Python in a folder, with one thread; the folder is on its module path if that is asked.

    Workers that it starts measure in haste.
    """

    def call(folder, *words, on_path=False):
        own_path = os.environ.get("PYTHONPATH", "")
        path = [environment["PYTHONPATH"], str(HASTE), own_path, *([str(folder)] if on_path else [])]
        own = {"PYTHONPATH": os.pathsep.join(path), "TMPDIR": environment["TMPDIR"], "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=outside_xdist(**own),
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )

    return call


@contextmanager
def hasty():
    """What this process itself measures meanwhile is measured in haste, for tests that ask for no time."""
    with pytest.MonkeyPatch.context() as patch:
        for place, amount in AMOUNTS.items():
            module, _, name = place.rpartition(".")
            patch.setattr(import_module(module), name, amount)
        yield


@pytest.fixture
def in_haste(monkeypatch):
    """Workers that this process starts measure in haste, and one server forks them all, round after round."""
    from bench.process.local import Workers

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([HASTY_PATH, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(Workers, "renew", lambda workers: None)


@pytest.fixture
def bench(tmp_path, environment):
    """Runs `python -m bench` in an empty folder."""
    commands = Commands(tmp_path, environment)
    yield commands
    commands.clean()


@pytest.fixture(scope="session")
def bench_for_all(tmp_path_factory, environment):
    """Makes the same with a folder that stays for the session, for records that many tests only read."""
    made = []

    def make():
        made.append(Commands(tmp_path_factory.mktemp("bench"), environment))
        return made[-1]

    yield make
    for commands in made:
        commands.clean()


class Commands:
    """Runs `python -m bench` in `folder`, each command in a session of its own; `start` leaves it running.

    Whatever is left of the sessions is killed by `clean`.
    """

    def __init__(self, folder, environment):
        self.folder = folder
        self._environment = environment
        self._started = []

    def __call__(self, *arguments, **options):
        """The finished command: returncode, stdout, stderr."""
        process = self.start(*arguments, **options)
        stdout, stderr = process.communicate(timeout=HANG)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def start(self, *arguments, haste=False, plugin=None, python=(), terminal=None, **variables):
        """The command as a process that leads a session of its own, on the terminal (a descriptor) if one is given."""
        environment = {**self._environment, **variables}
        for folder in (*([HASTE] if haste else []), *([plugin] if plugin else [])):
            environment["PYTHONPATH"] += f"{os.pathsep}{folder}"
        process = subprocess.Popen(
            [sys.executable, *python, "-m", "bench", *map(str, arguments)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.PIPE if terminal is None else terminal,
            text=True,
            start_new_session=True,
            preexec_fn=None if terminal is None else lambda: fcntl.ioctl(terminal, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - the tests have no threads
        )
        self._started.append(process)
        return process

    def clean(self):
        for process in self._started:
            for pid in of_session(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()

    def left_of(self, process):
        """Command lines of what is left of the session that the command led."""
        return {pid: commandline(pid) for pid in of_session(process.pid)}


def of_session(session):
    """Processes of that session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, _group, of = path.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state not in "ZX":
                found.append(int(path.parent.name))
    return found


def eventually(condition):
    """Whether it holds within a minute, with what it gave: signals are delivered when the system gets to it."""
    end = time.monotonic() + 60
    while not (held := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def has_begun(pid):
    """Whether `python -m bench` of that id handles what ends it: what comes before is the interpreter's own."""
    with suppress(OSError, StopIteration):
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        caught = int(next(line.split()[1] for line in status if line.startswith("SigCgt:")), 16)
        return bool(caught & 1 << (signal.SIGTERM - 1))
    return False


def is_running(pid):
    """Whether there is such a process, and it has not ended."""
    with suppress(OSError):  # it is gone, perhaps while it was read
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def commandline(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
