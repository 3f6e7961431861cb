import json
import pickle
from dataclasses import replace

import pytest
import torch

from bench import data
from bench.errors import BenchError
from bench.plan.task import Weights
from bench.training.checkpoint import packed, unpacked
from bench.training.checkpoint_schema import digest_of
from bench.training.train import train
from bench.worker.verify_checkpoint import verify

ENTRY = {
    "epoch": 1,
    "steps": 8,
    "seconds": 1.0,
    "train_loss": 0.4,
    "train_accuracy": None,
    "test_loss": 0.5,
    "test_accuracy": 0.1,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cell.pt"


def save(path, work, entry):
    path.write_bytes(packed(work, entry))


def load(path):
    return unpacked(path.read_bytes(), str(path))


def test_the_best_weights_come_back_and_score_the_same(workload, mnist, path):
    work = workload("resnet8", images=256)  # with running statistics, which are no parameters
    train(work, mnist[1], 1, lambda _: None, evaluated=lambda record, _: save(path, work, record["epochs"][-1]))
    restored = load(path)
    images = mnist[1][0][:32]
    with torch.inference_mode():
        assert torch.equal(restored.model(images), work.model.eval()(images))
    assert restored.cell == work.cell
    assert (restored.input_shape, restored.num_classes) == ((1, 28, 28), 10)
    assert restored.entry["steps"] == 4


def refused(path):
    with pytest.raises(BenchError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_what_is_no_checkpoint_is_refused_in_one_line(workload, path):
    save(path, workload(), ENTRY)
    whole = path.read_bytes()
    for content in (
        b"",
        b"not a checkpoint",
        b"suite quick: 8 cells x 1",
        whole[: len(whole) // 2],
    ):
        path.write_bytes(content)
        assert "cannot read" in refused(path)


def test_a_file_that_would_run_code_is_refused(path, tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "hurt"), "w")

    torch.save({"format": 1, "weights": Evil()}, path)
    assert "more than tensors and plain data" in refused(path)
    path.write_bytes(pickle.dumps(Evil()))
    refused(path)
    assert not (tmp_path / "hurt").exists()


def altered(path, *, seal=True, **changes):
    """Put the changes into the file; `seal` has the digest follow, as one who means harm would."""
    stored = {**torch.load(path, weights_only=True), **changes}
    torch.save({**stored, "digest": digest_of(stored)} if seal else stored, path)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"format": 3}, "has format 3, this version reads 2 and 1"),
        ({"cell": {"architecture": "debugg"}}, "debugg"),
        ({"input_shape": [1, 0, 28]}, "[1, 28, 28] in mnist"),
        ({"num_classes": 3}, "10 in mnist"),
        ({"weights": {}}, "state_dict"),
        ({"entry": None}, "entry cannot be None"),
    ],
)
def test_what_does_not_fit_is_said(workload, path, changes, word):
    save(path, workload(), ENTRY)
    altered(path, **changes)
    assert word in refused(path)


def test_a_file_with_any_byte_of_the_weights_changed_is_refused(workload, path):
    save(path, workload(), ENTRY)
    whole = path.read_bytes()
    weights = torch.load(path, weights_only=True)["weights"]
    for tensor in weights.values():
        content = tensor.numpy().tobytes()
        place = whole.index(content)
        for position in (place, place + len(content) - 1):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            assert "damaged" in refused(path)


@pytest.mark.parametrize("changes", [{"entry": {**ENTRY, "test_accuracy": 0.9}}, {"digest": "0" * 64}, {"weights": 1}])
def test_a_file_changed_behind_its_digest_is_refused(workload, path, changes):
    save(path, workload(), ENTRY)
    altered(path, seal=False, **changes)
    assert "damaged" in refused(path)


def test_an_older_file_without_a_digest_is_read_and_not_called_verified(workload, path):
    save(path, workload(), ENTRY)
    assert load(path).verified
    stored = torch.load(path, weights_only=True)
    torch.save({name: value for name, value in stored.items() if name != "digest"} | {"format": 1}, path)
    assert not load(path).verified


class Heard(dict):
    """Keeps what a worker would send."""

    send = dict.__setitem__


def reviewed(path):
    heard = Heard()
    verify(Weights(str(path), path.read_bytes()), heard)
    return heard["verification"]


def test_a_review_scores_the_weights_again_on_the_test_images(workload, path):
    work = workload("debug")
    save(path, work, ENTRY)
    outcome = reviewed(path)
    dataset = data.load("mnist")
    images = data.normalize(dataset.test_images, "unit", data.statistics(dataset.train_images))
    with torch.inference_mode():
        right = work.model.eval()(images).argmax(1) == dataset.test_labels

    assert outcome["again"]["test_accuracy"] == pytest.approx(float(right.float().mean()))
    assert outcome["again"]["apart"] == int(right.sum()) - 1000
    assert outcome["parameters"] == 562
    assert outcome["id"] == work.cell.id


def test_the_machine_that_trained_must_find_each_image_again_and_another_nearly(workload, path):
    save(path, workload("debug"), ENTRY)
    exact = reviewed(path)["again"]["test_accuracy"]
    for machine, apart, same in (
        ({}, 0, True),
        ({}, 1, False),
        ({"machine": "another"}, 10, True),
        ({"machine": "another"}, 11, False),
    ):
        altered(path, entry={**ENTRY, "test_accuracy": exact - apart / 10_000}, **machine)
        again = reviewed(path)["again"]
        assert (again["apart"], again["allowed"], again["same"]) == (apart, 10 if machine else 0, same)


def test_a_loss_that_is_not_finite_is_absent(workload, path):
    work = workload("debug")
    for parameter in work.model.parameters():
        torch.nn.init.constant_(parameter, float("nan"))
    save(path, work, {**ENTRY, "test_accuracy": 0.9})
    outcome = reviewed(path)
    assert outcome["again"]["test_loss"] is None
    assert not outcome["again"]["same"]
    json.dumps(outcome, allow_nan=False)


def test_the_folder_that_was_named_is_read_and_its_flag_told_where_it_lacks_the_data_set(workload, path, tmp_path):
    save(path, workload("debug", dataset="fashion_mnist"), ENTRY)
    heard = Heard()
    verify(Weights(str(path), path.read_bytes(), str(tmp_path / "elsewhere")), heard)
    assert str(tmp_path / "elsewhere") in heard["refused"]
    assert heard["refused"].endswith("--data-dir FOLDER")
    assert "\n" not in heard["refused"]


def test_one_of_a_registered_net_is_read_back_without_running_the_users_optimizer_and_loss(workload, tmp_path):
    gone = tmp_path / "gone.py"
    gone.write_text("from torch.optim import SGD\nfrom torch.nn.functional import cross_entropy\n")
    named = {"optimizer": f"{gone}:SGD", "loss": f"{gone}:cross_entropy"}
    origins = tuple(f"{field}={text}" for field, text in named.items())
    content = packed(workload(optimizer="SGD", loss="cross_entropy", origins=origins), ENTRY)
    gone.unlink()
    heard = Heard()
    verify(Weights("best.pt", content), heard)
    facts = heard["verification"]
    assert facts["again"]["test_accuracy"] > 0
    assert facts["again"]["test_loss"] is None


def test_one_of_a_net_of_a_file_is_refused(workload):
    work = workload()
    work.cell = replace(work.cell, origins=("architecture=nets.py:Net",))
    with pytest.raises(BenchError, match=r"is of 'nets\.py:Net', and only what is registered is read back"):
        unpacked(packed(work, ENTRY), "best.pt")
