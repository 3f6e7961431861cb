"""How answers are timed, checked and compared."""

import numpy as np
import pytest
import torch

from bench.engines import ENGINES
from bench.errors import BenchError
from bench.measure import answers as module
from bench.measure.answers import check, compared, first_answer, measure_latency, measure_rate, scores_of
from bench.plan.timing import LATENCY_BLOCKS, LEAST_ANSWERS
from tests.measure.recording import RecordingDevice

IMAGES = torch.arange(20.0).reshape(10, 1, 1, 2)


@pytest.fixture
def asked(quick):
    """What was asked, batch by batch, of an engine that answers with the images."""
    return []


def answering(asked):
    def answer(images):
        asked.append(len(images))
        return images.flatten(1)

    return answer


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 10), (5, [5, 5]), (4, [4, 4, 4]), (10, [10]), (64, [64])])
def test_all_images_are_scored_in_order_always_so_many_at_once(asked, size, sizes):
    assert torch.equal(scores_of(answering(asked), IMAGES, size), IMAGES.flatten(1))
    assert asked == sizes


@pytest.mark.parametrize("wrong", [torch.ones(2, 4), torch.tensor([[1.0, float("nan"), 1.0]] * 2)])
def test_other_shapes_and_what_is_not_finite_are_wrong(wrong):
    with pytest.raises(BenchError, match="finite scores of eager's shape are expected"):
        check("compile", ENGINES["compile"], wrong, torch.ones(2, 3))


def test_scores_beyond_the_tolerance_are_wrong_in_one_line():
    expected = torch.ones(2, 3)
    assert check("static_int8", ENGINES["static_int8"], 1.2 * expected, expected) == pytest.approx(0.2)
    with pytest.raises(BenchError, match=r"compile answers wrong: its scores lie 20 % from .* 0.1 % are allowed"):
        check("compile", ENGINES["compile"], 1.2 * expected, expected)


def test_answers_are_compared_image_by_image():
    labels, eager = torch.tensor([0, 1, 2, 3, 4]), torch.tensor([0, 1, 2, 0, 0])
    answers = torch.tensor([0, 1, 0, 3, 1])  # one lost, one gained, one wrong otherwise
    known = {measured.metric: measured.value for measured in compared(answers, eager, labels)}
    assert known == {
        "answer_accuracy": 0.6,
        "accuracy_lost": 0.0,
        "answers_differ": 0.6,
        "answers_lost": 1.0,
        "answers_gained": 1.0,
        "answers_scored": 5.0,
    }


def test_single_images_are_timed_each_waited_for_and_often_enough_for_a_percentile(asked, monkeypatch):
    device = RecordingDevice()
    served = measure_latency(answering(asked), IMAGES, device, threads=1)
    latency, p90, p99 = served.measurements
    assert {*asked} == {1}
    assert len(served.blocks) == LATENCY_BLOCKS
    assert latency.samples.size >= LEAST_ANSWERS
    assert (latency.statistic, p90.statistic, p99.statistic) == ("median", "p90", "p99")
    start = device.log.index("mark")
    assert device.log[start : start + 4] == ["mark", "sync", "mark", "mark"]  # each answer is waited for


def test_percentiles_are_those_of_the_process(asked, monkeypatch):
    seconds = np.linspace(1.0, 2.0, 101)
    monkeypatch.setattr(module, "_seconds", lambda _: seconds)
    served = measure_latency(answering(asked), IMAGES, RecordingDevice(), threads=1)
    assert [measured.value for measured in served.measurements] == pytest.approx([1.5, 1.9, 1.99])


def test_a_rate_is_of_whole_batches(asked, monkeypatch):
    monkeypatch.setattr(module, "_seconds", lambda _: np.array([0.5, 0.5]))
    served = measure_rate(answering(asked), IMAGES, 8, RecordingDevice(), threads=2)
    (rate,) = served.measurements
    assert (rate.metric, rate.value, rate.threads) == ("served_at_8", 16.0, 2)
    assert {*asked} == {8}


def test_a_start_ends_with_the_first_answer(tmp_path):
    engine, device = ENGINES["eager"], RecordingDevice()
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 3)).eval()
    engine.save(net, IMAGES, tmp_path / engine.file)
    answer, seconds = first_answer(engine, tmp_path / engine.file, lambda: net, IMAGES[:1], device)
    assert torch.equal(answer(IMAGES), net(IMAGES))
    assert seconds > 0
    assert device.log == ["sync"]
