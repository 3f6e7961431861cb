"""Step side: one side of an A/B comparison where a step of the user's own is run in place of a cell.

The parent may be of another revision than this code: as of `bench.worker.ab_side`, read bench/process/CONTRACT.md.
"""

from functools import partial
from math import ceil

from bench.measure.blocks import Block, quiet_collector
from bench.measure.own_step import OwnStep, seconds_of
from bench.measure.watch import Watch
from bench.origins.resolve import OriginError
from bench.process.channel import Channel
from bench.process.layout import layout_of, shift_heap
from bench.process.messages import BlockClock, BlockTimes, OnCore, Ready, StepTask
from bench.store.provenance import installed
from bench.worker.ab_side import OWN, clock_of, inject_slowdown, less_waiting
from bench.worker.failure import NoStepError, failure_sent, place_told
from bench.worker.gpu import gpu_of
from bench.worker.step_setup import opened


def try_out(task: StepTask, channel: Channel) -> None:
    """Send what the step is; "refused" where there is none of that name, "failed" where it raises."""
    with failure_sent(channel):
        try:
            with opened(task) as (_, facts):
                channel.send("facts", {**facts, "installed": installed()})
        except (OriginError, NoStepError) as error:
            channel.send("refused", str(error))


def serve(task: StepTask, channel: Channel) -> None:
    """Warm up, then answer each number of steps with their times, until None comes; then close the step."""
    with failure_sent(channel):
        layout, slower = layout_of(shift_heap(task.get("heap_offset"))), task["inject"]
        with opened(task) as (own, facts), quiet_collector():
            with place_told(task["label"]):
                warm = own.warm_up()
            watch = Watch(gpu=gpu_of(own.device), own=OWN)
            location = own.device.facts.location(facts["threads"])
            ready: Ready = {"steps": warm.block_steps, "steady": warm.steady, "statistic": location, "layout": layout}
            channel.send("ready", ready)
            while (steps := channel.receive()) is not None:
                with place_told(task["label"]):
                    own.lead_in()
                    block = watch.block(partial(own.block, ceil(steps * (1 + slower))), own.lead_in)
                channel.send("block", _times(own, block, clock_of(block, watch), slower, steps))


def _times(own: OwnStep, block: Block, clock: BlockClock, slower: float, steps: int) -> BlockTimes:
    core = less_waiting(block) if own.device.facts.on_host else OnCore()
    return {
        **core,
        **clock,
        "seconds": inject_slowdown(seconds_of([block]), slower, steps),
        "phases": {name: inject_slowdown(times, slower, steps) for name, times in own.phases_of([block]).items()},
        "faults": block.faults,
    }
