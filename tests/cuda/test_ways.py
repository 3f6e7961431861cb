"""Ways to run a step, and what is told of it, that a GPU has otherwise than a host: each as a person asks for it."""

import json
from textwrap import dedent

import pytest

from bench.engines import ENGINES
from bench.store.run import load
from tests.cuda.needed import EVERY
from tests.cuda.runs import ONCE, PLAIN, SPEED, lines, metrics_of, ran, statuses

pytestmark = EVERY
TRAINED = (*ONCE, "--epochs", "1")


def by_mode(found, field):
    """The metrics of each cell, by a field of it."""
    assert {line["status"] for line in found} == {"ok"}, statuses(found)
    return {line["cell"][field]: metrics_of(line) for line in found}


def micro(seconds):
    return f"{seconds * 1e6:.0f} us"


def test_recomputing_holds_less_than_keeping(bench, record_property):
    words = ("--architectures", "resnet8", "--batch-sizes", "256", "--modes", "eager", "recompute", "--profile")
    metrics = by_mode(ran(bench, "memory", *words, *SPEED), "mode")
    figures = (
        f"{mode} {each['held_memory'] / 1e6:.1f} MB in {micro(each['step'])}, the allocator says "
        f"{each['peak_memory'] / 1e6:.1f} above what lies there"
        for mode, each in metrics.items()
    )
    record_property("figures", "; ".join(figures))
    assert metrics["recompute"]["held_memory"] < metrics["eager"]["held_memory"]


def test_what_a_step_holds_is_told_for_what(bench, record_property):
    (line,) = ran(bench, "held", "--architectures", "lenet5", "--optimizers", "adam", "--profile", *SPEED)
    memory, costs = line["memory"], metrics_of(line)
    place = memory["seconds"].index(
        next(each["start"] for each in memory["phases"] if each["phase"] == "backward"),
    )
    before = {name: sizes[place] for name, sizes in memory["bytes"].items()}
    record_property("figures", ", ".join(f"{name} {size}" for name, size in before.items()))
    assert before["weights"] == pytest.approx(costs["parameter_bytes"], rel=0.02)
    assert max(memory["bytes"]["optimizer state"]) == pytest.approx(costs["optimizer_bytes"], rel=0.1)
    # A batch comes in one piece each, and the allocator hands out 512 bytes at a time.
    assert before["inputs"] == pytest.approx(64 * (28 * 28 * 4 + 8), abs=1024)
    assert before["activations"] > 0


def test_a_batch_in_parts_holds_less(bench, record_property):
    words = ("--architectures", "resnet8", "--batch-sizes", "1024", "--accumulate", "1", "4")
    metrics = by_mode(ran(bench, "parts", *words, *SPEED), "accumulate")
    record_property(
        "figures",
        "; ".join(
            f"in {parts}: {micro(each['step'])}, {each['peak_memory'] / 1e6:.0f} MB" for parts, each in metrics.items()
        ),
    )
    assert metrics[4]["peak_memory"] < metrics[1]["peak_memory"]


@pytest.mark.parametrize("limit", ["1GB", "0"])
def test_the_largest_batch_is_found(bench, limit, record_property):
    words = ("--architectures", "resnet8", "--batch-sizes", "max", "--memory-limit", limit)
    (line,) = ran(bench, "largest", *words, *SPEED)
    (entry,) = load("largest", bench.folder / "results").facts.largest
    tries = [(each["status"], each["peak_memory"]) for each in entry["tries"]]
    peak = metrics_of(line)["peak_memory"]
    record_property("figures", f"limit {limit}: {line['cell']['batch_size']} images, {peak / 1e9:.2f} GB; {len(tries)}")
    assert line["status"] == "ok", line["reason"]
    assert limit == "0" or peak <= 1e9


def test_types_and_products_are_told_with_their_errors(bench, record_property):
    words = ("--architectures", "resnet8", "--batch-sizes", "1024", "--fp32-precisions", "ieee", "tf32", "conv_tf32")
    narrow = ("--architectures", "resnet8", "--batch-sizes", "1024", "--dtypes", "bfloat16", "pure_bfloat16")
    products = by_mode(ran(bench, "products", *words, *SPEED), "fp32_precision")
    types = by_mode(ran(bench, "types", *narrow, *SPEED), "dtype")
    figures = (
        f"{name} {micro(each['step'])}, outputs {each['output_error']:.0e}, gradients {each['gradient_error']:.0e} off"
        for name, each in {**products, **types}.items()
    )
    record_property("figures", "; ".join(figures))
    assert products["ieee"]["output_error"] < products["tf32"]["output_error"] < types["bfloat16"]["output_error"]


def test_energy_is_counted(bench, record_property):
    words = ("--architectures", "lenet5", "resnet8", "--batch-sizes", "1024", "--energy")
    found = ran(bench, "energy", *words, *TRAINED)
    figures = []
    for line in found:
        metrics = metrics_of(line)
        watts = metrics["energy_per_step"] / metrics["step"]
        figures.append(
            f"{line['cell']['architecture']}: {metrics['energy_per_step']:.2g} J a step of {micro(metrics['step'])} "
            f"({watts:.0f} W, idle {metrics['idle_power']:.0f} W)"
        )
        assert 10 < metrics["idle_power"] < watts < 1500
    record_property("figures", "; ".join(figures))


