"""The Makefile says what it does: each target in one line."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_make_alone_says_what_each_target_does_and_does_nothing():
    (targets,) = re.findall(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for words in ([], ["help"]):
        done = subprocess.run(["make", *words], cwd=ROOT, env=outside, capture_output=True, text=True, check=True)
        lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
        assert [(make, name) for make, name, _ in lines] == [("make", name) for name in targets.split()]
        assert max(map(len, done.stdout.splitlines())) <= 100
