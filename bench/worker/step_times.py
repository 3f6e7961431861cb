"""Step times: a step of the user's own, timed by itself in a fresh process."""

from functools import partial

from bench.measure import noise
from bench.measure.blocks import quiet_collector
from bench.measure.own_step import outside_of, seconds_of
from bench.measure.watch import Watch, watch_warnings
from bench.process.channel import Channel
from bench.process.layout import shift_heap
from bench.process.messages import StepTask, StepTimes
from bench.worker.failure import failure_sent, place_told
from bench.worker.gpu import gpu_of, throttles_of
from bench.worker.step_setup import opened


def measure(task: StepTask, channel: Channel) -> None:
    """Send what the step is, then the times of all steps in so many blocks."""
    with failure_sent(channel):
        shift_heap(task.get("heap_offset"))
        with opened(task) as (own, facts):
            channel.send("facts", facts)
            with quiet_collector(), place_told(task["label"]):
                warm = own.warm_up()
                run, watch = partial(own.block, warm.block_steps), Watch(gpu=gpu_of(own.device))
                blocks = [watch.block(run, own.lead_in) for _ in range(task["blocks"])]
            throttles = throttles_of(own.device, watch)
            warnings = noise.warnings_of("step", blocks, warm.steady, facts["threads"], throttles=throttles)
            warnings += watch_warnings("step", blocks, watch.take_dropped())
            times: StepTimes = {
                "seconds": seconds_of(blocks).tolist(),
                "phases": {name: seconds.tolist() for name, seconds in own.phases_of(blocks).items()},
                "outside": outside_of(blocks).tolist(),
                "warnings": [warning.to_dict() for warning in warnings],
            }
            channel.send("times", times)
