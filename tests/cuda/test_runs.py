"""Whole commands on a GPU, as a person gives them."""

import json
import re

import pytest

from bench.plan.compiled import ARGUMENTS
from bench.trace.tensor_cores import on_tensor_cores
from tests.cuda.needed import EVERY
from tests.cuda.runs import PLAIN, SPEED, lines, metrics_of, ran, statuses

pytestmark = EVERY


def test_the_devices_are_listed(bench):
    done = bench("list", "devices", "--json")
    devices = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert devices["cuda:0"]["timed"] == "each phase of a step"


def test_a_device_that_is_not_there_is_refused(bench):
    done = bench("run", "--architectures", "debug", "--devices", "cuda:77", "--no-report")
    assert done.returncode == 2
    assert "no device 'cuda:77' here" in done.stderr


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("mode", ["eager", "compile", "cuda_graph"])
def test_every_mode_and_type_runs_or_says_why_not(bench, mode, dtype, record_property):
    nets = ("mlp", "lenet5", "resnet8")
    found = ran(
        bench, "modes", "--architectures", *nets, "--optimizers", "adam", "--modes", mode, "--dtypes", dtype, *SPEED
    )
    record_property("figures", f"{mode}, {dtype}: {sorted({status for status, _ in statuses(found).values()})}")
    for line in found:
        assert line["status"] in ("ok", "skipped"), line["reason"]
        if line["status"] == "ok":
            assert {"step", "inference", "copy", "peak_memory", "launching"} <= metrics_of(line).keys()


@pytest.mark.parametrize("mode", ["eager", "cuda_graph"])
def test_every_optimizer_runs_or_says_why_not(bench, mode):
    found = ran(bench, "optimizers", "--architectures", "debug", "--optimizers", "*", "--modes", mode, *SPEED)
    assert {status for status, _ in statuses(found).values()} <= {"ok", "skipped"}, statuses(found)


@pytest.mark.parametrize("mode", ARGUMENTS)
def test_every_mode_of_compiling_runs_with_either_update(bench, mode, record_property):
    words = ("--optimizers", "adam", "--implementations", "default", "compiled", "--modes", "eager", mode)
    found = ran(bench, "compiling", "--architectures", "lenet5", *words, *SPEED)
    assert {status for status, _ in statuses(found).values()} == {"ok"}
    figures = [f"{name} {metrics_of(line).get(name)}" for line in found for name in ("step", "compile_time")]
    record_property("figures", f"{mode}: {', '.join(figures)}")


@pytest.mark.parametrize("implementation", ["forloop", "foreach", "fused"])
def test_every_implementation_runs(bench, implementation):
    words = ("--optimizers", "sgd", "adam", "--implementations", implementation, "--modes", "eager", "cuda_graph")
    found = ran(bench, "implementations", "--architectures", "debug", *words, *SPEED)
    assert {status for status, _ in statuses(found).values()} == {"ok"}


def test_a_training_learns_and_its_weights_score_the_same_on_the_host(bench, record_property):
    words = ("--optimizers", "adam", "--modes", "eager", "cuda_graph", "--devices", "cuda", "--epochs", "1")
    found = ran(
        bench, "trained", "--architectures", "lenet5", *words, *PLAIN, "--repeats", "1", "--checkpoint", "--no-report"
    )
    accuracies = {line["id"]: metrics_of(line)["accuracy"] for line in found}
    record_property("figures", str(accuracies))
    assert min(accuracies.values()) > 0.96
    assert max(accuracies.values()) - min(accuracies.values()) < 0.01
    for path in (bench.folder / "results/trained").rglob("*.pt"):
        assert bench("show", "checkpoint", path).returncode == 0


