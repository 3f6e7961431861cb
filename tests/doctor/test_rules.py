from math import log

import pytest

from bench.doctor.rules import STATES, findings, is_fit

SERVER = {
    "cores": 16,
    "cores_affinity": 16,
    "cores_usable": 16,
    "torch": "2.14.0",
    "isa": "AVX512",
    "cpu_avx2": True,
    "torch_threads": 16,
    "threads_at_work": 16,
    "torch_debug": False,
    "torch_mkldnn": True,
    "torch_openmp": True,
    "allocator": "glibc, pinned",
    "load": 0.1,
    "own_share": 0.999,
    "others": 0.02,
    "busiest": [],
    "steal": 0.0,
    "swapped": 0,
    "throttled": 0,
    "governor": "performance (intel_pstate)",
    "turbo": False,
    "power": "mains",
    "virtualization": "none",
    "memory_available": 2**36,
    "swap_used": 0,
    "huge_pages": "madvise",
    "clock_source": "tsc",
    "clock_tick": 3e-8,
    "clock_seconds": 5e-8,
    "denormals_flushed": False,
    "denormals_cost": 1.0,
    "aa_log_ratios": [0.01, -0.02, 0.004],
    "alike_log_ratios": [0.01, 0.015, -0.005],
    "layout_drawn": True,
    "aa_faults": 0.1,
    "gpus": {},
    "gpus_of_driver": [],
    "environment": {},
}
GPU = {
    "gpu": "a large GPU",
    "gpu_clock_mhz": 1980,
    "gpu_clock_max_mhz": 1980,
    "gpu_temperature": 33,
    "gpu_busy": 0.0,
    "gpu_persistence": True,
    "gpu_throttle": [],
}


def judged(**facts):
    """The findings on a bare-metal server of which some facts differ; a fact of None is absent."""
    machine = {name: fact for name, fact in {**SERVER, **facts}.items() if fact is not None}
    return {one.name: one for one in findings(machine)}


def doubtful(**facts):
    return {name for name, one in judged(**facts).items() if one.state == "doubtful"}


def test_quiet_bare_metal_is_good_throughout():
    found = judged()

    assert {one.state for one in found.values()} == {"good"}
    assert is_fit(list(found.values()))


def test_a_quiet_virtual_machine_is_noted_and_fit():
    found = judged(virtualization="KVM", governor=None, turbo=None, container="docker")

    assert found["virtualization"].state == found["container"].state == "noted"
    assert found["frequency governor"].state == found["turbo"].state == "unknown"
    assert is_fit(list(found.values()))


def test_a_stolen_virtual_machine_is_doubtful():
    assert doubtful(virtualization="KVM", steal=0.11, own_share=0.88) == {"steal", "own core"}


def test_a_container_under_a_small_quota_is_doubtful():
    quota = {"cpu_quota": 1.5, "cores_affinity": 8, "cores_usable": 1, "torch_threads": 8, "container": "docker"}

    assert doubtful(**quota) == {"cores", "threads"}
    assert "1.5" in judged(**quota)["cores"].seen


def test_a_quota_is_noted_until_it_is_spent():
    quota = {"cpu_quota": 4.0, "cores_affinity": 8, "cores_usable": 4, "torch_threads": 4}

    assert judged(**quota)["cores"].state == "noted"
    assert judged(**quota, throttled=3)["cores"].state == "doubtful"
    assert judged(**{**quota, "cpu_quota": 8.0})["cores"].state == "good"


def test_a_laptop_on_battery_is_doubtful():
    found = doubtful(power="battery", governor="ondemand (acpi-cpufreq)")

    assert found == {"power source", "frequency governor"}


@pytest.mark.parametrize(
    ("governor", "state"),
    [
        ("performance (acpi-cpufreq)", "good"),
        ("powersave (intel_pstate)", "noted"),
        ("powersave (amd-pstate-epp)", "noted"),
        ("schedutil (acpi-cpufreq)", "noted"),
        ("powersave (acpi-cpufreq)", "doubtful"),
        ("performance (acpi-cpufreq), ondemand (acpi-cpufreq)", "doubtful"),
    ],
)
def test_a_governor_is_judged_with_its_driver(governor, state):
    assert judged(governor=governor)["frequency governor"].state == state


@pytest.mark.parametrize(
    ("facts", "state", "told"),
    [
        ({}, "good", "1980 of 1980 MHz"),
        ({"gpu_throttle": ["software thermal"]}, "doubtful", "software thermal"),
        ({"gpu_busy": 0.6}, "doubtful", "60 % busy"),
        ({"gpu_persistence": False}, "noted", "persistence"),
        ({"aa_log_ratios": [0.01, -0.02]}, "good", "identical cells differed by +1.0 %, -2.0 %"),
        ({"aa_log_ratios": [0.01, -0.2]}, "doubtful", "identical cells differed"),
        ({"trouble": "RuntimeError: the driver is too old"}, "doubtful", "too old"),
    ],
)
def test_a_gpu_is_judged_by_what_its_driver_tells(facts, state, told):
    found = judged(gpus={"cuda:0": {**GPU, **facts}})["GPU cuda:0"]

    assert found.state == state
    assert told in found.seen


