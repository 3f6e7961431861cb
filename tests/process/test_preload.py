"""What the server of the workers imports leaves CUDA alone: who has asked for devices spoils its children."""

import subprocess
import sys

import pytest
import torch

from tests.conftest import HANG

PROGRAM = """
import importlib, os, sys
from bench.process.worker_main import PRELOAD
for name in PRELOAD:
    importlib.import_module(name)
import torch
{asked}
child = os.fork()
if child == 0:
    os._exit(int(torch.cuda._is_in_bad_fork()))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(torch.version.cuda is None, reason="this torch is built without CUDA")
@pytest.mark.parametrize(("asked", "spoiled"), [("", 0), ("torch.cuda.is_available()", 1)])
def test_a_fork_after_the_preload_can_use_cuda(asked, spoiled):
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(asked=asked)], check=False, timeout=HANG)
    assert done.returncode == spoiled
