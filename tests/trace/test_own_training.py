"""A training loop of one's own under torch.profiler, as the documents show it, really run and read."""

import pytest

from bench.vocabulary import PHASES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The trace of five steps on the CPU, with a data loader, stacks and marks of one phase alone."""
    import torch
    from torch import nn
    from torch.profiler import ProfilerActivity, profile, record_function, schedule
    from torch.utils.data import DataLoader, TensorDataset

    path = tmp_path_factory.mktemp("own") / "mine.pt.trace.json.gz"
    torch.set_num_threads(1)
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    optimizer = torch.optim.Adam(model.parameters())
    loader = DataLoader(TensorDataset(torch.rand(640, 1, 28, 28), torch.randint(0, 10, (640,))), batch_size=64)
    with profile(
        activities=[ProfilerActivity.CPU],
        schedule=schedule(wait=2, warmup=2, active=5),
        with_stack=True,
        on_trace_ready=lambda done: done.export_chrome_trace(str(path)),
    ) as profiler:
        for images, labels in loader:
            outputs = model(images)
            with record_function("## loss ##"):
                loss = nn.functional.cross_entropy(outputs, labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            profiler.step()
    return path


def test_its_phases_and_modules_are_found_without_marks_for_them(path):
    from bench.explain.traces import explain_traces
    from bench.trace.analysis import analyze

    explanation = explain_traces(analyze(path))
    assert len(explanation.after.lengths) == 5
    assert {*PHASES} <= {row.name for row in explanation.levels["phase"]}
    modules = {row.name.rpartition("_")[0] for row in explanation.levels["module"]}
    assert {"Conv2d", "ReLU", "Flatten", "Linear"} <= modules
    assert sum(row.share for row in explanation.levels["operator"]) == pytest.approx(1)


def test_its_step_is_that_of_torch_tb_profiler(path):
    from bench.trace.analysis import analyze
    from bench.trace.events import load
    from bench.trace.tb_profiler import read

    found, plugin = analyze(path), read(load(path))
    assert plugin["reader"] == "torch-tb-profiler"
    assert found.seconds == pytest.approx(plugin["breakdown"]["total"], rel=0.002)
