"""Exit codes and output: what cannot be written costs the text, never the decision, and an error of ours is code 70."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import cli
from bench.cli.output import Output
from bench.errors import EXIT_INTERNAL

LISTING = (sys.executable, "-m", "bench", "list", "metrics")


def run(*words, **options):
    settings = {"check": False, "text": True, "errors": "replace", "timeout": 60, **options}
    return subprocess.run(words, capture_output="stdout" not in options, **settings)  # noqa: PLW1510 - it has it


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not Linux")
def test_a_full_stdout_is_one_line_and_no_success():
    with Path("/dev/full").open("w") as full:
        done = run(*LISTING, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "bench: cannot write to stdout: No space left on device; what was measured is recorded\n"


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full"])
def test_a_closed_stream_is_no_traceback(redirection):
    done = run("sh", "-c", f"{' '.join(LISTING)} {redirection}")
    assert done.returncode == (2 if ">&-" in redirection.replace("2>&-", "") else 0)
    assert "Traceback" not in done.stderr


def test_a_reader_that_went_away_has_seen_enough():
    done = run("bash", "-c", f"set -o pipefail; {' '.join(LISTING)} | head -1")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "cp932", "cp437"])
def test_a_console_that_lacks_a_sign_gets_the_rest(encoding):
    code = "import sys; from bench.cli.output import take_over; take_over(); print('12 \\xb5s \\xb1 3 \\ud800')"
    done = run(sys.executable, "-c", code, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("12 ")


def test_what_nobody_foresaw_is_one_line_and_code_70(monkeypatch, capsys):
    from bench.cli.commands import list as listing

    def broken(_):
        raise ZeroDivisionError("a\nline")

    monkeypatch.setattr(listing, "execute", broken)
    assert cli.run_command_line(["list", "metrics"]) == EXIT_INTERNAL
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", ["ab", "check"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(command, tmp_path, capsys):
    (tmp_path / "file").touch()
    words = [command, *(["main"] if command == "ab" else []), "--junit", str(tmp_path / "file" / "x.xml")]
    assert cli.run_command_line(words) == 2
    assert "cannot write" in capsys.readouterr().err


def test_text_goes_on_after_the_stream_is_lost():
    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

        def fileno(self):
            raise OSError("none")

    output = Output(Full())
    assert output.write("text") == 4
    assert output.write("more") == 4
    assert output.trouble is not None
