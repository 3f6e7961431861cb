"""Plan: the grid asked for, its budget and its seed. Each option is declared here once: flag, TOML key and help."""

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from importlib import resources
from itertools import combinations
from math import inf
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bench import files
from bench.errors import BenchError, brief, unknown
from bench.plan.compiled import COMPILED
from bench.plan.loader import LOADING, RESIDENT, loader_of
from bench.plan.origin import split_outside_brackets
from bench.plan.timing import EVALUATIONS_PER_EPOCH
from bench.plan.toml import LARGEST, table_of
from bench.vocabulary import ENGINES, FP32_PRECISIONS, MODES, NO_ENGINE

DTYPES = ("float32", "bfloat16", "float16", "pure_bfloat16")
DENORMALS = ("keep", "flush")  # flush: to zero, on a CPU
MEMORY_FORMATS = ("contiguous", "channels_last")
IMPLEMENTATIONS = ("default", "forloop", "foreach", "fused", COMPILED)
MAX = "max"  # in a plan alone: the largest batch that fits the memory
AUTO = "auto"  # in a plan alone: fused where torch has it, else default
SCHEDULES = ("constant", "step", "cosine", "one_cycle", "triangular", "warmup", "warmup_cosine")
SINGLE_AUGMENTATIONS = ("shift", "crop", "flip", "cutout")
_TOGETHER = [parts for count in range(1, 5) for parts in combinations(SINGLE_AUGMENTATIONS, count)]
AUGMENTATIONS = ("none", *map("+".join, _TOGETHER))
EMA_DECAY = 0.99  # an average over some hundred steps: trainings here are of a few epochs
TEST_AUGMENTATIONS = ("none", "flip", "shift")
INITIALIZATIONS = (
    "default", "kaiming_normal", "kaiming_uniform", "xavier_normal", "xavier_uniform", "orthogonal", "whitened",
    "zero_last",
)  # fmt: skip
SPLITS = ("test", "validation")
SCALINGS = ("weak", "strong")  # the images of a batch are for each rank, or for all together
DEBUG, TINY = "debug", "tiny"  # the architecture for smoke tests, and the suite of it
CHECKS = "checks"  # the suite that comparisons start from
_LONGEST = 1e9  # seconds of a duration, some thirty years


Max = Literal["max"]  # MAX as a type

# What an option decides; commands take options, or leave them apart, by it (`options_of`).
Role = Literal[
    "axis",  # which cells, and so what is timed
    "ranks",  # how many processes train a cell together; nothing to a comparison, which is of single ones
    "loaders",  # how batches come to be; nothing to a comparison, whose steps are timed without their fetch
    "engines",  # by what a trained net answers; nothing to a comparison, which is of training steps
    "grid",  # which combinations of the axes are cells
    "training",  # how cells are trained and scored, axes among them; nothing to a comparison of times
    "tuning",  # which learning rates are tried before
    "measuring",  # how a cell is measured and from which data
    "repeats",  # how often it is measured
    "patience",  # how long one process may take
    "search",  # where the search for the largest batch ends
    "session",  # when to end, and what to fetch first
    "profile",  # what is told beside times and accuracy: a profile, insight, surfaces, energy
    "suite",  # what to start from
    "text",  # nothing: it describes a suite, and is no flag
    "where",  # which executor runs the workers
    "cluster",  # where that executor finds its machines
    "shard",  # which of the cells are this machine's
    "name",  # where the results go
    "page",  # whether the page is written
]


