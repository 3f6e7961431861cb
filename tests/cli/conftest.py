import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from textwrap import dedent
from types import SimpleNamespace

import pytest

from tests.conftest import HANG, HASTE

TINY = (
    *("--datasets", "synthetic", "--optimizers", "sgd", "--repeats", "1", "--again", "0", "--blocks", "2"),
    *("--train-limit", "0"),
)

# Imported at the start of every Python process whose path it is on: leaves the names of all modules at the end.
SITECUSTOMIZE = """
    import atexit, os, sys
    import haste

    def leave_names():
        with open(f"{os.environ['MODULES']}/{os.getpid()}", "w") as file:
            file.write("\\n".join(sys.modules))

    atexit.register(leave_names)
    """


@pytest.fixture(scope="session")
def recorded(bench_for_all, plugin, tmp_path_factory):
    """A real run, recorded with --json: a small network of the suite, and one of the plug-in that prints.

    Attributes: folder, stdout, stderr, returncode, document (the JSON), modules (of the process that orchestrated).
    """
    site, modules = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("modules")
    (site / "sitecustomize.py").write_text(dedent(SITECUSTOMIZE))
    bench = bench_for_all()
    process = bench.start(
        *("run", "--architectures", "debug", "faulty_prints", *TINY, "--seeds", "0", "--epochs", "1"),
        *("--run", "tiny", "--json"),
        plugin=f"{plugin}:{site}:{HASTE}",
        MODULES=str(modules),
    )
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 0, stderr
    return SimpleNamespace(
        folder=bench.folder,
        stdout=stdout,
        stderr=stderr,
        returncode=process.returncode,
        document=json.loads(stdout),
        modules=set((modules / str(process.pid)).read_text().split()),
    )


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Calls the command line in this process and an empty folder, where workers start in no time.

    Gives returncode, stdout and stderr.
    """
    from bench.cli import run_command_line

    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        try:
            code = run_command_line([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        told = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=told.out, stderr=told.err)

    return call


@pytest.fixture(scope="module")
def typed_for_all(tmp_path_factory):
    """The same for all tests of a module: `call`, in its own `folder`, and `patch`, which holds as long."""
    from bench.cli import run_command_line

    folder = tmp_path_factory.mktemp("typed")

    def call(*arguments):
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err, pytest.MonkeyPatch.context() as at:
            at.chdir(folder)
            code = run_command_line([str(argument) for argument in arguments])
        return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())

    with pytest.MonkeyPatch.context() as patch:
        yield SimpleNamespace(call=call, folder=folder, patch=patch)
