"""Plan: every field is a flag and a TOML key with the same checks; suites extend suites; errors say where and what."""

import tomllib
from dataclasses import fields
from typing import get_args

import pytest

from bench.cli.parser.compare import COMPARED
from bench.cli.parser.explain import PROFILED
from bench.cli.parser.main import build_parser
from bench.errors import BenchError
from bench.plan.grid import AXES
from bench.plan.plan import (
    SETTINGS,
    Plan,
    Role,
    default_of,
    flag,
    options_of,
    parse,
    plan_from,
    plan_of_values,
    shape_of,
    suite_names,
)

# A value of each field that is not its default, as the text of a flag, as TOML and as it should arrive.
EXAMPLES = {
    "suite": ("FILE", None, None),  # the file itself, see below
    "purpose": (None, '"what for"', "what for"),  # describes a file; it has no flag
    "architectures": ("mlp", '["mlp"]', ("mlp",)),
    "optimizers": ("adam", '["adam"]', ("adam",)),
    "datasets": ("synthetic", '["synthetic"]', ("synthetic",)),
    "input": ("3x8x8", "", None),  # a key too, which stands for a data set
    "batch_sizes": ("16", "[16]", (16,)),
    "memory_limit": ("2GiB", '"2GiB"', 2.0 * 2**30),
    "devices": ("cuda:1", '["cuda:1"]', ("cuda:1",)),
    "threads": ("2", "[2]", (2,)),
    "dtypes": ("bfloat16", '["bfloat16"]', ("bfloat16",)),
    "fp32_precisions": ("tf32", '["tf32"]', ("tf32",)),
    "denormals": ("flush", '["flush"]', ("flush",)),
    "memory_formats": ("channels_last", '["channels_last"]', ("channels_last",)),
    "modes": ("compile", '["compile"]', ("compile",)),
    "implementations": ("foreach", '["foreach"]', ("foreach",)),
    "losses": ("nll_loss", '["nll_loss"]', ("nll_loss",)),
    "learning_rates": ("1e-3", "[0.001]", (0.001,)),
    "schedules": ("cosine", '["cosine"]', ("cosine",)),
    "normalizations": ("half", '["half"]', ("half",)),
    "augmentations": ("cutout+shift", '["cutout+shift"]', ("shift+cutout",)),
    "test_augmentations": ("flip", '["flip"]', ("flip",)),
    "averages": ("ema", '["ema0.99"]', ("ema0.99",)),
    "clip_norms": ("1", "[1.0]", (1.0,)),
    "initializations": ("orthogonal", '["orthogonal"]', ("orthogonal",)),
    "loaders": ("dataloader_2", '["dataloader_2"]', ("dataloader_2",)),
    "splits": ("validation", '["validation"]', ("validation",)),
    "world_sizes": ("2", "[2]", (2,)),
    "scaling": ("strong", '["strong"]', ("strong",)),
    "accumulate": ("4", "[4]", (4,)),
    "engines": ("eager", '["eager"]', ("eager",)),
    "one_at_a_time": ("", "true", True),
    "oversubscribe": ("", "true", True),
    "tune": ("7", "7", 7),
    "held_out": ("mlp_bn=mlp", '["mlp_bn=mlp"]', ("mlp_bn=mlp",)),
    "seeds": ("7", "[7]", (7,)),
    "epochs": ("9", "9", 9),
    "train_limit": ("12s", '"12s"', 12.0),
    "until": ("99%", '"99%"', 0.99),
    "goal": ("99.4%", '"99.4%"', 0.994),
    "targets": ("mlp=99%", '["mlp=99%"]', ("mlp=99%",)),
    "evaluations": ("8", "8", 8),
    "checkpoint": ("", "true", True),
    "repeats": ("9", "9", 9),
    "again": ("9", "9", 9),
    "precision": ("5%", "0.05", 0.05),
    "blocks": ("9", "9", 9),
    "budget": ("1.5m", '"1.5m"', 90.0),
    "timeout": ("2m", "120", 120.0),
    "order_seed": ("9", "9", 9),
    "data_dir": ("elsewhere", '"elsewhere"', "elsewhere"),
    "download": ("", "true", True),
    "profile": ("", "true", True),
    "insight": ("", "true", True),
    "surface": ("", "true", True),
    "energy": ("", "true", True),
    "starts": ("", "true", True),
    "executor": ("elsewhere", '"elsewhere"', "elsewhere"),
    "address": ("head:6379", '"head:6379"', "head:6379"),
    "shard": ("2/5", '"2/5"', "2/5"),
    "run": ("mine", '"mine"', "mine"),
    "report": ("", "false", False),
}


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Writes a suite file into the working folder and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="mine.toml"):
        (tmp_path / name).write_text(text, "utf-8")
        return name

    return write


