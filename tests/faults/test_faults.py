"""Faults in real runs. BENCH_FAULTS=200 has all of them; 4 are the default."""

import os
from pathlib import Path

import pytest

from tests.faults.campaign import Campaign

COUNT = int(os.environ.get("BENCH_FAULTS", "4"))
SEED = int(os.environ.get("BENCH_FAULTS_SEED", "14"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what a run leaves behind is read in /proc")
def test_whatever_happens_to_a_run_every_invariant_holds(tmp_path):
    outcomes = Campaign(SEED, COUNT, tmp_path).run(jobs=2)
    assert len([outcome for outcome in outcomes if outcome.kind != "all together"]) == COUNT
    assert [(outcome.kind, outcome.broken) for outcome in outcomes if outcome.broken] == []
