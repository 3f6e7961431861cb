"""The command `tensorboard`: the real one, started, asked over HTTP, and ended; and what it refuses."""

import json
import re
import signal
import socket
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import HANG
from tests.explain import made


def test_a_run_with_nothing_to_show_is_refused(tmp_path, typed):
    made.run(tmp_path / "results", "bare", [made.result(made.VGG, 6e-3)])
    done = typed("tensorboard", "bare")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench: run bare has neither traces nor learning curves to show")
    assert "run --profile" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_that_is_not_there_is_refused(typed):
    assert typed("tensorboard", "none").returncode == 2


@pytest.fixture(scope="module")
def served(bench_for_all):
    """TensorBoard on a real run with a trace, a damaged trace and a learning curve: its process and address."""
    bench = bench_for_all()
    tiny = (
        *("--datasets", "synthetic", "--optimizers", "sgd", "--repeats", "1", "--again", "0", "--blocks", "2"),
        "--concurrent",
    )
    done = bench(
        "run",
        "--architectures",
        "debug",
        *tiny,
        "--epochs",
        "2",
        "--train-limit",
        "0",
        "--profile",
        "--run",
        "p",
        haste=True,
    )
    assert done.returncode == 0, done.stderr
    damaged = bench.folder / "results" / "p" / "traces" / "damaged"
    damaged.mkdir()
    (damaged / "bench_1.2.pt.trace.json.gz").write_bytes(b"\x1f\x8bno gzip at all")
    process = bench.start("tensorboard", "p", "--port", "0")
    told = process.stdout.readline()
    address = re.search(r"at (http://127\.0\.0\.1:\d+)/", told)
    assert address, told + process.stderr.read()
    yield process, address[1]
    process.kill()  # TensorBoard goes with it
    process.wait()


def asked(address, route, **arguments):
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in arguments.items())
    with urllib.request.urlopen(f"{address}/data/{route}?{query}", timeout=HANG) as answer:
        return json.load(answer)


def waited_for(ask, ready):
    """The first answer that is ready; the test's own time limit is the only one."""
    deadline = time.monotonic() + HANG
    while not ready(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found


@pytest.mark.slow
def test_the_real_tensorboard_shows_the_profile_and_the_curves_and_ends_with_ctrl_c(served):
    process, address = served
    profiler = "plugin/pytorch_profiler"
    runs = waited_for(
        lambda: asked(address, f"{profiler}/runs"),
        lambda answer: any("damaged" not in each for each in answer["runs"]),  # that one may be listed first
    )
    (run,) = [each for each in runs["runs"] if "damaged" not in each]
    assert run.startswith("traces/debug-")
    (worker,) = asked(address, f"{profiler}/workers", run=run, view="Overview")
    (span,) = asked(address, f"{profiler}/spans", run=run, worker=worker)
    overview = asked(address, f"{profiler}/overview", run=run, worker=worker, span=span, view="Overview")
    assert 2 <= len(overview["steps"]["rows"]) <= 5  # fewer where a step takes long
    assert {"title": "Device Type", "value": "CPU"} in overview["environments"]
    views = asked(address, f"{profiler}/views", run=run)
    assert {"Overview", "Operator", "Trace", "Memory", "Module"} <= set(views)

    tags = waited_for(lambda: asked(address, "plugin/scalars/tags"), lambda found: found)
    (curve,) = tags
    assert curve.startswith("curves/debug-")
    assert {"loss/train", "loss/test", "accuracy/test", "final/accuracy"} <= set(tags[curve])
    points = asked(address, "plugin/scalars/scalars", run=curve, tag="accuracy/test")
    steps = [step for _, step, _ in points]
    assert len(steps) > 2  # the first looks, and the end of each epoch
    assert steps == sorted(steps)
    assert all(0 <= value <= 1 for _, _, value in points)

    table = asked(address, "plugin/hparams/experiment", request="{}")
    assert {"architecture", "optimizer", "batch_size", "seed"} <= {one["name"] for one in table["hparamInfos"]}
    assert "final/accuracy" in {one["name"]["tag"] for one in table["metricInfos"]}

    family = descendants(process.pid)
    assert family
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=HANG)
    assert process.returncode == 0
    assert "cannot read the trace" in errors
    assert "Traceback" not in errors
    waited_for(lambda: [pid for pid in family if alive(pid)], lambda left: not left)


def descendants(pid):
    """Processes that this one has started, and those that they have."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(path.parent.name), *descendants(int(path.parent.name))]
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.slow
def test_it_does_not_outlive_a_command_that_is_killed(tmp_path, bench):
    made.run(tmp_path / "results", "p", [made.result(made.VGG, 6e-3)])
    folder = tmp_path / "results" / "p" / "traces" / "x"
    folder.mkdir(parents=True)
    event = {"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1}
    (folder / "bench_1.2.pt.trace.json").write_text(json.dumps({"traceEvents": [event]}))
    process = bench.start("tensorboard", "p", "--port", "0")
    assert "http://127.0.0.1:" in process.stdout.readline()
    family = descendants(process.pid)
    assert family
    process.kill()
    waited_for(lambda: [pid for pid in family if alive(pid)], lambda left: not left)


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_one_line(tmp_path, bench):
    made.two_cells(tmp_path / "results", "two")
    folder = tmp_path / "results" / "two" / "traces" / "x"
    folder.mkdir(parents=True)
    (folder / "bench_1.2.pt.trace.json").write_text(
        json.dumps({"traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1}]})
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = bench("tensorboard", "two", "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "TensorBoard ended by itself" in done.stderr
    assert "--port 0" in done.stderr
