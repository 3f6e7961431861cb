"""Estimate: how long a plan will take, told before it starts. A rough forecast, never a measurement."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from math import ceil, log, prod

from bench.plan import timing
from bench.plan.attacked import attacked_images
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.compiled import is_compiled
from bench.plan.engines import served_batches
from bench.plan.grid import reference_threads
from bench.plan.plan import Plan
from bench.plan.surface import PLANES, POINTS, SIDE, groups_of, sampled_images, why_not
from bench.plan.workloads import target_of
from bench.vocabulary import NO_ENGINE

START_SECONDS = 0.6  # process, data set, first calls
COST_SECONDS = 0.7
STARTUP_SECONDS = 4.0  # the first server, which imports torch, and the catalogue that a worker tells
CEILING_SECONDS = 1.0  # of the machine, for each device, type and number of threads
PAGE_SECONDS = 3.0  # of drawing, and for each configuration:
PAGE_SECONDS_EACH = 0.1
EVALUATED_IMAGES = 5000  # of the training images, beside those of the test set, at the end of each epoch
EVALUATION_FLOPS_PER_SECOND = 6e10  # a core's: larger batches, and no gradients
INSIGHT_SECONDS = 2.5  # of a look into a trained net, however small it is, saliency and the import of captum included
ATTACK_PASSES = 40  # over the attacked images, a pass back to the pixels counted as two
RENEWAL_SECONDS = 3.0  # a fresh server of the workers, which imports torch
TRAIN_FLOPS_PER_SECOND = 2e10  # a core's, on nets of SMALL FLOPs an image or fewer; within a factor of about three
LARGE_GAIN = 4.0  # by which it is higher on nets of LARGE FLOPs or more, whose operators are long
SMALL, LARGE = 1e8, 1e9
DEVICE_FLOPS_PER_SECOND = 5e12  # a GPU's, likewise; they differ by a factor of ten
STEP_SECONDS = 4e-4  # what a training step takes however small the net
WARM_LONG_STEPS = 6  # steps before the first that is timed, where each is longer than a block
COMPILE_SECONDS = 20.0
ENGINE_SECONDS = 1.0  # of making a net ready to answer
COMPILED_ENGINE_SECONDS = 8.0  # likewise, compiled: the first time longer, then mostly found again
START_AGAIN_SECONDS = 20.0  # a warm start and a restored one, which on a CPU compiles its C++ again
TRACE_SECONDS = 2.0  # of the steps in which several ranks show their exchanges, and of reading the trace
CLOSURE_EVALUATIONS = 6  # of the model, in a step of an optimizer that searches along a line


def least_seconds(cells: Iterable[Cell], plan: Plan) -> float:
    """Seconds that one repeat takes at the very least, training left out."""
    if not plan.blocks:
        return sum(START_SECONDS for _ in cells)
    block = timing.BLOCK_SECONDS
    warm = timing.WARM_SECONDS + 4 * timing.WARM_AGAIN
    launches = min(timing.LAUNCH_BLOCKS, plan.blocks)
    timed = warm + block * (3 * plan.blocks + launches + timing.INFERENCE_BLOCKS)
    together = timing.WARM_SECONDS + block * plan.blocks  # several ranks have neither inference nor a reference
    alone = timing.WARM_SECONDS + block * timing.LATENCY_BLOCKS
    each = timing.WARM_AGAIN + block * timing.INFERENCE_BLOCKS  # batch size that an engine is given
    start = START_SECONDS + (timing.IDLE_SECONDS if plan.energy else 0.0)

    def seconds(cell: Cell) -> float:
        if cell.engine != NO_ENGINE:
            return alone + each * len(served_batches(cell))
        return timed if cell.world_size == 1 else together

    return sum(start + seconds(cell) for cell in cells)


def expected_seconds(cells: Iterable[Cell], plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that all repeats of `cells` are likely to take, training in the first included."""
    cells = list(cells)
    blocks = least_seconds(cells, plan) * plan.repeats
    if not plan.blocks:
        return blocks + sum(learning_seconds(cell, plan, catalogue) for cell in cells)
    leads = 2 * plan.blocks * timing.LEAD_SECONDS * plan.repeats * len(cells)
    extra = sum(_extra_seconds(cell, plan, catalogue) for cell in cells) * plan.repeats
    return blocks + leads + extra + sum(COST_SECONDS + learning_seconds(cell, plan, catalogue) for cell in cells)