def from_toml(suite, text):
    return plan_from({"suite": suite(text)})


def test_there_is_an_example_of_every_field():
    assert list(EXAMPLES) == [field.name for field in fields(Plan)]


def test_every_field_says_what_it_is():
    assert [name for name, setting in SETTINGS.items() if not setting.metadata["help"]] == []


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example[1]])
def test_every_field_is_a_key(suite, name):
    _, toml, expected = EXAMPLES[name]
    assert expected != default_of(name)
    assert getattr(from_toml(suite, f"{name} = {toml}"), name) == expected


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example[0] is not None])
def test_every_field_is_a_flag(name):
    text, _, expected = EXAMPLES[name]
    args = build_parser().parse_args(["run", flag(name), *([text] if text else [])])
    value = getattr(args, name)
    assert (tuple(value) if isinstance(value, list) else value) == (expected if expected is not None else text)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_flag_that_is_not_given_leaves_the_suites_value(name):
    assert getattr(build_parser().parse_args(["run"]), name, None) is None


def test_what_is_given_takes_the_place_of_the_suites_own(suite):
    name = suite("epochs = 5\nblocks = 7\n")
    plan = plan_from({"suite": name, "epochs": 2})
    assert (plan.suite, plan.epochs, plan.blocks) == (name, 2, 7)


@pytest.mark.parametrize(
    ("own", "limit"), [("", 3), ("epochs = 3", 0), ("epochs = 3\ntrain_limit = 2", 2), ("seeds = 1", 3)]
)
def test_who_asks_for_epochs_is_not_held_to_the_suites_seconds(suite, own, limit):
    assert plan_from({"suite": "quick", **tomllib.loads(own)}).train_limit == limit
    assert from_toml(suite, f"suite = 'quick'\n{own}").train_limit == limit


@pytest.mark.parametrize("shape", ["3x32x32", "1x8x8:7"])
def test_an_input_is_a_data_set_of_random_images(suite, shape):
    assert plan_from({"input": shape}).datasets == (f"synthetic:{shape}",)
    assert from_toml(suite, f"input = '{shape}'").datasets == (f"synthetic:{shape}",)
    assert plan_of_values("here", {"input": shape}).datasets == (f"synthetic:{shape}",)
    assert plan_from({"suite": suite("datasets = 'mnist'"), "input": shape}).datasets == (f"synthetic:{shape}",)
    assert plan_from({"suite": suite(f"input = '{shape}'"), "datasets": ("mnist",)}).datasets == ("mnist",)


@pytest.mark.parametrize("shape", ["3x32", "3x32x32x32", "0x8x8", "3x8x8:0", "three", "3X8X8", "3x8x8:"])
def test_an_input_of_another_form_is_refused(suite, shape):
    for read in (lambda: parse("input", shape), lambda: from_toml(suite, f"input = '{shape}'")):
        with pytest.raises(BenchError, match=r"CxHxW or CxHxW:CLASSES, such as 3x224x224:1000, not"):
            read()


