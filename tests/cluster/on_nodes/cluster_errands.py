"""What workers on the nodes of a test's cluster do in place of measuring; each line of a log is a process that began.

The cell says what: its architecture the errand, and its batch size for how many milliseconds.
"""

import os
import signal
import time
from pathlib import Path

LOG, SLOW = "BENCH_TEST_LOG", "BENCH_TEST_SLOW"  # where the log is; how many times as long a node takes


def nothing(task, channel):
    channel.send("status", ("ok", None))


def look_around(task, channel):
    channel.send("cores", sorted(os.sched_getaffinity(0)))
    channel.send("folder", str(Path.cwd()))
    channel.send("environment", dict(os.environ))


def sleep(seconds, channel):
    time.sleep(seconds)
    channel.send("status", ("ok", None))


def measure(task, channel):
    log = Path(os.environ[LOG])
    began = f"{task.cell.id} {task.repeat}\n"
    before = log.read_text().splitlines(keepends=True).count(began) if log.exists() else 0
    with log.open("a") as file:
        file.write(began)
    channel.send("system", {"cpu": "made up", "niceness": os.getpriority(os.PRIO_PROCESS, 0)})
    channel.send("stage", "phases")
    if task.cell.architecture == "hangs":
        time.sleep(3600)
    if task.cell.architecture == "is_killed_once" and not before:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(task.cell.batch_size / 1000 * float(os.environ.get(SLOW, "1")))
    channel.send("status", ("ok", None))
