"""Every reader under 10,000 mutants from a recorded seed, in a process of its own, whose memory is bounded."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HANG = 900  # seconds; guards against a process that never ends


def fuzzed(*arguments):
    command = [sys.executable, "-m", "tests.fuzz", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=False)


@pytest.mark.slow
def test_every_reader_gives_a_result_or_one_line(capsys):
    done = fuzzed("--mutants", 10_100)  # shares are rounded
    with capsys.disabled():  # the count of each reader
        sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    counts = [int(count.replace(",", "")) for count in re.findall(r"^in all +([\d,]+)", done.stdout, re.M)]
    assert counts[0] >= 10_000
    rows = re.findall(r"^(.+?)  +([\d,]+) +([\d,]+) +([\d,]+) +[\d.]+$", done.stdout, re.M)
    assert len(rows) >= 25
    # mutants are neither all whole nor all refused at the door; what is the user's own is never refused
    assert [name for name, _, read, _ in rows if read == "0"] == ["IDX folder"]  # three images are no FashionMNIST
