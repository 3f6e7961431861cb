"""Local: the servers of this process's workers: renewed, kept and taken over; and what a user's folder cannot do."""

import os
import subprocess
import sys
from contextlib import closing

import pytest

from bench.process import local
from bench.process.executor import talk
from bench.process.local import Workers
from bench.process.tree_client import TreeError
from bench.process.worker import WorkerError
from tests.conftest import HASTE

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fresh processes are forked here")

SHADOWS = ("profile", "code", "random", "inspect", "select", "tokenize", "torch", "architectures/__init__")


@pytest.fixture
def small(tree, monkeypatch):
    """The suite is a tree that imports no torch, and nothing is kept from other tests."""
    monkeypatch.setattr(local, "OWN", tree())
    monkeypatch.setattr(local, "_kept", [])
    yield
    for server in local._kept:
        server.client.close()


def look(workers):
    """What a worker sees."""
    return dict(talk(workers, "bench.errands:look_around", None, 30))


@pytest.mark.usefixtures("small")
def test_a_server_is_renewed_once_it_has_been_timed_on():
    with closing(Workers()) as workers:
        first = look(workers)
        workers.renew()
        assert look(workers)["server"] == first["server"], "nothing was timed on it: it is as good as a fresh one"
        workers.renew()
        second = look(workers)
        assert second["server"] != first["server"]
        assert len({seen["environment"]["BENCH_PADDING"] for seen in (first, second)}) == 2
        os.kill(workers._server.client.server, 9)
        third = look(workers)
        workers.renew()
        assert len({second["server"], third["server"], look(workers)["server"]}) == 3


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (TreeError("this suite cannot be started: it broke; see the messages above"), "; see the messages above"),
        (WorkerError("timeout", "no answer within 30 s"), "; stop what else runs, and try again"),
        (OSError("no process left"), "; see the messages above"),
    ],
)
def test_what_helps_where_no_worker_starts_is_told_once(monkeypatch, ended, words):
    class Broken:
        def is_alive(self):
            return True

        def start(self, *_):
            raise ended

        def close(self):
            pass

    workers = Workers()
    workers._server = local._Server(Broken(), {})
    monkeypatch.setattr(local, "START_PAUSE", 0)
    with pytest.raises(WorkerError, match=r"^no worker could be started: ") as raised:
        workers.start("a:function", None)
    assert raised.value.in_full.endswith(words)
    assert raised.value.in_full.count(";") == 1


@pytest.mark.usefixtures("small")
def test_a_server_goes_over_to_the_next_executor_which_times_nothing_on_a_used_one():
    with closing(Workers()) as workers:
        first = look(workers)["server"]
    with closing(Workers()) as workers:
        assert look(workers)["server"] == first
        workers.renew()
        assert look(workers)["server"] == first
    with closing(Workers()) as workers:
        assert look(workers)["server"] == first
        workers.renew()
        assert look(workers)["server"] != first


@pytest.mark.usefixtures("small")
def test_executors_side_by_side_have_a_server_each():
    with closing(Workers()) as workers, closing(Workers()) as others:
        assert look(workers)["server"] != look(others)["server"]
        others.renew()
        others.renew()
        assert look(workers)["server"] == workers._server.client.server
    assert len(local._kept) == 1


@pytest.mark.usefixtures("small")
def test_a_server_of_another_environment_is_not_taken_over(monkeypatch):
    with closing(Workers()) as workers:
        first = look(workers)["server"]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with closing(Workers()) as workers:
        seen = look(workers)
    assert seen["server"] != first
    assert seen["environment"]["OMP_NUM_THREADS"] == "1"


@pytest.mark.usefixtures("small")
def test_a_worker_is_in_this_process_s_folder_and_its_path_goes_on_with_this_one_s(tmp_path, monkeypatch):
    with closing(Workers()) as workers:
        for name in ("a", "b"):
            folder = tmp_path / f"folder-{name}"
            folder.mkdir()
            monkeypatch.chdir(folder)
            monkeypatch.syspath_prepend("")
            seen = look(workers)
            assert seen["folder"] == str(folder)
            installed = [at for at, path in enumerate(seen["path"]) if path.endswith("site-packages")]
            assert seen["path"].index(str(folder)) > max(installed), "after all that is Python's own or installed"


@pytest.mark.usefixtures("small")
def test_a_suite_that_cannot_be_imported_is_told_by_the_first_worker(monkeypatch):
    (local.OWN / "bench" / "errands.py").write_text("import a_module_that_is_nowhere")
    monkeypatch.setattr(local, "START_PAUSE", 0)
    with closing(Workers()) as workers:
        workers.prepare()
        workers.renew()
        with pytest.raises(WorkerError, match=r"no worker could be started: this suite cannot be imported: .*nowhere"):
            workers.start("bench.errands:look_around", None)


@pytest.mark.usefixtures("small")
def test_preparing_does_not_wait_for_the_server():
    """The parent imports what it needs meanwhile: this server would never be ready."""
    (local.OWN / "bench" / "errands.py").write_text("import time\ntime.sleep(3600)")
    with closing(Workers()) as workers:
        workers.prepare()
        assert workers._server.client.is_alive()
        workers._server.client.close()


@pytest.fixture
def shadowed(tmp_path):
    """A folder whose files are named as modules, each of which leaves a trace when it is run."""
    for name in SHADOWS:
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\nraise ImportError('of the user')\n")
    return tmp_path


LISTED = ("list", "optimizers")
INSTALLED = ("-c", "import sys; del sys.path[0]; from bench.__main__ import main; sys.exit(main())")


@pytest.mark.parametrize(
    ("python", "words"),
    [
        (("-m", "bench"), LISTED),
        pytest.param(INSTALLED, LISTED, marks=pytest.mark.slow),
        pytest.param(
            ("-m", "bench"),
            (
                "run",
                "--architectures",
                "debug",
                "--datasets",
                "synthetic",
                "--blocks",
                "2",
                "--repeats",
                "1",
                "--again",
                "0",
                "--epochs",
                "0",
                "--concurrent",
            ),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_files_of_the_folder_one_stands_in_are_never_run(shadowed, environment, python, words):
    """Also with the path of a temporary folder too long for a socket's, and that is not there."""
    path = f"{environment['PYTHONPATH']}{os.pathsep}{HASTE}"
    variables = {**environment, "PYTHONPATH": path, "TMPDIR": str(shadowed / ("long" * 30))}
    done = subprocess.run(
        [sys.executable, *python, *words], cwd=shadowed, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (shadowed / "ran").exists(), (shadowed / "ran").read_text()


@pytest.mark.slow
def test_a_folder_of_the_users_by_a_name_of_ours_is_named(bench, tmp_path):
    (tmp_path / "architectures").mkdir()
    (tmp_path / "architectures" / "__init__.py").touch()
    (tmp_path / "architectures" / "blocks.py").write_text("from torch.nn import Linear\n")
    (tmp_path / "nets.py").write_text("from architectures.blocks import Linear as Net\n")
    done = bench("list", "architectures", "nets.py:Net")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert f"{tmp_path / 'architectures'} has it, but 'architectures' is a package of the benchmark suite" in line
    direct = bench("list", "architectures", "architectures/blocks.py:Linear(784)")
    assert "is a package of" not in direct.stderr