def test_a_gpu_whose_driver_is_silent_is_unknown():
    assert judged(gpus={"cuda:0": {"gpu": "a GPU"}})["GPU cuda:0"].state == "unknown"


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"aa_log_ratios": [0.01, -log(1.06)]}, "A/A pairs"),
        ({"aa_faults": 1200.0}, "page faults"),
        ({"allocator": "glibc, not pinned"}, "allocator"),
        ({"others": 5.0, "busiest": ["make (17) 500%"]}, "other processes"),
        ({"load": 17.0}, "load average"),
        ({"openmp": {"OMP_WAIT_POLICY": "PASSIVE"}}, "OpenMP waiting"),
        ({"torch_threads": 64, "omp_num_threads": "64"}, "threads"),
        ({"memory_available": 2**28}, "memory"),
        ({"swapped": 12}, "memory"),
        ({"clock_source": "hpet"}, "clock"),
        ({"clock_tick": 1e-3}, "clock"),
        ({"torch_debug": True}, "torch build"),
        ({"environment": {"CUDA_LAUNCH_BLOCKING": "1"}}, "environment"),
        ({"gpus_of_driver": ["A100", "A100"]}, "GPUs that torch uses"),
        ({"isa": "DEFAULT"}, "torch build"),
    ],
)
def test_each_cause_alone_makes_its_finding_doubtful(facts, name):
    assert doubtful(**facts) == {name}
    assert not is_fit(list(judged(**facts).values()))


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"allocator": "jemalloc"}, "allocator"),
        ({"turbo": True}, "turbo"),
        ({"swap_used": 2**20}, "memory"),
        ({"huge_pages": "always"}, "huge pages"),
        ({"denormals_cost": 30.0}, "denormals"),
        ({"denormals_flushed": True}, "denormals"),
        ({"environment": {"PYTORCH_ALLOC_CONF": "expandable_segments:True"}}, "environment"),
        ({"gpus_of_driver": ["A100"], "visible_gpus": ""}, "GPUs that torch uses"),
    ],
)
def test_what_only_belongs_to_the_record_is_noted(facts, name):
    found = judged(**facts)

    assert found[name].state == "noted"
    assert is_fit(list(found.values()))


def test_the_busiest_processes_are_named():
    assert "make (17) 500%" in judged(others=5.0, busiest=["make (17) 500%"])["other processes"].seen


def test_facts_of_no_machine_at_all_are_unknown_and_never_good_by_default():
    found = {one.name: one.state for one in findings({})}

    assert {name for name, state in found.items() if state != "unknown"} == {"OpenMP waiting", "container"}


def test_every_finding_says_what_it_costs_and_what_helps():
    for one in judged(gpus={"cuda:0": GPU}).values():
        assert one.state in STATES
        assert one.seen
        assert one.cost
        assert one.remedy


def test_the_layout_of_memory_has_its_share_of_the_variance_told_with_an_interval():
    finding = judged(alike_log_ratios=[0.01, -0.01], aa_log_ratios=[0.02, -0.02, 0.02])["memory layout"]
    assert finding.state == "good"  # two pairs show nothing for certain
    assert finding.seen.startswith("explains 75 % (0 % to 9")
    assert "3 pairs whose layouts differ, 2 of one layout" in finding.seen


def test_a_share_that_is_there_for_certain_is_noted():
    finding = judged(alike_log_ratios=[0.001] * 20, aa_log_ratios=[0.02] * 20)["memory layout"]
    assert finding.state == "noted"


def test_fixed_addresses_are_doubtful():
    assert doubtful(layout_drawn=False) == {"memory layout"}


@pytest.mark.parametrize(
    ("facts", "state", "seen"),
    [
        ({}, "good", "16 of 16 threads work at once"),
        ({"threads_at_work": 1, "openmp": {"OMP_THREAD_LIMIT": "1"}}, "doubtful", "OMP_THREAD_LIMIT is 1"),
        ({"threads_at_work": 16, "openmp": {"OMP_PROC_BIND": "true"}}, "noted", "OMP_PROC_BIND is true"),
        ({"openmp": {"OMP_DYNAMIC": "TRUE"}}, "doubtful", "OMP_DYNAMIC is TRUE"),
        ({"threads_at_work": 8}, "doubtful", "8 of 16 threads work at once"),
        ({"threads_at_work": None}, "unknown", "were not counted"),
    ],
)
def test_variables_that_place_threads_are_named_with_their_remedy(facts, state, seen):
    finding = judged(**facts)["OpenMP threads"]
    assert finding.state == state
    assert seen in finding.seen
    for name in facts.get("openmp", {}):
        assert finding.remedy == f"unset {name}"