def test_an_input_and_data_sets_contradict_each_other(suite):
    for read in (
        lambda: plan_from({"input": "3x8x8", "datasets": ("mnist",)}),
        lambda: from_toml(suite, "input = '3x8x8'\ndatasets = 'mnist'"),
        lambda: plan_of_values("here", {"input": "3x8x8", "datasets": "mnist"}),
    ):
        with pytest.raises(BenchError, match=r"leave --datasets out, or write --datasets synthetic:3x8x8"):
            read()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "quick"),
        ({"architectures": ("debug",)}, "tiny"),
        ({"architectures": ("debug", "mlp")}, "quick"),
        ({"architectures": ("debug",), "suite": "quick"}, "quick"),
    ],
)
def test_the_debug_net_alone_starts_from_the_tiny_suite(fields, expected):
    plan = plan_from(fields)
    assert plan.suite == expected
    assert plan.repeats == plan_from({"suite": expected}).repeats
    assert plan.architectures == fields.get("architectures", plan.architectures)


def test_a_key_of_one_value_may_stand_without_brackets(suite):
    assert from_toml(suite, "batch_sizes = 32").batch_sizes == (32,)


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_that_comes_along_is_a_plan_with_a_purpose(name):
    plan = plan_from({"suite": name})
    assert plan.suite == name
    assert plan.purpose
    assert plan.architectures


def test_a_suite_extends_another(suite):
    suite('architectures = ["mlp"]\nepochs = 4\nblocks = 8\n', "first.toml")
    suite('suite = "first.toml"\nepochs = 5\n', "second.toml")
    plan = plan_from({"suite": suite('suite = "second.toml"\nseeds = [1]\n')})
    assert (plan.suite, plan.architectures, plan.epochs, plan.blocks, plan.seeds) == (
        "mine.toml",
        ("mlp",),
        5,
        8,
        (1,),
    )


def test_a_suite_extends_one_that_comes_along(suite):
    assert from_toml(suite, 'suite = "quick"').architectures == plan_from({}).architectures


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_of_suites_is_named(suite, length):
    names = [f"{number}.toml" for number in range(length)]
    for name, following in zip(names, [*names[1:], names[0]], strict=True):
        suite(f'suite = "{following}"', name)
    with pytest.raises(BenchError, match="extends itself") as caught:
        plan_from({"suite": names[0]})
    assert " -> ".join([*names, names[0]]) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch = 3", ["mine.toml", "unknown key 'epoch'", "did you mean 'epochs'?", "run --help"]),
        ("zzz = 3", ["mine.toml", "unknown key 'zzz'"]),
        ("[epochs]\nx = 3", ["mine.toml", "'epochs'", "a whole number"]),
        ("epochs = '3'", ["mine.toml", "'epochs'", "a whole number", "'3'"]),
        ("epochs = 3.0", ["'epochs'", "a whole number", "3.0"]),
        ("epochs = true", ["'epochs'", "a whole number", "True"]),
        ("epochs = [3]", ["'epochs'", "a whole number"]),
        ("epochs = -1", ["'epochs'", "0 or more", "-1"]),
        ("repeats = 0", ["'repeats'", "1 or more", "0"]),
        ("blocks = 1", ["'blocks'", "2 or more"]),
        ("batch_sizes = [64, 0]", ["'batch_sizes'", "1 or more", "0"]),
        ("batch_sizes = [64, 'x']", ["'batch_sizes'", "a whole number", "'x'"]),
        ("seeds = [-1]", ["'seeds'", "0 or more"]),
        ("architectures = [3]", ["'architectures'", "text", "3"]),
        ("dtypes = ['float64']", ["'dtypes'", "float32, bfloat16, float16", "float64"]),
        ("modes = ['fast']", ["'modes'", "eager, compile, compile_dynamic, "]),
        ("report = 'no'", ["'report'", "true or false"]),
        ("report = 0", ["'report'", "true or false"]),
        ("budget = 'soon'", ["'budget'", "a duration such as 90s", "'soon'"]),
        ("budget = 0", ["'budget'", "a duration such as 90s"]),
        ("timeout = -5", ["'timeout'", "a duration such as 90s"]),
        ("timeout = inf", ["'timeout'", "a duration such as 90s"]),
        ("timeout = true", ["'timeout'", "a number"]),
        ("budget = [5]", ["'budget'", "a number"]),
        ("precision = 3", ["'precision'", "a share such as 3%"]),
        ("precision = nan", ["'precision'", "a share such as 3%"]),
        ("precision = '300%'", ["'precision'", "a share such as 3%"]),
        ("blocks = 3\nepochs = x", ["mine.toml", "not valid TOML", "line 2"]),
        ("epochs = 3\nepochs = 4", ["mine.toml", "not valid TOML"]),
        ("suite = 'quik'", ["unknown suite 'quik'", "did you mean 'quick'?", "list suites"]),
    ],
)
def test_a_mistake_in_a_file_is_one_line_with_its_place(suite, text, words):
    with pytest.raises(BenchError) as caught:
        from_toml(suite, text)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


