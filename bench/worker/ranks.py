"""The measurement of a cell that several processes train together: launched here, and summed up as one result."""

from collections.abc import Iterator, Sequence

from bench.devices import DEVICES
from bench.measure.blocks import block_facts
from bench.measure.speed import step_measurements
from bench.plan.task import Task
from bench.process.channel import Channel
from bench.ranks.blocks import slowest_blocks
from bench.ranks.launch import launch
from bench.ranks.rank import RankParts, measure_rank
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.trace.communication import Communication


class RankedTask:
    """A task whose cell has several ranks. It is timed and traced, and not trained.

    This process runs no operator and opens no device: a rank that is forked from it could use neither.
    """

    def __init__(self, task: Task, channel: Channel) -> None:
        self.task, self.channel = task, channel

    def measure(self) -> None:
        """Time the step, and how much of it is communication.

        Raises:
            RankError: a rank failed.

        """
        cell = self.task.cell
        self.channel.send("stage", "ranks")
        on_host = DEVICES[cell.device.partition(":")[0]].facts.on_host
        ranks = launch(cell.world_size, measure_rank, self.task, start="fork" if on_host else "spawn")
        self.channel.send("system", dict(ranks[0].system))
        self.channel.send("code", dict(ranks[0].code))
        blocks = slowest_blocks([rank.blocks for rank in ranks])
        measurements = step_measurements(blocks, ranks[0].phases, cell.batch_size, cell.threads)
        measurements += communication([rank.communication for rank in ranks], cell.threads)
        self.channel.send("measurements", [measurement.to_dict() for measurement in measurements])
        self.channel.send("blocks", [block_facts(block) for block in blocks])
        for warning in worst(ranks):
            self.channel.send("warning", warning.to_dict())

    def look_inside(self) -> None:
        """Nothing: several ranks train nothing that could be looked into."""

    def profile(self) -> None:
        """Nothing: a profile is of one process, and the time of exchanges is told without."""
        text = "a cell of several ranks has none: profile it with --world-sizes 1"
        self.channel.send("warning", Warning("profile", "no profile", None, text).to_dict())


def communication(ranks: Sequence[Communication | None], threads: int) -> list[Measurement]:
    """What exchanges take, by the rank that waits least in them: the others are in one from when they came first."""
    known = [rank for rank in ranks if rank]
    if not known:
        return []
    least = min(known, key=lambda rank: rank.seconds)
    return [
        Measurement.of_value("communication", least.seconds, "mean", threads),
        Measurement.of_value("communication_exposed", least.exposed, "mean", threads),
    ]


def worst(ranks: Sequence[RankParts]) -> Iterator[Warning]:
    """Of the warnings of one part and kind the gravest rank's."""
    every = [warning for rank in ranks for warning in rank.warnings]
    for key in dict.fromkeys((warning.part, warning.kind) for warning in every):
        alike = [warning for warning in every if (warning.part, warning.kind) == key]
        yield max(alike, key=_gravity)


def _gravity(warning: Warning) -> float:
    """The amount, where more of it is worse; of a share of a core that was had, less is."""
    amount = warning.amount or 0.0
    return -amount if warning.kind == "contended" else abs(amount)
