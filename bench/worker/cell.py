"""The measurement of one cell, in its worker: each part is sent as soon as it is known."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import asdict
from math import inf
from pathlib import Path
from random import Random
from typing import Protocol

import torch

from architectures import ShapeError
from bench import models
from bench.counters.energy import EnergyMeter, NoEnergyError, idle_watts
from bench.devices import Device, device_for, is_out_of_memory
from bench.devices.prefault import return_free_memory
from bench.errors import reason_of
from bench.machine import procfs
from bench.machine.family_memory import FamilyMemory
from bench.machine.system import describe_system
from bench.measure import denormals, noise
from bench.measure.batches import RESIDENT_IMAGES, Sources, kept_as_bytes, load_for
from bench.measure.blocks import Block, WarmUp, block_facts
from bench.measure.compiled import counts
from bench.measure.costs import count_operators, measure_costs, measure_memory
from bench.measure.numerics import measure_numerics, too_large, unknown
from bench.measure.reference import references
from bench.measure.speed import block_alone, measure_copy, measure_inference, measure_phases, measure_relative
from bench.measure.threads import ThreadsError, check_threads, refuse_changed
from bench.measure.watch import Watch, watch_warnings
from bench.measure.workload import Workload
from bench.origins.attempts import attempts_told
from bench.origins.digests import digests_of_code
from bench.origins.settings import changes, settings_now, who_changed
from bench.plan.cell import Cell
from bench.plan.compiled import COMPILED, as_torch_has_it, is_compiled
from bench.plan.loader import loads
from bench.plan.task import Task
from bench.process.channel import Channel, HungUpError
from bench.process.layout import layout_of, shift_heap
from bench.process.scratch import scratch
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.training.loading import Loading
from bench.training.record import Trained, learn
from bench.training.train import DivergedError
from bench.vocabulary import NO_ENGINE, Part
from bench.worker.batch_try import free_memory
from bench.worker.compiling import artifacts, beyond_steps, caches_for, seconds_of_first_steps
from bench.worker.energy import meter_of, no_energy
from bench.worker.gpu import gpu_of, throttles_of


def measure(task: Task, channel: Channel) -> None:
    """Measure one cell; each part is sent as plain data as soon as it is known.

    At the end comes the status, and after it only insight, a trace and a profile, whose loss costs nothing else.
    """
    with attempts_told(lambda _: None, task.left_out), caches_for(task.cell, task.caches):
        _measure(task, channel)


def _measure(task: Task, channel: Channel) -> None:
    try:
        cell = _parts_of(task, channel)
        cell.measure()
    except DivergedError as error:
        channel.send("status", ("diverged", str(error)))
    except ShapeError as error:
        channel.send("status", ("skipped", str(error)))
    except ThreadsError as error:
        channel.send("status", ("failed", str(error)))
    except HungUpError:  # nobody is there to hear of it
        raise
    except BaseException as error:  # whatever a cell raises is that cell's status, and Ctrl-C is none of a worker's
        status = "oom" if is_out_of_memory(error) else "failed"
        channel.send("status", (status, reason_of(error)))
    else:
        channel.send("status", ("ok", None))
        if task.insight:
            cell.look_inside()
        if task.profile:
            cell.profile()


def _parts_of(task: Task, channel: Channel) -> "_Parts":
    """Who measures the task's cell: this process alone, or with others that it launches."""
    if task.cell.engine != NO_ENGINE:
        from bench.worker.engine import EngineTask  # noqa: PLC0415 - only where a cell has an engine

        return EngineTask(task, channel)
    if task.cell.world_size == 1:
        return _CellTask(task, channel)
    from bench.worker.ranks import RankedTask  # noqa: PLC0415 - torchrun's agent takes part of a second to import

    return RankedTask(task, channel)


class _Parts(Protocol):
    """Who measures the parts of a task, and sends them."""

    def measure(self) -> None:
        """All but the profile."""

    def look_inside(self) -> None:
        """Insight into the trained net; whatever goes wrong with it is a warning."""

    def profile(self) -> None:
        """The profile; whatever goes wrong with it is a warning."""


