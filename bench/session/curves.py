"""Curves: a run's learning curves as TensorBoard's event files, made by a worker and kept in the run's folder."""

from collections.abc import Sequence
from pathlib import Path

from bench import files
from bench.errors import BenchError
from bench.metrics import row_of
from bench.process import entries
from bench.process.executor import TaskStarter, talk
from bench.process.messages import Curves
from bench.process.worker import WorkerError
from bench.session.collector import folder_of
from bench.store.run import Run

EVENT_FILES = "events.out.tfevents.*"
WRITING_SECONDS = 300.0


def curves_of(run: Run) -> list[Curves]:
    """What there is to draw of each cell that was trained; of one that was trained again, the last time."""
    curves: dict[str, Curves] = {}
    for result in run.results():
        name, epochs = folder_of(result.cell), (result.training or {}).get("epochs")
        if epochs:
            finals = {
                measurement.metric: measurement.value
                for measurement in result.measurements
                if row_of(measurement.metric).tensorboard
            }
            parameters = {**result.cell.to_dict(), "origins": "; ".join(result.cell.origins)}
            curves[name] = {"name": name, "epochs": epochs, "parameters": parameters, "metrics": finals}
    return list(curves.values())


def write_curves(starter: TaskStarter, curves: Sequence[Curves], folder: Path) -> None:
    """Put the event files of each cell into a folder of its own in `folder`, in place of those of an earlier call.

    Raises:
        BenchError: the worker, which is needed since only it imports torch, did not end as it should, or the files
            cannot be written. Where the worker failed, all is as it was.

    """
    try:
        parts = list(talk(starter, entries.TENSORBOARD, curves, WRITING_SECONDS))
    except WorkerError as ended:
        raise BenchError(ended.reason) from ended
    contents: dict[Path, bytes] = {}
    for _, (_, name, content) in parts:
        cell, file = name.split("/")
        contents[folder / Path(cell).name / Path(file).name] = content
    for own in {path.parent for path in contents}:
        files.make_folder(own)
        for old in own.glob(EVENT_FILES):  # TensorBoard would draw both
            files.remove(old)
    for path, content in contents.items():
        files.replace(path, content)
