"""A compiled cell as a run measures it: cold in its own process, and started again in fresh ones."""

import pytest

from bench.api import run


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")  # compiling is what takes its time
def test_a_compiled_cell_tells_what_compiling_takes_and_how_it_starts_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(
        architectures="debug",
        datasets="synthetic",
        modes="compile",
        threads=1,
        epochs=0,
        repeats=1,
        again=0,
        blocks=2,
        starts=True,
        report=False,
        concurrent=True,
    )
    frame = done.frame()
    values = dict(zip(frame["metric"], frame["value"], strict=True))
    assert set(frame["status"]) == {"ok"}
    assert values["compile_time_warm"] < values["compile_time"]
    assert values["compile_time_restored"] > 0
    assert values["compile_memory"] > 2**20
    assert (values["compiled_graphs"], values["graph_breaks"], values["recompiles"]) == (1, 0, 0)