def _option(
    default: Any,
    text: str,
    *,
    role: Role = "axis",
    choices: tuple[str, ...] = (),
    reads: str = "",
    at_least: float | None = None,
    zero: bool = False,
    words: tuple[str, ...] = (),
) -> Any:
    """A field of Plan; `reads` names what its text is where the type does not say: a key of _READERS, or a name.

    `words` stand where its type has none for what they mean; with `zero` 0 stands for none, however much is the least.
    """
    facts = {"help": text, "role": role, "choices": choices, "reads": reads, "words": words}
    return field(default=default, metadata={**facts, "at_least": at_least, "zero": zero})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The grid asked for. Every field but the purpose is a flag of `run`; all are keys of a suite's TOML file.

    Times are in seconds, `precision` is a share (0.03 is 3 %). `input` is another word for a data set: a plan that was
    read has it among its `datasets`.
    """

    suite: str = _option(
        "quick",
        "the suite to start from: a name (list suites) or a TOML file (default: quick; tiny for debug alone)",
        role="suite",
        reads="suite",
    )
    purpose: str = _option("", "what the suite is for, in one line", role="text")
    architectures: tuple[str, ...] = _option(
        (),
        "architectures: names, globs such as 'resnet*', FILE.py:NAME, MODULE:NAME, timm:NAME, torchvision:NAME",
        reads="glob",
    )
    optimizers: tuple[str, ...] = _option(
        ("sgd",), "optimizers: names, globs, FILE.py:NAME or torch.optim:Adam(betas=(0.9, 0.95))", reads="glob"
    )
    datasets: tuple[str, ...] = _option(("mnist",), "data sets: names, folder:PATH, npz:FILE or FILE.py:NAME")
    input: str = _option(
        "",
        "random images of this shape in place of data sets: CxHxW or CxHxW:CLASSES, such as 3x224x224:1000",
        role="measuring",
        reads="shape",
    )
    batch_sizes: tuple[int | Max, ...] = _option(
        (64,), "images per step; max: the most that fit the memory, which is searched for", at_least=1, words=(MAX,)
    )
    memory_limit: float = _option(
        0.0,
        "what training steps may take in the search for the largest batch, such as 2GiB; 0: what is free",
        role="search",
        reads="size",
    )
    devices: tuple[str, ...] = _option(("cpu",), "cpu, cuda, xpu or mps; cuda:N (list devices)")
    threads: tuple[int, ...] = _option(
        (), "CPU threads (default: all usable cores; 1 for the relative cost)", at_least=1
    )
    dtypes: tuple[str, ...] = _option(
        ("float32",), "float32, autocast to a narrower type, or pure_: the whole model in it", choices=DTYPES
    )
    fp32_precisions: tuple[str, ...] = _option(
        ("default",),
        "arithmetic of products of float32: torch's own, or one for all operators, or for one kind and ieee for others",
        choices=FP32_PRECISIONS,
    )
    denormals: tuple[str, ...] = _option(
        ("keep",), "keep denormal numbers, or flush them to zero (a CPU computes with them slowly)", choices=DENORMALS
    )
    memory_formats: tuple[str, ...] = _option(("contiguous",), "layout of images in memory", choices=MEMORY_FORMATS)
    modes: tuple[str, ...] = _option(
        ("eager",),
        "how a step is run; compile: by torch.compile, in its own modes too; recompute: activation checkpointing",
        choices=MODES,
    )
    implementations: tuple[str, ...] = _option(
        ("default",),
        "the optimizer's code path; compiled: by torch.compile; auto: fused where torch has it",
        choices=(*IMPLEMENTATIONS, AUTO),
    )
    losses: tuple[str, ...] = _option(
        ("cross_entropy",), "names (list losses), FILE.py:NAME or torch.nn:CrossEntropyLoss(label_smoothing=0.1)"
    )
    learning_rates: tuple[float, ...] = _option((), "learning rates (default: the optimizer's own)", reads="rate")
    schedules: tuple[str, ...] = _option(("constant",), "learning-rate schedule", role="training", choices=SCHEDULES)
    normalizations: tuple[str, ...] = _option(("unit",), "pixel scaling: raw, unit, half or standard")
    augmentations: tuple[str, ...] = _option(
        ("none",),
        "what is done to training images in each step: shift, crop, flip, cutout, or several such as shift+cutout",
        role="training",
        reads="augmentation",
    )
    test_augmentations: tuple[str, ...] = _option(
        ("none",),
        "what else of an image its scores are the mean over; flip: mirrored, shift: moved by a pixel in 4 directions",
        role="training",
        choices=TEST_AUGMENTATIONS,
    )
    averages: tuple[str, ...] = _option(
        ("none",),
        "weights to evaluate; ema0.99: their moving average with that decay, swa: their mean over the last quarter",
        role="training",
        reads="average",
    )
    clip_norms: tuple[float, ...] = _option(
        (0.0,), "norm that the gradients of a step are cut down to; 0: never", role="training", reads="norm"
    )
    initializations: tuple[str, ...] = _option(
        ("default",),
        "initial weights of linear layers and convolutions; zero_last: the last of them 0; whitened: the first filters "
        "the principal directions of the images' patches, kept; the others the net's own",
        role="training",
        choices=INITIALIZATIONS,
    )
    loaders: tuple[str, ...] = _option(
        ("resident",),
        "resident images, or torch's DataLoader; transforms, crops: of torchvision; _2: by 2 processes",
        role="loaders",
        reads="loader",
    )
    splits: tuple[str, ...] = _option(
        ("test",),
        "images to evaluate on; validation: a held-out twelfth of the training images",
        role="training",
        choices=SPLITS,
    )
    world_sizes: tuple[int, ...] = _option(
        (1,), "processes that train a cell together (DistributedDataParallel); 1 trains alone", role="ranks", at_least=1
    )
    scaling: tuple[str, ...] = _option(
        SCALINGS,
        "what a batch size is of, with several processes; weak: each, strong: all together",
        role="ranks",
        choices=SCALINGS,
    )
    accumulate: tuple[int, ...] = _option(
        (1,),
        "parts that a step takes its batch in, the gradients added up before one update; 1: the whole batch at once",
        at_least=1,
    )
    engines: tuple[str, ...] = _option(
        (NO_ENGINE,),
        "by what a net answers once it is trained (list engines); none: its training steps are measured instead",
        role="engines",
        choices=ENGINES,
    )
    one_at_a_time: bool = _option(
        False,
        "in place of all combinations: the first value of each axis is the base, and each cell changes one of them",
        role="grid",
    )
    oversubscribe: bool = _option(
        False, "allow more processes and threads than there are CPU cores; such results are marked", role="ranks"
    )
    tune: int = _option(
        0, "learning rates to try for each configuration; the best is then measured", role="tuning", at_least=0
    )
    held_out: tuple[str, ...] = _option(
        (),
        "architectures that are not tuned and take the rate found for another, such as mlp_wide=mlp; see score",
        role="tuning",
        reads="variant",
    )
    seeds: tuple[int, ...] = _option((0,), "seeds of the initial weights and the batch order", at_least=0)
    epochs: int = _option(
        1, "training epochs, without the suite's limit of time; 0 measures speed alone", role="training", at_least=0
    )
    train_limit: float = _option(
        0.0, "stop a cell's training after this long, such as 12s; 0: never", role="training", reads="limit"
    )
    until: float = _option(
        0.0, "stop a cell's training at this test accuracy, such as 99%%; 0: never", role="training", reads="goal"
    )
    goal: float = _option(
        0.0,
        "train to the end, and test whether the mean test accuracy over seeds is above this, such as 99%%; 0: no test",
        role="training",
        reads="goal",
    )
    targets: tuple[str, ...] = _option(
        (),
        "test accuracies at which single architectures stop instead, such as mlp=95%% lenet5=98%%",
        role="training",
        reads="target",
    )
    evaluations: int = _option(
        EVALUATIONS_PER_EPOCH,
        "evaluations an epoch where a test accuracy is looked for: the resolution of the time to it",
        role="training",
        at_least=1,
    )
    checkpoint: bool = _option(False, "keep each cell's best weights in the run's folder", role="training")
    repeats: int = _option(3, "passes over the grid, each in fresh processes", role="repeats", at_least=1)
    again: int = _option(
        2, "passes more, at most, for a cell that other work disturbed; 0 for none", role="repeats", at_least=0
    )
    precision: float = _option(
        0.03, "stop repeating a cell at this half-width of its cost, such as 3%%", role="repeats", reads="share"
    )
    blocks: int = _option(
        15,
        "blocks of each kind in a process, 0.1 s each (default: 15; 0 times no steps and trains alone)",
        role="measuring",
        at_least=2,
        zero=True,
    )
    budget: float | None = _option(
        None, "stop after this long, such as 90s, 5m or 1h", role="session", reads="duration"
    )
    timeout: float = _option(600.0, "stop a process after this long", role="patience", reads="duration")
    order_seed: int | None = _option(
        None, "seed of the order of execution (default: drawn afresh, and recorded)", role="measuring", at_least=0
    )
    data_dir: str = _option("", "folder with data sets that are not embedded", role="measuring", reads="folder")
    download: bool = _option(False, "download missing data sets into that folder, through torchvision", role="session")
    profile: bool = _option(
        False, "profile each cell too, in a pass of its own; see explain and tensorboard", role="profile"
    )
    insight: bool = _option(
        False, "look into each trained net too: filters, saliency, adversarial examples, calibration", role="profile"
    )
    surface: bool = _option(
        False,
        "train once more for planes through the loss surface, with the path of each optimizer from the same start",
        role="profile",
    )
    energy: bool = _option(
        False, "count the joules of each step too, and of training, where the machine has counters", role="profile"
    )
    starts: bool = _option(
        False,
        "tell of compiled cells how long fresh processes take to start with warm and restored caches",
        role="profile",
    )
    executor: str = _option(
        "local",
        "where workers run; local: on this machine, one at a time; ray: one on each node of a Ray cluster",
        role="where",
    )
    address: str = _option(
        "auto",
        "where the Ray cluster is: HOST:PORT of its head, or auto for the one that this machine belongs to",
        role="cluster",
        reads="address",
    )
    shard: str = _option(
        "",
        "measure one part of the plan's cells, such as 2/5; the parts are joined by merge (default: all cells)",
        role="shard",
        reads="part",
    )
    run: str = _option("", "name of the run (default: the suite and the time)", role="name")
    report: bool = _option(True, "write the HTML page", role="page")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The batch sizes that are numbers."""
        return tuple(size for size in self.batch_sizes if isinstance(size, int))

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they are stored."""
        return asdict(self)


_SHAPES = get_type_hints(Plan)
SETTINGS = {option.name: option for option in fields(Plan)}


def options_of(*roles: Role) -> tuple[str, ...]:
    """The names of the fields with one of these roles, in order."""
    return tuple(name for name, option in SETTINGS.items() if option.metadata["role"] in roles)


def shape_of(name: str) -> tuple[bool, type]:
    """Whether the field `name` takes several values, and the type of one of them."""
    hint = _SHAPES[name]
    if get_origin(hint) is tuple:
        each = get_args(hint)[0]
        return True, get_args(each)[0] if get_origin(each) is Union else each
    if get_origin(hint) is types.UnionType:
        return False, next(kind for kind in get_args(hint) if kind is not type(None))
    return False, hint


def check_measures(plan: Plan) -> None:
    """Refuse a plan that neither times nor trains."""
    if not plan.blocks and not plan.epochs:
        raise BenchError(f"nothing to measure: {flag('blocks')} 0 times no steps: give 2 or more, or train")


def default_of(name: str) -> Any:
    """The value of the field `name` where nobody gives one."""
    default = SETTINGS[name].default
    assert default is not MISSING
    return default


def parse(name: str, text: str) -> Any:
    """One value of the field `name` from the text of a flag.

    Raises:
        BenchError: the text does not fit; the message says what would.

    """
    setting = SETTINGS[name]
    if text in setting.metadata["words"]:
        return text
    kind = shape_of(name)[1]
    reader = _READERS.get(setting.metadata["reads"], kind)
    try:
        value = reader(text)
    except ValueError as error:
        wanted = _WANTED.get(setting.metadata["reads"], _WANTED[kind.__name__])
        raise BenchError(f"{flag(name)} takes {wanted}, not '{text}'") from error
    return _checked(setting, value, flag(name))


def flag(name: str) -> str:
    """The command-line flag of the field `name`: for one that is true or false, what turns its default around."""
    turned_off = shape_of(name)[1] is bool and default_of(name)
    return ("--no-" if turned_off else "--") + name.replace("_", "-")


def plan_from(values: Mapping[str, Any]) -> Plan:
    """The plan of a suite, with `values` (by field) in place of the suite's own.

    Without a suite it is the default one, and for the architecture `debug` alone the tiny one.

    Raises:
        BenchError: unknown suite, unreadable file, unknown key or wrong type.

    """
    default = TINY if tuple(values.get("architectures", ())) == (DEBUG,) else default_of("suite")
    suite = str(values.get("suite", default))
    return replace(_over(_suite(suite, seen=()), values, "the plan"), suite=suite)


def _with_input(values: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The same values with the data set that `input` stands for.

    Raises:
        BenchError: they name data sets too.

    """
    wanted = dict(values)
    if shape := wanted.pop("input", ""):
        if "datasets" in wanted:
            raise BenchError(
                f"{place} names an input of {shape} and data sets, of which the input is one: leave --datasets out, or "
                f"write --datasets synthetic:{shape} ..."
            )
        wanted["datasets"] = (f"synthetic:{shape}",)
    return wanted


