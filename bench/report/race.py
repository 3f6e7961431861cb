"""The race of optimizers on the page: their performance profiles as steps with bands, and who scores best."""

from matplotlib.artist import Artist
from matplotlib.ticker import FixedLocator, FuncFormatter

from bench.plan.cell import Cell
from bench.report import svg
from bench.report.order import Sentence
from bench.report.plotting import Picture, finish
from bench.report.record import Record
from bench.report.units import percent
from bench.stats.performance_profile import TAU, Profiles
from bench.store.race import Race
from bench.store.race_sentences import basis_of, edges_of, leader_of, score_told, splits_of, workload_sentence
from bench.store.raced import race_of, workload_of
from bench.text import joined, number, plural
from bench.vocabulary import RaceMeasure

_DASHES = ((), (4, 1.5), (1, 1), (6, 1.5, 1, 1.5))  # one after the other, so that no two lines share colour and dashes


def racing(record: Record) -> list[Picture]:
    """The performance profile of a run that trained to targets with several optimizers; nothing for others."""
    race = _race(record)
    if not race.is_one:
        return []
    measure = _measure(race)
    drawn, canvas = race.profiles(measure), svg.canvas("race-profile", width=420, height=270)
    order = (-drawn.scores).argsort(kind="stable")
    for place, at in enumerate(map(int, order)):
        keys = _rows_of(record, race, race.optimizers[at])
        canvas.mark(_line(canvas, race, drawn, (at, place)), keys, _in_words(race, drawn, at))
    axes = canvas.axes
    axes.set_xlim(1, TAU)
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_locator(FixedLocator([1, 1.5, 2, 2.5, 3, 3.5, 4]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value) if value else "0 %"))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel(f"times the {measure} of the fastest optimizer")
    axes.set_title("workloads within that factor", loc="left", color=svg.MUTED)
    canvas.figure.legend(loc="outside right upper", handlelength=2.6, fontsize=9, title="score")
    bands = "" if drawn.share_ends is None else " Bands are 95 % intervals at each factor."
    caption = (
        f"{leader_of(race, measure, drawn)} A line says on which share of workloads an optimizer takes at most so many "
        f"times the {measure} of the fastest one there; one that ends below 100 % missed a target, or took more still. "
        f"{basis_of(race, measure)}{bands}{_by_steps(race)}"
    )
    return [finish(canvas, "How often each optimizer is near the fastest", caption)]


def race_sentence(record: Record) -> Sentence | None:
    """Who scores best, with who is first on each workload; None where no optimizers race."""
    race = _race(record)
    if not race.is_one:
        return None
    measure = _measure(race)
    each = [workload_sentence(race, measure, workload) for workload in race.targets]
    parts = [*each, basis_of(race, measure).removesuffix("."), *race.absent, *splits_of(race), *edges_of(race)]
    evidence = ". ".join(parts) + f".{_by_steps(race)}"
    return Sentence("Optimizers", leader_of(race, measure, race.profiles(measure)), evidence)


def _race(record: Record) -> Race:
    return race_of(record.results, record.facts.plan, record.facts.optimizers, record.facts.tuned)


def _measure(race: Race) -> RaceMeasure:
    """Seconds, unless something speaks against them."""
    return "steps" if race.against_seconds else "seconds"


def _by_steps(race: Race) -> str:
    """Why seconds are not shown, where they are not."""
    return f" By steps, since {joined(race.against_seconds)}." if race.against_seconds else ""


def _line(canvas: svg.Canvas, race: Race, drawn: Profiles, which: tuple[int, int]) -> list[Artist]:
    """The profile of one optimizer, by its number and its place in the order, as steps; with a band if it has one."""
    at, place = which
    colour = svg.SERIES[place % len(svg.SERIES)]
    dashes = _DASHES[place % len(_DASHES)]
    steps = canvas.axes.plot(
        drawn.taus,
        drawn.shares[at],
        drawstyle="steps-post",
        color=colour,
        linewidth=1.8,
        linestyle=(0, dashes) if dashes else "-",
    )
    steps[0].set_label(f"{race.optimizers[at]} {number(drawn.scores[at])}")
    if drawn.share_ends is None:
        return [*steps]
    low, high = drawn.share_ends[:, at]
    band = canvas.axes.fill_between(drawn.taus, low, high, step="post", color=colour, alpha=0.09, linewidth=0)
    return [*steps, band]


def _rows_of(record: Record, race: Race, name: str) -> list[str]:
    """The keys of the rows that an optimizer has."""
    return [
        row.key
        for row in record.rows
        if any((name, workload_of(cell)) in race.rates and _is_of(name, cell) for cell in row.cells)
    ]


def _is_of(name: str, cell: Cell) -> bool:
    """Whether a cell is of the optimizer of that label, which begins with its name."""
    return name == cell.optimizer or name.startswith(f"{cell.optimizer} ")


def _in_words(race: Race, drawn: Profiles, at: int) -> str:
    within = ", ".join(f"{percent(float((drawn.ratios[at] <= tau).mean()))} within {tau:g}" for tau in (1.0, 2.0, TAU))
    words = f"score {score_told(drawn, at)}, n = {plural(race.seeds, 'seed')}"
    return f"{race.optimizers[at]}: {words}; of {plural(len(race.workloads), 'workload')} {within}"
