"""The command `tensorboard`: serves a run's traces and learning curves on this machine alone, until Ctrl-C."""

import argparse
import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.cli.render.named_run import named_run
from bench.cli.render.notice import notice
from bench.errors import BenchError
from bench.process.executor import open_executor
from bench.process.messages import Curves
from bench.session.curves import curves_of, write_curves
from bench.trace.events import load

HOST = "127.0.0.1"
ENDING = 10.0  # seconds
# Its standard input ends with this process, however that ends: then it ends too, with all that it has started. Gently
# first; that can hang, since the plug-in forks readers while it has threads.
_START = f"""
import os, runpy, signal, threading, time

def end_with_the_command():
    os.read(0, 1)
    os.killpg(0, signal.SIGTERM)
    time.sleep({ENDING})
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_with_the_command, daemon=True).start()
runpy.run_module("tensorboard.main", run_name="__main__", alter_sys=True)
"""
_READY = re.compile(r"TensorBoard \S+ at (http://\S+)")
_NOISE = ("TensorFlow installation not found", "WARNING: Logging before flag parsing")


def execute(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, which is its proper end.

    Raises:
        BenchError: there is nothing to show, TensorBoard is not installed, or it ends by itself.

    """
    run = named_run(args.run)
    traces = run.traces()
    curves = curves_of(run)
    if not traces and not curves:
        # the plug-in would wait for traces for ever, and show nothing meanwhile
        raise BenchError(
            f"run {run.name} has neither traces nor learning curves to show: measure with run --profile, or train with "
            "--epochs 1 or more"
        )
    _check_installed(bool(traces))
    _tell_damaged(traces)
    if curves:
        _write(curves, run.folder / "curves")
    with _as_interrupts(signal.SIGTERM, signal.SIGHUP):
        return _serve(run.folder, args.port)


def _check_installed(traces: bool) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        raise BenchError("TensorBoard is not installed: pip install tensorboard torch-tb-profiler")
    if traces and importlib.util.find_spec("torch_tb_profiler") is None:
        remedy = "the profiles' tab will be missing: pip install torch-tb-profiler"
        notice(f"torch-tb-profiler is not installed, {remedy}")


def _tell_damaged(traces: list[Path]) -> None:
    """A trace that cannot be read is named; the others are shown all the same."""
    for path in traces:
        try:
            load(path)
        except BenchError as error:
            notice(str(error))


def _write(curves: list[Curves], folder: Path) -> None:
    """Put the curves there for TensorBoard; without them it still shows the traces."""
    try:
        with open_executor() as executor:
            write_curves(executor, curves, folder)
    except BenchError as error:
        notice(f"no learning curves: {error}")


def _serve(folder: Path, port: int) -> int:
    """Run TensorBoard as a process of its own, tell its address, and end it with this one."""
    command = [sys.executable, "-c", _START, "--logdir", str(folder.absolute()), "--host", HOST]
    command += ["--port", str(port), "--load_fast=false"]  # the fast loader knows nothing of the plug-in's files
    environment = {**os.environ, "TORCH_PROFILER_LOG_LEVEL": "ERROR"}  # it warns with tracebacks
    # in a session of its own: Ctrl-C reaches this process alone, which then ends the other in order
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and fixed words
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    last = ""
    try:
        for line in process.stderr or ():
            last = line.strip() or last
            if ready := _READY.search(line):
                print(f"TensorBoard shows {folder} at {ready[1]} (Ctrl-C ends it)", flush=True)
            elif not line.startswith(_NOISE):
                print(line, end="", file=sys.stderr, flush=True)
        process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(process)
    raise BenchError(f"TensorBoard ended by itself ({last or process.returncode}): try another port, --port 0 for any")


def _end(process: "subprocess.Popen[str]") -> None:
    """End the process and all that it has started, gently first: then it removes its temporary files."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def _as_interrupts(*signals: signal.Signals) -> Iterator[None]:
    """Let these signals end the command as Ctrl-C does, so that nothing is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
