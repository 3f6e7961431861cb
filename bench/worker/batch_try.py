"""Batch try: whether training steps on batches of one size fit a limit of memory, in a worker that is lost if not."""

from bench.devices import Device, device_for, is_out_of_memory
from bench.errors import reason_of
from bench.machine import procfs
from bench.measure.batches import Sources, load_for
from bench.measure.costs import peak_of_steps
from bench.origins.attempts import attempts_told
from bench.plan.task import BatchTask
from bench.process.channel import Channel, HungUpError
from bench.text import quantity

LEFT_ALONE = 1 / 4  # of the memory that is free on the host, for what else runs there


def try_batch(task: BatchTask, channel: Channel) -> None:
    """Build the task's cell and step it within its limit; say what that took."""
    try:
        with attempts_told(lambda _: None, task.left_out):
            _try(task, device_for(task.cell), channel)
    except HungUpError:
        raise
    except BaseException as error:  # whatever a cell raises at this size
        channel.send("tried", ("oom" if is_out_of_memory(error) else "failed", reason_of(error), None))


def _try(task: BatchTask, device: Device, channel: Channel) -> None:
    """Step it. The limit counts from where the images lie on the device, as the peak of memory does, which decides.

    The system holds the process to it meanwhile, so that a try that is far too large fails by itself.
    """
    dataset = load_for(task.cell, task.data_dir, whole=False)
    images = Sources(dataset, device).train(task.cell, task.cell.batch_size)
    limit = task.limit or free_memory(device)
    channel.send("limit", limit)
    device.limit_memory(limit)
    peak = peak_of_steps(task.cell, device, *images, dataset.num_classes).get("peak_memory")
    if peak is not None and peak > limit:
        channel.send("tried", ("oom", f"it takes {quantity(peak, 'B')}", peak))
    else:
        channel.send("tried", ("ok", None, peak))


def free_memory(device: Device) -> float:
    """Bytes that may be taken where nobody says how many."""
    if device.facts.on_host:
        return (procfs.free_memory() or 0.0) * (1 - LEFT_ALONE)
    return device.free_memory() or 0.0
