"""The section on kernels: what it says of profiled configurations, of none, and of damaged or hostile profiles."""

import re

import pytest

from bench.report import write
from bench.report.kernels import is_sound, kernels
from bench.report.load import read
from bench.store.result import Measurement
from tests.explain import made
from tests.report import report_sample as sample

CEILING = {
    "device": "cpu", "dtype": "float32", "threads": 1, "flops_per_second": 1e11, "bytes_per_second": 1e10,
    "operator_seconds": 1e-6,
}  # fmt: skip


def counted(result, flops):
    taken = [Measurement(name, "1", "lower", flops, "exact") for name in ("flops", "flops_convolution")]
    taken.append(Measurement("bytes_moved", "B", "lower", flops / 10, "exact"))
    return type(result)(result.cell, "ok", None, 0, (*result.measurements, *taken), profile=result.profile)


@pytest.fixture
def profiled(tmp_path):
    slow = counted(made.result(made.VGG, 9e-3, profile=made.profile()), 4.5e8)
    fast = counted(made.result(made.LENET, 3e-3, profile=made.profile(made.BACKWARD)), 1e7)
    return made.run(
        tmp_path / "results", "profiled", [slow, fast, *sample.results(("mlp",), repeats=1)], ceilings=[CEILING]
    )


def test_the_slowest_and_the_fastest_profiled_configuration_are_explained(profiled):
    found = kernels(read(profiled))
    assert found.sentence.startswith(
        "vgg4 · 1 thread is 3x slower than lenet5 · 1 thread: 50 % of it convolution backward"
    )
    assert [one.row.cell["architecture"] for one in found.profiled] == ["lenet5", "vgg4"]  # mlp has no profile
    for one in found.profiled:
        assert sum(part.slower for part in one.kinds) == pytest.approx(one.timed.step)


def test_facts_say_overhead_bound_advice_and_where_the_trace_is(profiled):
    vgg = kernels(read(profiled)).profiled[1]
    facts = dict(vgg.facts)
    assert "1.25 times" in facts["Profiler's overhead"]
    assert facts["Bound"].startswith(
        "none of the three explains it (largest: compute): reaches 50\u00a0% of the rate of matrix products; "
    )
    assert facts["Advice"] == "Use a larger batch."
    assert "python -m bench tensorboard profiled" in facts["Trace"]
    # 4.5e8 FLOP in the 3/4 of 3.6 ms and 5/6 of 5.4 ms that convolutions take: 62.5 GFLOP a second of 100
    assert vgg.lists["Categories against the roofline"] == [("convolution", "62.5\u00a0GFLOP a second", "62\u00a0%")]


def test_facts_say_what_the_trace_lost(tmp_path):
    note = "1 of 5 steps is left out: ProfilerStep#4 (no kernel in it)"
    results = [made.result(made.VGG, 9e-3, profile={**made.profile(), "notes": [note]})]
    (vgg,) = kernels(read(made.run(tmp_path / "results", "lost", results))).profiled
    assert dict(vgg.facts)["Of the trace"] == note


def test_a_rate_above_its_ceiling_says_why(tmp_path):
    results = [counted(made.result(made.VGG, 9e-3, profile=made.profile()), 9e8)]
    run = made.run(tmp_path / "results", "above", results, ceilings=[{**CEILING, "disturbed": ["flops_per_second"]}])
    (vgg,) = kernels(read(run)).profiled
    reason = " (faster than the ceiling measured, which is too low; its ceiling was measured under contention)"
    assert vgg.lists["Categories against the roofline"] == [
        ("convolution", "125\u00a0GFLOP a second", f"125\u00a0%{reason}")
    ]
    assert dict(vgg.facts)["Bound"].startswith(
        "bound by compute: reaches 100\u00a0% of the rate of matrix products (its"
    )
    text = write(run, tmp_path / "reports").read_text("utf-8")
    assert "These ceilings were measured beside other work" in text


def test_the_page_has_the_section_and_stays_well_formed(profiled, tmp_path):
    text = write(profiled, tmp_path / "reports").read_text("utf-8")
    assert '<section id="kernels"' in text
    assert text.count('class="parts"') == 2
    assert 'id="speed-roofline"' in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_run_without_profiles_has_no_such_section(tmp_path):
    text = write(sample.recorded(tmp_path / "results", sample.results()), tmp_path / "reports").read_text("utf-8")
    assert 'id="kernels"' not in text
    assert "#kernels" not in text.partition("<main>")[0].partition("<nav")[2]


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        [],
        {},
        {"phases": {}, "rows": 3},
        {"phases": {"forward": "soon"}, "rows": []},
        {"phases": {}, "rows": [["forward", "other", "aten::add", ""]]},
        {"phases": {}, "rows": [["forward", "other", "aten::add", "", None, 1]]},
        {"phases": {}, "rows": [["forward", "other", 5, "", 1.0, 1]]},
    ],
)
def test_a_damaged_profile_is_passed_over(tmp_path, damaged):
    assert not is_sound(damaged)
    run = made.run(tmp_path / "results", "damaged", [made.result(made.VGG, 9e-3, profile=damaged)])
    assert kernels(read(run)) is None
    assert write(run, tmp_path / "reports").exists()


def test_a_hostile_profile_is_text(tmp_path):
    attack = sample.ATTACK
    profile = made.profile([["forward", attack, attack, attack, 1e-3, 1]])
    profile |= {
        "reading": {"advice": [attack], "gpu": {attack: 0.5}, "peak_memory": {attack: 5.0}},
        "launches": {attack: 3},
    }
    run = made.run(
        tmp_path / "results", "hostile", [made.result(cell, 9e-3, profile=profile) for cell in (made.VGG, made.LENET)]
    )
    text = write(run, tmp_path / "reports").read_text("utf-8")
    assert "<script>window" not in text
    assert "<img" not in text