def timing_seconds(cell: Cell, plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that a repeat without training is likely to take."""
    return expected_seconds([cell], replace(plan, repeats=1, epochs=0), catalogue) - COST_SECONDS


def around_seconds(cells: Collection[Cell], plan: Plan) -> float:
    """Seconds that are likely to go by before the first cell and after the last: start-up, ceilings and the page."""
    probes = {(cell.device, cell.dtype, cell.threads) for cell in cells} if plan.blocks else ()
    return STARTUP_SECONDS + CEILING_SECONDS * len(probes) + page_seconds(cells, plan)


def page_seconds(cells: Iterable[Cell], plan: Plan) -> float:
    """Seconds that drawing the page is likely to take."""
    return PAGE_SECONDS + PAGE_SECONDS_EACH * len({cell.configuration for cell in cells}) if plan.report else 0.0


def renewal_seconds(cells: Iterable[Cell], plan: Plan) -> float:
    """Seconds that fresh servers are likely to take: one for each seed of each repeat but the first."""
    return RENEWAL_SECONDS * bool(plan.blocks) * max(0, plan.repeats * len({cell.seed for cell in cells}) - 1)


def surface_seconds(cells: Iterable[Cell], plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that planes through loss surfaces are likely to take: each cell is trained once more."""
    groups = groups_of(cells) if plan.surface else []
    return sum(_surface_seconds(group, plan, catalogue) for group in groups if not why_not(group, catalogue))


def _surface_seconds(group: Collection[Cell], plan: Plan, catalogue: Catalogue) -> float:
    cell = next(iter(group))
    flops, images = _flops(cell, catalogue), (catalogue.dataset(cell.dataset) or {})["train"]
    passes = sampled_images(flops, images) * (PLANES * SIDE**2 + POINTS * len(group))
    losses = passes * flops / _evaluated_flops_per_second(cell, catalogue)
    return START_SECONDS + losses + sum(training_seconds(each, plan, catalogue) for each in group)


def trial_seconds(trials: Iterable[Cell], plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that the trials of learning rates are likely to take: each is trained, and nothing is timed."""
    return sum(START_SECONDS + learning_seconds(cell, plan, catalogue) for cell in trials)


def _extra_seconds(cell: Cell, plan: Plan, catalogue: Catalogue) -> float:
    """Seconds of one process beyond the least: steps that are longer than a block, and compiling."""
    block = timing.BLOCK_SECONDS
    own = _step_seconds(cell, cell.threads * cell.world_size, catalogue)
    compared = _step_seconds(cell, reference_threads(cell, plan, catalogue.devices), catalogue)
    steps = (WARM_LONG_STEPS + plan.blocks) * max(0.0, own - block)
    if cell.world_size > 1:
        return steps + TRACE_SECONDS
    if cell.engine != NO_ENGINE:
        return ENGINE_SECONDS if cell.engine in ("eager", "inference_mode", "bfloat16") else COMPILED_ENGINE_SECONDS
    steps += (WARM_LONG_STEPS + timing.INFERENCE_BLOCKS) * max(0.0, own / 3 - block)
    steps += (WARM_LONG_STEPS + 2 * plan.blocks) * max(0.0, compared - block)  # a lead before each block
    starts = START_AGAIN_SECONDS if plan.starts else 0.0
    return steps + (COMPILE_SECONDS + starts if is_compiled(cell) else 0.0)


def _step_seconds(cell: Cell, threads: int, catalogue: Catalogue) -> float:
    """What a training step takes: forward, and backward that is twice as much arithmetic."""
    flops = _flops(cell, catalogue)
    rate = _host_rate(flops) * threads if catalogue.devices[cell.device].on_host else DEVICE_FLOPS_PER_SECOND
    return STEP_SECONDS * cell.accumulate + 3 * flops * cell.batch_size / rate


def _host_rate(flops: float) -> float:
    """FLOPs a second of a core, for a net of so many an image."""
    share = log(max(flops, SMALL) / SMALL) / log(LARGE / SMALL)
    return float(TRAIN_FLOPS_PER_SECOND * LARGE_GAIN ** min(1.0, share))


def _flops(cell: Cell, catalogue: Catalogue) -> float:
    """FLOPs of a forward pass of one image.

    They are known for images of one size; for others they are taken to follow the number of pixels.
    """
    facts, images = catalogue.architectures[cell.architecture], catalogue.dataset(cell.dataset) or {}
    sizes = [prod(each["input_shape"][1:]) for each in (images, facts) if each.get("input_shape")]
    return float(facts.get("flops_forward", 0) * (sizes[0] / sizes[1] if len(sizes) == 2 else 1.0))


def learning_seconds(cell: Cell, plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that training, at most its limit, its evaluations and a look into the net are likely to take."""
    whole = training_seconds(cell, plan, catalogue)
    if not whole:
        return 0.0
    limited = min(whole, plan.train_limit or whole)
    seconds = limited + _evaluation_seconds(cell, plan, catalogue, plan.epochs * limited / whole)
    return seconds + (_insight_seconds(cell, catalogue) if plan.insight and cell.split == "test" else 0.0)


def _insight_seconds(cell: Cell, catalogue: Catalogue) -> float:
    """Seconds that a look into the trained net is likely to take: mostly attacks on some of the test images."""
    flops = _flops(cell, catalogue)
    images = attacked_images(flops, (catalogue.dataset(cell.dataset) or {}).get("test", 0))
    return INSIGHT_SECONDS + ATTACK_PASSES * images * flops / _evaluated_flops_per_second(cell, catalogue)


def training_seconds(cell: Cell, plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that all epochs are likely to take, if no limit ends them."""
    if cell.world_size > 1:
        return 0.0  # they are timed alone
    images = (catalogue.dataset(cell.dataset) or {})["train"] * plan.epochs
    seconds: float = _step_seconds(cell, cell.threads, catalogue) * images / cell.batch_size
    if catalogue.optimizers[cell.optimizer]["needs_closure"]:
        seconds *= CLOSURE_EVALUATIONS
    return seconds


def evaluations(cell: Cell, plan: Plan, epochs: float) -> tuple[int, int]:
    """How often a training of so many epochs stops for the test images, and how often for training images as well."""
    if target_of(cell, plan.to_dict()) or plan.goal:
        return ceil(plan.evaluations * epochs), ceil(epochs)
    ends = {number / epochs for number in range(1, int(epochs) + 1)} | {1.0}
    return len(ends.union(timing.EARLY_LOOKS if cell.split == "test" else ())), ceil(epochs)


def _evaluation_seconds(cell: Cell, plan: Plan, catalogue: Catalogue, epochs: float) -> float:
    """Seconds that all evaluations of a training of so many epochs are likely to take."""
    sets = catalogue.dataset(cell.dataset) or {}
    tests, trains = evaluations(cell, plan, epochs)
    images = tests * sets.get("test", 0) + trains * min(EVALUATED_IMAGES, sets["train"])
    return float(_flops(cell, catalogue) * images / _evaluated_flops_per_second(cell, catalogue))


def _evaluated_flops_per_second(cell: Cell, catalogue: Catalogue) -> float:
    on_host = catalogue.devices[cell.device].on_host
    return EVALUATION_FLOPS_PER_SECOND * cell.threads if on_host else 2 * DEVICE_FLOPS_PER_SECOND