def test_a_profile_is_of_kernels_that_are_known(bench, record_property):
    done = bench("profile", "lenet5", "resnet8", "--devices", "cuda", "--json")
    for cell in json.loads(done.stdout)["cells"]:
        profile = cell["profile"]
        assert profile["side"] == "device"
        assert "zero_grad" in profile["phases"]
        assert all(isinstance(count, int) for count in profile["launches"].values())
        assert profile["busy"] + sum(profile["idle"].values()) == pytest.approx(profile["seconds"], rel=0.02)
        other = [row for row in profile["rows"] if row[1] == "other"]
        assert sum(row[4] for row in other) < 0.02 * profile["seconds"], other
        record_property("figures", f"busy {profile['busy'] / profile['seconds']:.0%}")


def test_products_in_bfloat16_are_seen_on_tensor_cores(bench, record_property):
    words = ("--devices", "cuda", "--dtypes", "bfloat16", "--batch-sizes", "1024", "--json")
    (cell,) = json.loads(bench("profile", "mlp", *words).stdout)["cells"]
    names = [row[0] for row in cell["profile"]["kernels"]]
    products = [name for name in names if re.search("gemm|nvjet|cutlass", name)]
    record_property("figures", "; ".join(name[:60] for name in products[:3]))
    assert any(map(on_tensor_cores, products))


@pytest.mark.parametrize(
    ("inject", "verdicts"), [("0%", {"unchanged", "improved", "inconclusive"}), ("10%", {"regressed"})]
)
def test_ab_decides_on_a_gpu(bench, inject, verdicts, record_property):
    words = ("--cells", "lenet5", "lenet5", "--devices", "cuda", "--budget", "150s", "--json")
    done = bench("ab", *words, *(() if inject == "0%" else ("--inject", inject)))
    decision = json.loads(done.stdout.strip().splitlines()[-1])
    seen = {verdict["verdict"] for verdict in decision["verdicts"] if not verdict["cell"].startswith("geometric")}
    record_property("figures", f"{inject} slower: {sorted(seen)}")
    assert seen <= verdicts


def test_a_variable_that_spoils_every_number_is_recorded(bench):
    (line,) = ran(bench, "blocking", "--architectures", "debug", *SPEED, CUDA_LAUNCH_BLOCKING="1")
    assert line["system"]["environment"]["CUDA_LAUNCH_BLOCKING"] == "1"


def test_the_ceilings_are_those_of_a_gpu(bench, record_property):
    ran(bench, "ceilings", "--architectures", "debug", "--dtypes", "float32", "bfloat16", *SPEED)
    ceilings = json.loads((bench.folder / "results/ceilings/run.json").read_text("utf-8"))["ceilings"]
    told = [f"{each['dtype']} {each['flops_per_second'] / 1e12:.0f} TFLOP/s" for each in ceilings]
    record_property("figures", ", ".join([*told, f"{ceilings[0]['bytes_per_second'] / 1e12:.2f} TB/s"]))
    rates = {each["dtype"]: each["flops_per_second"] for each in ceilings}
    assert rates["bfloat16"] > rates["float32"]


FAULTS = """
import torch
from torch import nn


class Faulty(nn.Module):
    def __init__(self, deed="none"):
        super().__init__()
        self.layers, self.deed = nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), deed

    def forward(self, images):
        if images.device.type == "cuda":
            if self.deed == "oom":
                torch.empty(1 << 44, dtype=torch.uint8, device=images.device)
            if self.deed == "assert":  # an error that stays: no call to CUDA works in that process any more
                torch.zeros(4, device=images.device)[torch.tensor([10**6], device=images.device)].sum().item()
        return self.layers(images)
"""


@pytest.mark.parametrize(("deed", "status"), [("oom", "oom"), ("assert", "failed")])
def test_what_goes_wrong_on_the_device_stays_in_its_process(bench, deed, status):
    (bench.folder / "faulty.py").write_text(FAULTS, "utf-8")
    done = bench("run", "--architectures", f"faulty.py:Faulty(deed='{deed}')", "debug", *SPEED, "--run", deed)
    assert done.returncode in (0, 1), done.stderr
    found = {line["id"].split("-")[0]: line["status"] for line in lines(bench, deed)}
    assert found["debug"] == "ok"
    assert status in found.values()