def test_a_file_that_is_not_there(suite):
    with pytest.raises(BenchError, match=r"cannot read the suite file nowhere.toml: No such file"):
        plan_from({"suite": "nowhere.toml"})


def test_a_folder_in_place_of_a_file(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(BenchError, match="cannot read the suite file"):
        plan_from({"suite": str(tmp_path / "folder.toml")})


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "zip.toml").write_bytes(b"PK\x03\x04\xff\xfe\x80")
    with pytest.raises(BenchError, match=r"zip\.toml is not UTF-8 text"):
        plan_from({"suite": str(tmp_path / "zip.toml")})


def test_an_unknown_suite_is_answered_with_the_nearest():
    with pytest.raises(BenchError, match=r"unknown suite 'quik': did you mean 'quick'\? \(python -m bench list suites"):
        plan_from({"suite": "quik"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("90 s", 90), ("5m", 300), ("5min", 300), ("1.5h", 5400), (" 2m ", 120), ("0.5s", 0.5)],
)
def test_a_duration(text, expected):
    assert parse("budget", text) == expected


@pytest.mark.parametrize("text", ["", "0", "0s", "-5", "5 d", "5d", "m", "1m30s", "1e3", "nan", "inf", "1,5m"])
def test_no_duration(text):
    with pytest.raises(BenchError, match=r"--budget takes a duration such as 90s, 5m or 1h, not"):
        parse("budget", text)


@pytest.mark.parametrize(("text", "expected"), [("3%", 0.03), ("0.03", 0.03), (" 3 % ", 0.03), ("0.5%", 0.005)])
def test_a_share(text, expected):
    assert parse("precision", text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("text", ["", "3", "0", "0%", "100%", "-3%", "nan", "inf", "three"])
def test_no_share(text):
    with pytest.raises(BenchError, match=r"--precision takes a share such as 3% or 0.03, not"):
        parse("precision", text)


@pytest.mark.parametrize(("text", "expected"), [("0.01", 0.01), ("1e-3", 0.001), ("1", 1.0)])
def test_a_learning_rate(text, expected):
    value = parse("learning_rates", text)
    assert (value, type(value)) == (expected, float)


@pytest.mark.parametrize("text", ["", "0", "-0.1", "nan", "inf", "1%", "fast"])
def test_no_learning_rate(text):
    with pytest.raises(BenchError, match=r"--learning-rates takes a number above 0, such as 0.01 or 1e-3, not"):
        parse("learning_rates", text)


def test_learning_rates_in_a_file_may_be_whole_numbers(suite):
    assert from_toml(suite, "learning_rates = [1, 0.1]").learning_rates == (1.0, 0.1)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("epochs", "x", "--epochs takes a whole number, not 'x'"),
        ("epochs", "1.5", "--epochs takes a whole number, not '1.5'"),
        ("epochs", "-1", "--epochs takes 0 or more, not -1"),
        ("batch_sizes", "0", "--batch-sizes takes 1 or more, not 0"),
        ("blocks", "1", "--blocks takes 2 or more, not 1"),
        ("targets", "mlp=99", "--targets takes an architecture and a share, such as lenet5=98%, not 'mlp=99'"),
        (
            "held_out",
            "mlp",
            "--held-out takes an architecture and the one it takes after, such as mlp_wide=mlp, not 'mlp'",
        ),
        ("clip_norms", "-1", "--clip-norms takes a number above 0, such as 1, or 0, not '-1'"),
        (
            "augmentations",
            "blur",
            "--augmentations takes none, or some of shift, crop, flip and cutout, such as shift+cutout, not 'blur'",
        ),
        ("averages", "ema1.5", "--averages takes none, swa, or ema and its decay, such as ema0.99, not 'ema1.5'"),
        ("averages", "ema0.0", "--averages takes none, swa, or ema and its decay, such as ema0.99, not 'ema0.0'"),
        ("dtypes", "float64", "--dtypes takes float32, bfloat16, float16, pure_bfloat16, not 'float64'"),
    ],
)
def test_a_mistake_in_a_flag(name, text, message):
    with pytest.raises(BenchError) as caught:
        parse(name, text)
    assert str(caught.value) == message


