"""The ladder: what each trick of the suites `speedrun` and `speedrun-994` gains over the step before it.

`python -m tests.speedrun.ladder` trains ten seeds of each step and writes the table into docs/suites.md: a quarter of
an hour, on a quiet machine. Each seed climbs all steps, in an order that is drawn, before the next one does, so that an
hour in which the machine is slower is nobody's gain.
"""

import sys
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from bench.plan.plan import Plan, plan_of_values
from bench.plan.tuning import plan_of_trials
from bench.process.executor import open_executor
from bench.session.observer import SILENT
from bench.session.run import measure, prepare
from bench.store.pooling import pooled
from bench.store.warning import Warning, disturbed_parts
from bench.text import PERCENT, change, either_way, points, quantity, with_interval
from tests.conftest import ROOT

SEEDS = tuple(range(10))
PAGE = ROOT / "docs" / "suites.md"
BEGIN, END = "<!-- begin of what python -m tests.speedrun.ladder writes -->", "<!-- end -->"
HEAD = "| step, each with all before | training | its change | accuracy | its change |\n|---|---|---|---|---|"

PLAIN: Mapping[str, Any] = {
    "architectures": "lenet5",
    "optimizers": "adam",
    "implementations": "default",
    "losses": "cross_entropy",
    "learning_rates": [],
    "schedules": "constant",
    "batch_sizes": 64,
    "normalizations": "unit",
    "dtypes": "float32",
    "denormals": "keep",
    "memory_formats": "contiguous",
    "augmentations": "none",
    "epochs": 1,
}
STEPS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("lenet5 by Adam, batch 64", PLAIN),
    ("fused optimizer, denormals flushed", {"implementations": "auto", "denormals": "flush"}),
    ("channels_last", {"memory_formats": "channels_last"}),
    ("standardized pixels", {"normalizations": "standard"}),
    (
        "batch 256, one cycle to a rate of 0.01",
        {"batch_sizes": 256, "learning_rates": 0.0033, "schedules": "one_cycle"},
    ),
    ("AdamW, betas 0.7 and 0.9", {"optimizers": "torch.optim:AdamW(betas=(0.7, 0.9))"}),
    ("lenet_strided", {"architectures": "lenet_strided"}),
    ("label smoothing 0.1", {"losses": "torch.nn:CrossEntropyLoss(label_smoothing=0.1)"}),
    ("bfloat16", {"dtypes": "bfloat16"}),
    ("lenet_strided_wide", {"architectures": "lenet_strided_wide"}),
    ("images shifted", {"augmentations": "shift"}),
    ("three epochs", {"epochs": 3}),
)  # fmt: skip


class Learnt(NamedTuple):
    """What the seeds of a step learnt, in their order, and whether other work took the cores of any."""

    accuracies: Sequence[float]
    seconds: Sequence[float]
    contended: bool = False


def plans(seeds: Sequence[int] = SEEDS) -> list[Plan]:
    """The plan of each step: the changes up to its own together."""
    settings: dict[str, Any] = {}
    steps = []
    for _, changes in STEPS:
        settings = {**settings, **changes}
        steps.append(plan_of_values("the ladder", {"suite": "speedrun", **settings, "seeds": list(seeds), "goal": 0}))
    return steps


def learnt(plan: Plan, *, concurrent: bool = False) -> Learnt:
    """Train the step's seeds, each in a fresh process, and time nothing else; `concurrent`: beside other runs."""
    with open_executor(plan) as executor:
        executor.prepare()
        work = prepare(plan_of_trials(plan), executor, SILENT)
        lines = [*measure(work, executor, SILENT, command="the ladder", concurrent=concurrent).lines()]
    lines.sort(key=lambda line: line["cell"]["seed"])
    ends = [line["training"]["epochs"][-1] for line in lines]
    warnings = [Warning.from_dict(each) for line in lines for each in line["warnings"]]
    return Learnt(
        [end["test_accuracy"] for end in ends],
        [end["seconds"] for end in ends],
        "training" in disturbed_parts(warnings),
    )


def climbed(seed: int, order: Random) -> list[Learnt]:
    """What one seed learns at each step; they are trained in an order that is drawn."""
    steps = dict(enumerate(plans([seed])))
    drawn = order.sample(list(steps), len(steps))
    trained = {at: learnt(steps[at]) for at in drawn}
    return [trained[at] for at in steps]


def together(seeds: Sequence[Sequence[Learnt]]) -> list[Learnt]:
    """What all seeds learnt at each step, of what each did."""
    return [
        Learnt(
            [value for each in step for value in each.accuracies],
            [value for each in step for value in each.seconds],
            any(each.contended for each in step),
        )
        for step in zip(*seeds, strict=True)
    ]


def table(every: Sequence[Learnt]) -> str:
    """The table: of each step its means with 95 % intervals over seeds, and its changes, paired by seed."""
    rows = [
        f"| {name} | {time(step)} | {gains[0]} | {accuracy(step)} | {gains[1]} |"
        for (name, _), step, gains in zip(STEPS, every, [("", ""), *map(gained, every, every[1:])], strict=True)
    ]
    return "\n".join([HEAD, *rows])


def time(step: Learnt) -> str:
    over = pooled(step.seconds, "log_mean")
    doubt = ", contended" if step.contended else ""
    return f"{quantity(over.value, 's')} {either_way(over.half_width or 0.0)}{doubt}"


def accuracy(step: Learnt) -> str:
    over = pooled(step.accuracies, "mean")
    return with_interval(over.value, PERCENT, over.high - over.value)


def gained(before: Learnt, after: Learnt) -> tuple[str, str]:
    """The changes from one step to the next, in time and in accuracy."""
    ratio = pooled(np.divide(after.seconds, before.seconds), "log_mean")
    rise = pooled(np.subtract(after.accuracies, before.accuracies), "mean")
    return change(ratio.value, ratio.low, ratio.high), points(rise.value, rise.low, rise.high)


def written(text: str, rows: str) -> str:
    """The text of the page with these rows between the two marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{rows}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    order, seeds = Random(0), []
    for seed in SEEDS:
        seeds.append(climbed(seed, order))
        sys.stdout.write(f"seed {seed}: {', '.join(quantity(step.seconds[0], 's') for step in seeds[-1])}\n")
        sys.stdout.flush()
    PAGE.write_text(written(PAGE.read_text("utf-8"), table(together(seeds))), "utf-8")
