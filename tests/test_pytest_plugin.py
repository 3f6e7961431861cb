"""The pytest plug-in in a repository of somebody else: an architecture and a step of its own, and tests of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import HANG, outside_xdist

ROOT = Path(__file__).parent.parent

PACKAGE = {
    "nets.py": """
        from architectures import register
        from torch import nn


        class Net(nn.Module):
            def __init__(self, input_shape, num_classes):
                super().__init__()
                channels, height, width = input_shape
                self.layer = nn.Linear(channels * height * width, num_classes)

            def forward(self, images):
                for _ in range(1):
                    outputs = self.layer(images.flatten(1))
                return outputs


        @register(family="mine", source="tests")
        def my_net(input_shape, num_classes):
            return Net(input_shape, num_classes)
        """,
    "nets-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: nets\nVersion: 0.1\n",
    "nets-0.1.dist-info/entry_points.txt": (
        '[bench.architectures]\nnets = nets\n[pytest11]\n"bench.pytest_plugin" = bench.pytest_plugin\n'
    ).replace('"', ""),
    "conftest.py": """
        import sys


        def pytest_collection_finish(session):
            print("torch at the start:", "torch" in sys.modules)
        """,
    "test_nets.py": """
        import contextlib

        import pytest


        @pytest.mark.benchmark(max_time=0.2, min_rounds=3)
        @pytest.mark.parametrize("architecture", ["my_net", "debug"])
        def test_step(bench_cell, architecture):
            rate = bench_cell(architecture, dataset="synthetic", batch_size=16)
            assert rate is None or rate > 0


        @pytest.mark.benchmark(max_time=0.2, min_rounds=3, group="mine")
        def test_inference(bench_cell):
            bench_cell("my_net", part="inference", dataset="synthetic", batch_size=16)


        def test_device(bench_cell):
            bench_cell("my_net", device="cuda:77")


        @pytest.fixture
        def toy(monkeypatch):
            # a device to wait for, as a GPU is
            from bench.devices import DEVICES, CpuDevice
            from bench.plan.catalogue import DeviceFacts

            class Toy(CpuDevice):
                facts = DeviceFacts("toy", numbered=True, model="a toy")

                def __init__(self, index=0):
                    self.name = f"toy:{index}"

                @classmethod
                def available(cls):
                    return {"toy:0": cls.facts}

            monkeypatch.setitem(DEVICES, "toy", Toy)


        @pytest.mark.benchmark(max_time=0.2, min_rounds=3)
        def test_a_device_to_wait_for(bench_cell, toy):
            bench_cell("my_net", device="toy:0", dataset="synthetic", batch_size=16)


        @contextlib.contextmanager
        def make_step():
            import bench
            import torch

            numbers = torch.zeros(100)

            def step():
                with bench.phase("fill"):
                    numbers.fill_(1.0)
                with bench.phase("add"):
                    numbers.add_(1.0)

            yield step
            print("the step is closed")


        @pytest.mark.benchmark(max_time=0.2, min_rounds=3)
        def test_own_step(bench_step):
            seconds = bench_step(make_step)
            assert seconds is None or seconds > 0


        def test_device_of_a_step(bench_step):
            bench_step(make_step, device="cuda:77")


        def fail():
            raise ValueError("no such batch")


        def test_failing_step(bench_step):
            with pytest.raises(ValueError, match="no such batch"):
                bench_step(fail)
        """,
}


@pytest.fixture
def repository(tmp_path):
    """A folder with the package and its tests; calling it runs pytest there."""
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text).lstrip(), "utf-8")

    def run(*arguments):
        command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *arguments]
        environment = outside_xdist(PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=HANG
        )

    run.folder = tmp_path
    return run


def test_the_entry_point_brings_the_fixture_and_leaves_torch_alone(repository):
    done = repository(
        "--collect-only", "-q", "-p", "bench.pytest_plugin"
    )  # by name too: it is one plug-in all the same
    assert done.returncode == 0, done.stdout + done.stderr
    assert "torch at the start: False" in done.stdout
    assert "8 tests collected" in done.stdout


@pytest.mark.slow
def test_without_benchmarks_each_cell_runs_once_and_nothing_is_reported(repository):
    done = repository("--benchmark-disable", "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed, 2 skipped" in done.stdout
    assert "no device 'cuda:77' here" in done.stdout
    assert "benchmark '" not in done.stdout


def test_it_does_no_harm_where_pytest_benchmark_is_not_loaded(repository):
    (repository.folder / "test_nets.py").write_text("def test_nothing():\n    pass\n")
    done = repository("-p", "no:benchmark", "-p", "no:pytest_benchmark")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), ["5.0", "0.2", "1.0"]), (("--benchmark-max-time=1",), ["1.0", "0.2", "1.0"])],
)
def test_rounds_are_taken_for_longer_unless_another_time_is_asked_for(repository, options, expected):
    """Than plain pytest-benchmark takes them, whose own tests keep their time."""
    (repository.folder / "test_nets.py").write_text(
        dedent("""
        import pytest

        def test_ours(bench_cell, benchmark):
            print("seconds:", float(benchmark._max_time))

        @pytest.mark.benchmark(max_time=0.2)
        def test_by_its_marker(bench_cell, benchmark):
            print("seconds:", float(benchmark._max_time))

        def test_of_others(benchmark):
            print("seconds:", float(benchmark._max_time))
        """)
    )
    done = repository("--benchmark-disable", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines() if "seconds: " in line] == expected


@pytest.mark.slow
def test_save_and_compare_work_and_a_slower_network_fails(repository):
    done = repository("--benchmark-autosave", "--benchmark-save-data")
    assert done.returncode == 0, done.stdout + done.stderr
    (saved,) = (repository.folder / ".benchmarks").rglob("*.json")
    benchmarks = {one["name"]: one for one in json.loads(saved.read_text())["benchmarks"]}
    names = {"test_step[my_net]", "test_step[debug]", "test_inference", "test_a_device_to_wait_for", "test_own_step"}
    assert set(benchmarks) == names

    step = benchmarks["test_step[my_net]"]
    info = step["extra_info"]
    assert info["bench_id"] == "my_net-sgd-synthetic-b16-cpu-t1"
    assert info["bench_cell"]["architecture"] == "my_net"
    assert info["parameters"] == 7850
    assert info["flops"] > info["flops_forward"] > 0
    assert info["images_per_second"] == pytest.approx(16 / step["stats"]["median"])
    assert {"cpu", "torch", "allocator"} <= set(info["system"])
    assert step["options"]["timer"] == "synchronized"
    assert step["group"] == "train *-sgd-synthetic-b16-cpu-t1"
    assert benchmarks["test_inference"]["group"] == "mine"
    own = benchmarks["test_own_step"]
    assert list(own["extra_info"]["phases"]) == ["fill", "add"]
    assert all(0 < seconds < own["stats"]["median"] for seconds in own["extra_info"]["phases"].values())
    assert own["extra_info"]["system"]["allocator"] == info["system"]["allocator"]
    assert own["options"]["timer"] == "synchronized"
    assert done.stdout.count("the step is closed") == 1
    # on a CPU a round is a step; elsewhere a block: many steps, at least 0.1 s of them, less what calibration misjudged
    waited_for = benchmarks.pop("test_a_device_to_wait_for")
    assert own["stats"]["iterations"] < 10  # a step shorter than ten ticks of the clock is repeated until it is not
    assert [one["stats"]["iterations"] for one in benchmarks.values() if one != own] == [1] * 3
    assert float(waited_for["options"]["min_time"]) == 0.1
    assert waited_for["stats"]["iterations"] > 1

    # what the command line asks for wins over the plug-in's own settings
    asked = ("--benchmark-min-time=0.001", "--benchmark-json=out.json", "-k", "my_net or test_a_device_to_wait_for")
    calm = repository("--benchmark-compare", "--benchmark-compare-fail=min:900%", *asked)
    assert calm.returncode == 0, calm.stdout + calm.stderr
    assert "(0001" in calm.stdout
    both = json.loads((repository.folder / "out.json").read_text())["benchmarks"]
    assert [float(one["options"]["min_time"]) for one in both] == [0.001, 0.001]

    nets = repository.folder / "nets.py"
    nets.write_text(nets.read_text().replace("range(1)", "range(200)"))  # more work, no sleep
    slow = repository("--benchmark-compare", "--benchmark-compare-fail=min:100%", "-k", "my_net")
    assert slow.returncode != 0
    assert "Performance has regressed" in slow.stdout + slow.stderr
    assert "test_step[my_net]" in slow.stdout + slow.stderr