class _CellTask:
    """The parts of a task, in order; timing comes first, in a process that has done nothing else."""

    def __init__(self, task: Task, channel: Channel) -> None:
        self.task, self.channel, self.cell = task, channel, task.cell
        self.trained: Trained | None = None  # where the net is to be looked into
        self.alone = 0.0  # CPU seconds of a step with one thread
        self.device: Device = device_for(task.cell)
        self.settings = settings_now()  # before any code of others runs
        self.system = {**describe_system(self.device), "layout": layout_of(shift_heap())}
        channel.send("system", self.system)
        check_threads(task.cell.threads)
        self.dataset = load_for(task.cell, task.data_dir, whole=task.epochs > 0)
        self.sources = Sources(self.dataset, self.device, free_memory(self.device) or inf)
        self.device.settle_memory()
        channel.send("code", digests_of_code(self.cell))
        self.meter = self._metered() if task.energy else None
        self.watch = Watch(self.meter, gpu_of(self.device))

    def measure(self) -> None:
        """Everything the task asks for; of a net that cannot be trained on the cell's batches, inference alone."""
        self._measure()
        if self.meter and self.meter.trouble:
            self._warn([no_energy(self.meter.trouble)])

    def _metered(self) -> EnergyMeter | None:
        """A meter of the device's energy, and what it tells of idle power first; None, with a warning, without one."""
        self.channel.send("stage", "idle power")
        try:
            meter = meter_of(self.device)
            watts = idle_watts(meter)
        except NoEnergyError as error:
            self._warn([no_energy(error)])
            return None
        self.system["energy"] = list(meter.names)
        self.channel.send("system", self.system)
        self._send([Measurement.of_value("idle_power", watts, "single")])
        return meter

    def _measure(self) -> None:
        trains = self._time() if self.task.blocks else True
        if self.task.blocks:
            self._see_settings()
        if self.task.epochs and trains:
            trained = learn(self.task, self.sources, self.channel, self.meter)
            self._send(trained.measurements, [trained.block])
            seconds = {measured.metric: measured.value for measured in trained.measurements}["training_step"]
            times = seconds / self.alone if self.alone and not loads(self.cell) else 0.0  # those have no fetch
            on_host = self.device.facts.on_host
            beside = noise.contention("training", [trained.block], self.cell.threads, times, on_host=on_host)
            self._warn(beside if trained.beside is None else trained.beside)
            self._warn([*_of_parts("training", trained.work), *kept_as_bytes("training", trained.work.images)])
            self.trained = trained if self.task.insight else None
            self._see_settings()

    def _time(self) -> bool:
        """The speed of the cell, and once what it costs; whether it can be trained."""
        self.channel.send("stage", "phases")
        work = self._workload(self.cell, loading=True)
        try:
            self._first_step(work)
        except Exception:
            if self.cell.batch_size > self.cell.accumulate or not (reason := self._untrainable()):
                raise
            self._warn([Warning("timing", "inference alone", None, reason)])
            inference, steady = self._inference(self._workload(self.cell))
            self._warn_of_noise("inference", inference, steady, self.cell.threads)
            return False
        if work.outputs:
            text = f"it gives several outputs ({work.outputs}): its loss is that of the first, and the others get none"
            self._warn([Warning("timing", "several outputs", None, text)])
        self._warn([*_of_parts("timing", work), *kept_as_bytes("timing", work.images)])
        phases, warm, beside = self._phases(work)
        inference, steady = self._inference(work)
        self._relative(work)
        self._warn_of_noise("phases", phases, warm.steady, self.cell.threads, beside)
        self._warn_of_noise("inference", inference, steady, self.cell.threads)
        if not torch.isfinite(work.step()):
            text = "the loss was not finite any more when timing ended"
            self._warn([Warning("timing", "loss not finite", None, text)])
        if self.task.costs:
            self._costs(work)
        elif self.task.peak:
            self._peak(work)
        return True

    def _phases(self, work: Workload) -> tuple[list[Block], WarmUp, list[Warning] | None]:
        """Time the training steps; their blocks, how they were warmed up, and who was beside a loader's processes.

        Whatever loads is ended then: all else is of the net, on resident images, and compares with any other cell's.
        """
        loading = Loading.of(work.loader, self.cell.threads)
        phases, measurements, warm = measure_phases(work, self.task.blocks, self.cell.threads, self.watch)
        loaded, beside = loading.end("phases") if loading else ([], None)
        work.stop_loading()
        self._warn(watch_warnings("phases", phases, self.watch.take_dropped()))
        _check_set(self.cell.threads)
        self.step_seconds = measurements[0].value
        self._send([*measurements, *loaded, *(counts() if is_compiled(self.cell) else ())], phases)
        overhead = {measured.metric: measured.value for measured in measurements}.get("mark_overhead", 0.0)
        self._warn(noise.of_marks("phases", overhead))
        self._warn(denormals.warnings_of("phases", work))
        return phases, warm, beside

    def _costs(self, work: Workload) -> None:
        """What the cell costs, counted on a workload of its own."""
        self.channel.send("stage", "costs")
        counted = self._workload(self.cell if work.recomputed else as_torch_has_it(self.cell))
        counts = measure_costs(counted)
        self._send(counts)
        self.channel.send("operators", count_operators(counted))
        del counted
        self._peak(work)
        self._numerics({count.metric: count.value for count in counts})

    def _peak(self, work: Workload) -> None:
        """The peak of memory, by what is left when a second net of the cell is made."""
        gc.collect()  # what a net and its optimizer hold of each other is let go now, not in the midst of the next part
        if self.device.facts.on_host and self.cell.implementation == COMPILED:
            self._warn(
                [_memory_unknown("its update is compiled anew for a second net, which takes more than its steps")]
            )
            return
        try:
            self._send(measure_memory(work))
        except Exception as error:  # the cell is timed; a second one of it may have no room beside it
            if not is_out_of_memory(error):
                raise
            self._warn([_memory_unknown(f"memory ran out while a second net was made to tell it: {reason_of(error)}")])

    def _inference(self, work: Workload) -> tuple[list[Block], bool]:
        """Time inference; its blocks, and whether the net ran steadily before."""
        self.channel.send("stage", "inference")
        inference, measurements, warm = measure_inference(work, self.cell.threads, self.watch)
        self._warn(watch_warnings("inference", inference, self.watch.take_dropped()))
        self._send(measurements + measure_copy(work), inference)
        return inference, warm.steady

    def _untrainable(self) -> str | None:
        """Why the net cannot be trained on one image, or None."""
        text = self.cell.source("architecture")
        return models.trouble_with_one_image(text, self.dataset.input_shape, self.dataset.num_classes)

    def _see_settings(self) -> None:
        """Say what was set for the whole process while the cell was measured, and what holds there now.

        Raises:
            ThreadsError: what it was measured with is not what the cell says.

        """
        now = settings_now()
        changed = changes(self.settings, now)
        self.settings = now
        refuse_changed(changed)
        if changed:
            words = ", ".join(f"{name} ({values})" for name, values in changed.items())
            text = (
                f"{who_changed(changed)} changed what holds for all of its process, and so for these numbers: {words}"
            )
            self._warn([Warning("timing", "settings changed", None, text)])
            with suppress(Exception):  # flags of an old and a new kind do not go together in torch, which raises then
                self.channel.send("system", {**self.system, **describe_system(self.device)})

    def _numerics(self, counts: Mapping[str, float]) -> None:
        """How far the first step lies from float64, where there is the memory to tell."""
        if self.device.facts.on_host and (
            reason := too_large(counts, procfs.memory().get("memory_available"), self.cell.accumulate)
        ):
            self._warn([unknown(reason)])
            return
        try:
            measurements, warnings = measure_numerics(self._workload(self.cell))
        except Exception as error:  # the cell is measured; this is beside it
            self._warn([unknown(reason_of(error))])
            return
        self._send(measurements)
        self._warn(warnings)

    def look_inside(self) -> None:
        """Look into the net as training left it, which is let go then; whatever goes wrong is a warning."""
        trained, self.trained = self.trained, None
        if trained is None:
            return
        self.channel.send("stage", "insight")
        try:
            from bench.insight.look import insight_metrics, look  # noqa: PLC0415 - only where it is asked for
            from bench.insight.subject import subject_of  # noqa: PLC0415 - likewise

            subject = subject_of(trained.work, trained.scores, self.dataset, self.sources.statistics)
            insight = look(subject)
        except HungUpError:
            raise
        except BaseException as error:  # the cell is measured and trained; this is beside it
            self._warn([Warning("insight", "no insight", None, reason_of(error))])
            return
        self.channel.send("insight", asdict(insight))
        self._send(insight_metrics(insight))

    def profile(self) -> None:
        """Profile some steps of a fresh workload, and record what a step holds; whatever goes wrong is a warning."""
        self._profile()
        self._held_memory()

    def _held_memory(self) -> None:
        from bench.measure.held_memory import held_memory, peak_of  # noqa: PLC0415 - only where it is asked for

        self.channel.send("stage", "memory over a step")
        reason = "a replayed graph takes no memory from the allocator" if self.cell.mode == "cuda_graph" else ""
        try:
            memory = None if reason else held_memory(self._workload(self.cell))
        except HungUpError:
            raise
        except BaseException as error:  # as of the profile
            memory, reason = None, reason_of(error)
        if memory is None:
            text = reason or f"torch records no allocations of {self.device.name}"
            self._warn([Warning("profile", "memory not known", None, f"what a step holds when is not known: {text}")])
            return
        self.channel.send("memory", memory)
        self._send([Measurement.of_value("held_memory", float(peak_of(memory)), "maximum")])

    def _profile(self) -> None:
        from bench.measure.profile import profile_cell, profile_metrics  # noqa: PLC0415 - only where it is asked for

        self.channel.send("stage", "profile")
        try:
            with scratch() as folder:
                summary = profile_cell(lambda: self._workload(self.cell, loading=True), Path(folder))
                self.channel.send("file", ("trace", summary["trace"], (Path(folder) / summary["trace"]).read_bytes()))
        except HungUpError:
            raise
        except BaseException as error:  # the cell is measured; the profile is beside it
            self._warn([Warning("profile", "no profile", None, reason_of(error))])
            return
        if self.device.facts.profiler_activity and summary["side"] == "host":
            text = f"the profiler saw no kernel of {self.device.name}: these are the host's operators alone"
            self._warn([Warning("profile", "no kernels", None, text)])
        self.channel.send("profile", summary)
        self._send(profile_metrics(summary, self.step_seconds, self.cell.threads))

    def _first_step(self, work: Workload) -> None:
        """The first step, which chooses kernels, and those until the step is compiled or captured, where asked for."""
        compiled = is_compiled(self.cell)
        if compiled:
            return_free_memory()  # else what compiling takes would come of what the process holds already
        with FamilyMemory() if compiled else nullcontext() as held:
            taken = seconds_of_first_steps(work)
        threads = self.cell.threads
        measurements = [Measurement.of_value("first_step", taken[0], "single", threads)]
        if compiled or not work.is_eager:
            measurements.append(Measurement.of_value("compile_time", beyond_steps(taken), "single", threads))
        if held is not None and held.peak is not None:
            measurements.append(Measurement.of_value("compile_memory", held.peak, "maximum", threads))
            self.device.settle_memory()
        self._send(measurements)
        if self.task.starts:
            self.channel.send("artifacts", artifacts())

    def _relative(self, work: Workload) -> None:
        """Cell against the frozen references in alternating blocks."""
        task = self.task
        self.channel.send("stage", "relative cost")
        threads = task.relative_threads
        torch.set_num_threads(threads)
        order = Random(f"{task.order_seed}/{task.repeat}/{self.cell.id}")  # text, so that every process draws alike
        nets = references(self.device.torch_device)
        blocks, measurements, steady = measure_relative(work, nets, task.blocks, order, threads, watch=self.watch)
        _check_set(threads)
        self._send(measurements, blocks)
        compared = [block for block in blocks if block.subject in ("cell", "reference")]
        self._warn(watch_warnings("relative cost", blocks, self.watch.take_dropped()))
        self._warn_of_noise("relative cost", compared, steady, threads)
        if threads == 1 or self.device.facts.on_host:
            torch.set_num_threads(1)
            self.alone = noise.seconds_alone(compared if threads == 1 else [block_alone(work)])
        torch.set_num_threads(self.cell.threads)

    def _workload(self, cell: Cell, *, loading: bool = False) -> Workload:
        """A workload on the images that timing cycles through, fed by the cell's loader where that is asked for."""
        part = self.sources.train(cell, max(RESIDENT_IMAGES, cell.batch_size))
        return self.sources.workload(cell, part, loading=loading)

    def _send(self, measurements: list[Measurement], blocks: list[Block] | None = None) -> None:
        self.channel.send("measurements", [measurement.to_dict() for measurement in measurements])
        self.channel.send("blocks", [block_facts(block) for block in blocks or []])

    def _warn_of_noise(
        self, part: Part, blocks: list[Block], steady: bool, threads: int, beside: list[Warning] | None = None
    ) -> None:
        throttles = throttles_of(self.device, self.watch)
        loaded = part == "phases" and loads(self.cell)
        alone = self.alone if threads > 1 and not loaded else 0.0
        on_host = self.device.facts.on_host
        self._warn(
            noise.warnings_of(
                part,
                blocks,
                steady,
                threads,
                throttles=throttles,
                alone=alone,
                on_host=on_host,
                loaded=loaded,
                beside=beside,
            )
        )

    def _warn(self, warnings: Iterable[Warning]) -> None:
        for warning in warnings:
            self.channel.send("warning", warning.to_dict())


def _memory_unknown(reason: str) -> Warning:
    return Warning("timing", "memory not known", None, f"the peak of memory is not known: {reason}")


def _of_parts(part: Part, work: Workload) -> Iterator[Warning]:
    """That a batch in parts trains otherwise than the whole batch, where the net has layers that say so.

    It is said of each `part` of the measurement: a cell may be timed or trained alone.
    """
    if work.cell.accumulate > 1 and work.batch_norms:
        size, whole = work.cell.batch_size // work.cell.accumulate, work.cell.batch_size
        text = f"batch normalization goes by parts of {size} images: it does not train as a whole batch of {whole} does"
        yield Warning(part, "normalized in parts", None, text)


def _check_set(threads: int) -> None:
    """See that torch still has the threads that a part was timed with.

    Raises:
        ThreadsError: the cell's code has set others.

    """
    if (now := torch.get_num_threads()) != threads:
        raise ThreadsError(f"its code set torch to {now} threads while {threads} were timed: leave that to --threads")
