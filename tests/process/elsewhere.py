"""An executor of another kind: each task in an interpreter of its own, in a folder of its own that goes with it."""

import os
import subprocess
import sys
from multiprocessing.connection import Pipe
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.process.worker import WorkerError

PROGRAM = """
import importlib, sys
from multiprocessing.connection import Connection
from bench.process.channel import Channel
from tests.haste.amounts import AMOUNTS

connection = Connection(int(sys.argv[1]))
entry, task = connection.recv()
module, _, name = entry.partition(":")
entry = getattr(importlib.import_module(module), name)
for place, amount in AMOUNTS.items():  # in haste
    module, _, name = place.rpartition(".")
    setattr(importlib.import_module(module), name, amount)
entry(task, Channel(connection))
"""


ROOT = Path(__file__).parents[2]


class Elsewhere:
    """Two tasks at once; what was started is remembered: its entry, and the folder it ran in."""

    slots, nodes, problems = 2, ("left", "right"), ()

    def __init__(self):
        self.started, self.running, self.most, self.closed, self.renewed = [], set(), 0, False, 0

    def prepare(self):
        pass

    def renew(self):
        assert not self.running, "a round begins while a task of the one before runs"
        self.renewed += 1

    def start(self, entry, task):
        running = Running(self, entry, task)
        self.started.append((entry, running.folder.name))
        self.running.add(running)
        self.most = max(self.most, len(self.running))
        return running

    def close(self):
        self.closed = True
        for running in list(self.running):
            running.process.kill()


class Running:
    def __init__(self, executor, entry, task):
        self.executor, self.folder = executor, TemporaryDirectory()
        self.own, other = Pipe()
        command = [sys.executable, "-c", PROGRAM, str(other.fileno())]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, env=environment, pass_fds=[other.fileno()], stdout=subprocess.DEVNULL
        )
        other.close()
        self.own.send((entry, task))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.own.close()
        self.folder.cleanup()
        self.executor.running.discard(self)

    def receive(self, timeout):
        if not self.own.poll(max(0.0, timeout)):
            raise WorkerError("timeout", "no end in time")
        try:
            return self.own.recv()
        except EOFError:
            if self.process.wait():
                raise WorkerError("failed", f"it ended with exit code {self.process.returncode}") from None
            return None