def test_a_switch_turns_its_default_around():
    switches = {name: default_of(name) for name in SETTINGS if shape_of(name)[1] is bool}
    assert switches == {
        "one_at_a_time": False,
        "oversubscribe": False,
        "checkpoint": False,
        "download": False,
        "profile": False,
        "insight": False,
        "surface": False,
        "energy": False,
        "starts": False,
        "report": True,
    }
    assert flag("profile") == "--profile"
    assert flag("report") == "--no-report"


def test_no_field_shares_its_default_with_another_plan():
    assert all(isinstance(getattr(Plan(), name), tuple) for name in SETTINGS if shape_of(name)[0])


def test_each_option_has_one_role_and_each_role_an_option():
    assert set(options_of(*get_args(Role))) == set(SETTINGS)
    assert [role for role in get_args(Role) if not options_of(role)] == []


def test_an_axis_is_an_option_that_lists_the_values_of_a_cell_s_field():
    axes = set(AXES.values())
    how = {"schedules", "splits", *RECIPE}  # these say how cells are trained
    assert set(options_of("axis")) == axes - how - {"world_sizes", "loaders", "engines"}
    assert {name for name in options_of("training") if shape_of(name)[0]} == how | {"targets"}


RECIPE = {"augmentations", "test_augmentations", "averages", "clip_norms", "initializations"}
RANKS = {"world_sizes", "scaling", "oversubscribe"}
ENGINES = {"engines", "loaders"}
TRAINING = {
    "schedules", *RECIPE, "splits", "epochs", "train_limit", "until", "targets", "evaluations", "goal",
    "checkpoint", "tune", "held_out",
}  # fmt: skip


def test_a_comparison_of_times_takes_no_option_of_training_nor_of_a_run():
    run = {"purpose", "one_at_a_time", "memory_limit", "repeats", "again", "precision", "timeout", "run", "report"}
    beside = {"profile", "insight", "surface", "energy", "starts"}
    assert set(SETTINGS) - set(COMPARED) == TRAINING | RANKS | ENGINES | run | beside | {"executor", "address", "shard"}


def test_a_profile_takes_no_option_of_training_and_none_that_it_decides_itself():
    decided = {
        "purpose",
        "architectures",
        "one_at_a_time",
        "memory_limit",
        "repeats",
        "again",
        "precision",
        "profile",
        "insight",
        "surface",
        "energy",
        "starts",
        "shard",
        "report",
    }
    assert set(SETTINGS) - set(PROFILED) == TRAINING | RANKS | ENGINES | decided


def test_what_may_change_in_a_run_that_goes_on_is_how_long_and_where_its_cluster_is():
    adjustable = options_of("repeats", "patience", "session", "cluster", "page")
    assert adjustable == ("repeats", "again", "precision", "budget", "timeout", "download", "address", "report")