def test_the_driver_tells_of_each_block(bench, record_property):
    (line,) = ran(bench, "driver", "--architectures", "resnet8", "--batch-sizes", "1024", *SPEED)
    moments = [block["gpu"] for block in line["blocks"]]
    clocks, watts = ([each[name] for each in moments] for name in ("clock", "watts"))
    record_property(
        "figures",
        f"{min(clocks) / 1e6:.0f} to {max(clocks) / 1e6:.0f} MHz, {min(watts):.0f} to {max(watts):.0f} W, "
        f"others {max(each['others'] for each in moments)}, "
        f"throttled {sum(bool(each['throttled']) for each in moments)} of {len(moments)} blocks",
    )
    assert min(clocks) > 1e8


def test_engines_answer_as_eager_does(bench, record_property):
    found = ran(bench, "engines", "--architectures", "lenet5", "--engines", *ENGINES, *TRAINED)
    figures = []
    for line in found:
        assert line["status"] in ("ok", "skipped"), line["reason"]
        if line["status"] == "ok":
            metrics = metrics_of(line)
            name = line["cell"]["engine"]
            figures.append(
                f"{name} p50 {micro(metrics['latency'])}, p99 {micro(metrics['latency_p99'])}, "
                f"{metrics['served_at_512']:.3g}/s at 512, start {metrics['start_up']:.2f} s, "
                f"{metrics['answers_differ'] * metrics['answers_scored']:.0f} differ"
            )
    record_property("figures", "; ".join(figures))
    assert {line["cell"]["engine"] for line in found if line["status"] == "ok"} == {
        name for name, engine in ENGINES.items() if not engine.kinds
    }


def test_compilers_start_cold_warm_and_restored(bench, record_property):
    words = ("--architectures", "resnet8", "--modes", "eager", "compile", "--starts")
    metrics = by_mode(ran(bench, "starts", *words, *SPEED), "mode")["compile"]
    starts = {name: metrics.get(name) for name in ("compile_time", "compile_time_warm", "compile_time_restored")}
    record_property("figures", ", ".join(f"{name} {seconds}" for name, seconds in starts.items()))
    assert starts["compile_time_warm"] < starts["compile_time"]


def test_a_trained_net_is_looked_into(bench, record_property):
    (line,) = ran(bench, "insight", "--architectures", "lenet5", "--optimizers", "adam", "--insight", *TRAINED)
    metrics = metrics_of(line)
    record_property("figures", f"robust at eps 0.1: {metrics['robust_accuracy_10']:.1%}")
    assert line["insight"]
    assert 0 <= metrics["robust_accuracy_30"] <= metrics["robust_accuracy_2"] <= metrics["accuracy"]


def test_the_speedrun_runs(bench, record_property):
    words = ("--suite", "speedrun", "--devices", "cuda", "--seeds", "200", "201", "202", "--no-report", "--json")
    found = ran(bench, "speedrun", *words)
    figures = {}
    for line in found:
        assert line["status"] == "ok", line["reason"]
        last = line["training"]["evaluations"][-1] if "evaluations" in line["training"] else {}
        figures.setdefault(line["cell"]["dtype"], []).append((metrics_of(line)["accuracy"], last))
    record_property("figures", str(figures)[:600])
    assert min(accuracy for each in figures.values() for accuracy, _ in each) > 0.98


def test_a_check_of_equal_code_does_not_fail(bench):
    words = ("--architectures", "mlp", "lenet5", "--devices", "cuda", "--epochs", "0", "--blocks", "4", *PLAIN)
    for name in ("first", "second"):
        ran(bench, name, *words, "--no-report", "--json")
    assert bench("baseline", "save", "first").returncode == 0
    done = bench("check", "second", "--no-ab")
    assert done.returncode in (0, 3), done.stdout


def test_host_and_gpu_stand_on_one_page(bench):
    words = ("--architectures", "mlp", "resnet8", "--batch-sizes", "64", "1024", "--devices", "cpu", "cuda")
    done = bench("run", *words, *PLAIN, "--epochs", "0", "--repeats", "1", "--profile", "--run", "both")
    assert done.returncode == 0, done.stderr
    assert {line["status"] for line in lines(bench, "both")} == {"ok"}
    page = (bench.folder / "reports" / "both.html").read_text("utf-8")
    assert "cuda:0" in page


PYTEST = dedent("""
    def test_train(bench_cell):
        bench_cell("lenet5", optimizer="adam", device="cuda")

    def test_infer(bench_cell):
        bench_cell("lenet5", part="inference", device="cuda:0")
""")


def test_bench_cell_measures_in_pytest(python_in, tmp_path, record_property):
    (tmp_path / "test_gpu.py").write_text(PYTEST, "utf-8")
    words = ("-p", "bench.pytest_plugin", "-p", "no:cacheprovider", "--benchmark-json=found.json")
    done = python_in(tmp_path, "-m", "pytest", "-q", *words, "test_gpu.py")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))["benchmarks"]
    record_property("figures", ", ".join(f"{each['name']} {micro(each['stats']['min'])}" for each in found))
