"""Small source trees for servers of workers, which start at once."""

import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

import bench

SOURCE = Path(bench.__file__).parent

ERRANDS = '''
    """What the workers of these tests are sent to do."""

    import os
    import signal
    import sys

    WHERE = "{name}"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # as libgomp does where OMP_PROC_BIND is set

    def echo(task, channel):
        channel.send("echo", task)

    def look_around(task, channel):
        channel.send("told", task)
        channel.send("where", WHERE)
        channel.send("cores", os.sched_getaffinity(0))
        channel.send("environment", dict(os.environ))
        channel.send("server", os.getppid())
        channel.send("folder", os.getcwd())
        channel.send("path", sys.path)
        channel.send("interrupt", signal.getsignal(signal.SIGINT) is signal.SIG_IGN)

    def answer(task, channel):
        while (word := channel.receive()) is not None:
            channel.send("heard", word)

    def raises(task, channel):
        raise ValueError(task)

    def signals(task, channel):
        os.kill(os.getpid(), task)

    def prints(task, channel):
        print("not on stdout, please")
    '''


@pytest.fixture
def tree(tmp_path):
    """Makes a source tree that has of the suite what a host needs, imports no torch, and knows some errands."""

    def make(name="a"):
        folder = tmp_path / name
        for part in ("process", "plan"):
            shutil.copytree(SOURCE / part, folder / "bench" / part)
        for module in SOURCE.glob("*.py"):
            shutil.copy(module, folder / "bench")
        main = folder / "bench" / "process" / "worker_main.py"
        main.write_text(re.sub(r"PRELOAD = \(.*?\n\)", 'PRELOAD = ("bench.errands",)', main.read_text(), flags=re.S))
        (folder / "bench" / "errands.py").write_text(dedent(ERRANDS).replace("{name}", name))
        return folder

    return make