def plan_of_values(place: str, values: Mapping[str, Any]) -> Plan:
    """As `plan_from`, of values that a Python caller gives: their names and types are checked as those of a file are.

    Args:
        place: where they were given, for the error.
        values: by field; a list, a tuple or a single value where a field takes several, a path where it takes text,
            and a text such as "5m" or "3%" where a flag takes one.

    Raises:
        BenchError: unknown field, wrong type or value, or as of `plan_from`.

    """
    return plan_from({name: _from_python(name, value, place) for name, value in values.items()})


def plan_of_stored(place: str, values: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.to_dict` gave: a field that is missing is at its default, an unknown one is passed over.

    Args:
        place: where it stands, for the error.
        values: by field, as JSON has them.

    Raises:
        BenchError: wrong type or value.

    """
    return Plan(**{name: _from_python(name, values[name], place) for name in SETTINGS if name in values})


def _from_python(name: str, value: Any, place: str) -> Any:
    if value is None and name in SETTINGS and default_of(name) is None:
        return None
    if isinstance(value, tuple | range):
        value = list(value)
    elif isinstance(value, PathLike):
        value = fspath(value)
    return _from_toml(name, value, place)


def suite_names() -> list[str]:
    """The suites that come with the package."""
    return sorted(path.name.removesuffix(".toml") for path in _suites_folder().iterdir() if path.name.endswith(".toml"))


def _suites_folder() -> Any:
    return resources.files("bench.plan") / "suites"


def _suite(name: str, seen: tuple[str, ...]) -> Plan:
    """The plan of a suite by name or file; a `suite` key in it names the suite it extends."""
    if name in seen:
        raise BenchError(f"suite '{name}' extends itself ({' -> '.join((*seen, name))}): remove its 'suite' key")
    place, text = _suite_text(name)
    table = table_of(text, place)
    base = _suite(str(table.pop("suite")), (*seen, name)) if "suite" in table else Plan()
    values = {key: _from_toml(key, value, place) for key, value in table.items()}
    return replace(_over(base, values, place), suite=name)


def _over(base: Plan, values: Mapping[str, Any], place: str) -> Plan:
    """The plan with these values in place of its own.

    How long it trains at most belongs to its own epochs: who asks for others has them, unless a limit is asked for too.
    """
    wanted = _with_input(values, place)
    if "epochs" in wanted:
        wanted.setdefault("train_limit", default_of("train_limit"))
    return replace(base, **wanted)


def _suite_text(name: str) -> tuple[str, bytes]:
    """Where the suite `name` stands, and its text."""
    if name in suite_names():
        return f"suite '{name}'", (_suites_folder() / f"{name}.toml").read_bytes()
    if not name.endswith(".toml"):
        raise unknown("suite", name, suite_names(), "list suites")
    try:
        return name, files.content(Path(name))
    except OSError as error:
        raise BenchError(f"cannot read the suite file {name}: {error.strerror}; check the path") from error


def _from_toml(key: str, value: Any, place: str) -> Any:
    """The value of a TOML key as a field of Plan, its type checked."""
    if key not in SETTINGS:
        raise BenchError(f"{place}: {unknown('key', key, SETTINGS, 'run --help')}")
    many, kind = shape_of(key)
    setting = SETTINGS[key]
    if many:
        items = value if isinstance(value, list) else [value]
        return tuple(_typed(setting, item, kind, place) for item in items)
    return _typed(setting, value, kind, place)


def _typed(setting: Field[Any], value: Any, kind: type, place: str) -> Any:
    if value in setting.metadata["words"]:
        return value
    reader = _READERS.get(setting.metadata["reads"])
    where = f"{place}: key '{setting.name}'"
    if reader and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            value = reader(str(value))
        except ValueError as error:
            raise BenchError(f"{where} takes {_WANTED[setting.metadata['reads']]}, not '{value}'") from error
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise BenchError(f"{where} takes {_WANTED[kind.__name__]}, not {brief(value)}")
    return _checked(setting, value, where)


def _checked(setting: Field[Any], value: Any, where: str) -> Any:
    """The value, if it is one of the choices and not too small."""
    choices, least = setting.metadata["choices"], setting.metadata["at_least"]
    if choices and value not in choices:
        raise BenchError(f"{where} takes {', '.join(choices)}, not '{value}'")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise BenchError(f"{where} takes {LARGEST} at most")
    none = setting.metadata["zero"] and value == 0
    if least is not None and value < least and not none:
        raise BenchError(f"{where} takes {least} or more, not {value}")
    return value


def seconds_of(text: str) -> float:
    """Seconds of a text such as 90s, 5m, 1.5h or plain 90."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?", text.strip())
    seconds = float(match[1]) * {"s": 1, "m": 60, "min": 60, "h": 3600, None: 1}[match[2]] if match else 0.0
    if not 0 < seconds <= _LONGEST:
        raise ValueError(text)
    return seconds


def _limit(text: str) -> float:
    """A duration, or 0 for none."""
    return 0.0 if text.strip() in ("0", "0.0") else seconds_of(text)


def _goal(text: str) -> float:
    """A share, or 0 for none."""
    return 0.0 if text.strip() in ("0", "0.0") else share(text)


def share(text: str) -> float:
    """The share of a text such as 3% or 0.03, exact as its digits: 9,940 of 10,000 are 99.4%."""
    value = float(text.strip().removesuffix("%"))
    value = round(value / 100, 15) if text.strip().endswith("%") else value
    if not 0 < value < 1:
        raise ValueError(text)
    return value


def _rate(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not 0 < value < inf:
        raise ValueError(text)
    return value


def _norm(text: str) -> float:
    """A number above 0, or 0 for none."""
    return 0.0 if text.strip() in ("0", "0.0") else _rate(text)


def _augmentation(text: str) -> str:
    """none, or single ones joined by +, put into their order."""
    parts = text.split("+")
    name = "+".join(part for part in SINGLE_AUGMENTATIONS if part in parts) or text
    if name not in AUGMENTATIONS or sorted(name.split("+")) != sorted(parts):
        raise ValueError(text)
    return name


def average(text: str) -> str:
    """none, swa, or ema with its decay behind it, EMA_DECAY where there is none."""
    if not re.fullmatch(r"none|swa|ema(0\.\d{0,8}[1-9])?", text, re.ASCII):
        raise ValueError(text)
    return f"ema{EMA_DECAY}" if text == "ema" else text


def _size(text: str) -> float:
    """Bytes of a text such as 2GiB, 500MB, or a plain number; 0 for none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kMGT])(i?))?B?", text.strip())
    size = float(match[1]) * (1024 if match[3] else 1000) ** " kMGT".index(match[2] or " ") if match else inf
    if size > LARGEST:
        raise ValueError(text)
    return size


def _input_shape(text: str) -> str:
    """CxHxW or CxHxW:CLASSES, of whole numbers above 0; "" for none."""
    if text and not re.fullmatch(r"[1-9]\d*(x[1-9]\d*){2}(:[1-9]\d*)?", text, re.ASCII):
        raise ValueError(text)
    return text


def _part(text: str) -> str:
    """NUMBER/COUNT, the number from 1 to the count; "" for none."""
    match = re.fullmatch(r"([1-9]\d{0,4})/([1-9]\d{0,4})", text, re.ASCII)
    if text and (not match or int(match[1]) > int(match[2])):
        raise ValueError(text)
    return text


def _target(text: str) -> str:
    """ARCHITECTURE=ACCURACY."""
    name, _, goal = text.rpartition("=")
    if not name or not share(goal):
        raise ValueError(text)
    return text


def _variant(text: str) -> str:
    """VARIANT=BASE."""
    name, base = split_outside_brackets(text, "=")
    if not name or not base:
        raise ValueError(text)
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "duration": seconds_of,
    "limit": _limit,
    "share": share,
    "goal": _goal,
    "rate": _rate,
    "norm": _norm,
    "average": average,
    "augmentation": _augmentation,
    "size": _size,
    "shape": _input_shape,
    "part": _part,
    "target": _target,
    "variant": _variant,
    "loader": loader_of,
}
_WANTED = {
    "duration": "a duration such as 90s, 5m or 1h",
    "limit": "a duration such as 90s or 5m, or 0",
    "share": "a share such as 3% or 0.03",
    "goal": "a share such as 99% or 0.99, or 0",
    "rate": "a number above 0, such as 0.01 or 1e-3",
    "norm": "a number above 0, such as 1, or 0",
    "augmentation": "none, or some of shift, crop, flip and cutout, such as shift+cutout",
    "average": "none, swa, or ema and its decay, such as ema0.99",
    "size": "an amount of memory such as 512MiB or 2GB, or 0",
    "shape": "CxHxW or CxHxW:CLASSES, such as 3x224x224:1000",
    "target": "an architecture and a share, such as lenet5=98%",
    "variant": "an architecture and the one it takes after, such as mlp_wide=mlp",
    "loader": f"{RESIDENT}, or {', '.join(LOADING)}, with _N for N processes, such as {LOADING[0]}_2",
    "part": "a part and how many there are, such as 2/5",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
}
