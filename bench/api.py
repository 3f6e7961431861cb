"""The API: what the command line does, from Python. A plan is run, or a recorded run loaded; both give a Run."""

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import BenchError
from bench.plan.origin import with_names_alone
from bench.plan.plan import plan_of_values
from bench.process.executor import open_executor
from bench.process.handed import Handing, spelled, texts_for
from bench.process.worker import refuse_in_worker
from bench.store import run as store

if TYPE_CHECKING:
    import pandas as pd

    from bench.session.observer import Observer


class Run:
    """A recorded run, as `bench.run` and `bench.load` give it.

    Attributes:
        name: its name, which is its folder's.
        folder: where its files are: run.json and results.jsonl.
        status: "finished", "out of time" or "interrupted"; "running" while it is measured, and where it was killed.

    """

    def __init__(self, recorded: store.Run) -> None:
        self._recorded = recorded
        self.name = recorded.name
        self.folder = recorded.folder
        self.status = recorded.facts.status

    def __repr__(self) -> str:
        return f"<Run {self.name}: {self.status}; results in {self.folder}>"

    def _repr_html_(self) -> str:
        """The table for a notebook, with its legend and where the results are."""
        from bench.cli.render.summary import table_of  # noqa: PLC0415 - as below
        from bench.notebook import table_html  # noqa: PLC0415 - as below

        rows, meaning = table_of(self._recorded)
        place = f"{self.name}: {self.status}; results in {self.folder}"
        texts = [list(row.values()) for row in rows]
        return table_html(list(rows[0]) if rows else [], texts, [line for line in (meaning, place) if line])

    def frame(self) -> "pd.DataFrame":
        """One row per cell and metric, the fresh processes of a cell pooled (`bench.store.frame`).

        Columns: every field of the cell; `metric`, `unit`, `direction` (which way is better), `statistic`, `value` in
        SI units without a prefix (seconds, bytes, 1), `low` and `high` of the 95 % interval in the same unit (NaN where
        there is none), `n` processes, and more.

        Raises:
            BenchError: the run's files are damaged.

        """
        from bench.store.frame import frame  # noqa: PLC0415 - pandas takes a second, and the workers' server meanwhile

        return frame(self._recorded)

    def table(self) -> str:
        """The table that `python -m bench show` prints where there is no terminal; "" where nothing was measured.

        Raises:
            BenchError: the run's files are damaged.

        """
        from bench.cli.render.paint import PLAIN_WIDTH, plain  # noqa: PLC0415 - as above
        from bench.cli.render.summary import summary  # noqa: PLC0415 - as above

        return "\n".join(map(plain, summary(self._recorded, width=PLAIN_WIDTH)))

    def report(self, path: str | PathLike[str] | None = None) -> Path:
        """Write the HTML page; its path.

        Args:
            path: of the page; None for reports/NAME.html, with an index of all pages beside it.

        Raises:
            BenchError: the run's files are damaged, or the page cannot be written.

        """
        from bench.report import write, write_to  # noqa: PLC0415 - as above

        return write(self._recorded) if path is None else write_to(Path(path), self._recorded)


def run(*, observer: "Observer | None" = None, concurrent: bool = False, **fields: Any) -> Run:
    """Measure a grid of cells, each in fresh processes, and record the results in results/.

    As `python -m bench run`, with the same defaults, but silently, and writes a page only with `report=True`. A script
    needs no guard, and is not run again: a class or function of an installed package goes to the workers by its name,
    one of a file beside the script by that file, and one of the script itself, of a notebook or without a name by
    value (cloudpickle), which is never stored.

    Args:
        observer: is told of what is measured, of each result, and of what is not as it was asked for
            (`bench.session.observer.Observer`).
        concurrent: measure although another run is measuring on this machine.
        **fields: of the plan (`bench.plan.plan.Plan`): `architectures=["lenet5", MyNet]`, `epochs=1`, `budget="5m"`.
            Where a name of a net, an optimizer, a loss or a data set may stand, a class or function may as well.

    Raises:
        BenchError: what a person can mend, in one line: an unknown field or name, a wrong type, a run that exists, a
            class or function that cannot be used or sent.
        KeyboardInterrupt: as it came; what was measured is recorded, and `bench.load` gives it.

    """
    refuse_in_worker("bench.run")
    texts, objects = texts_for(fields)
    plan = plan_of_values("bench.run", {"report": False, **texts})
    command = f"bench.run({', '.join(f'{name}={spelled(value)}' for name, value in fields.items())})"
    with open_executor(plan) as local:
        executor = Handing(local, objects) if objects else local
        executor.prepare()
        from bench.session.observer import SILENT  # noqa: PLC0415 - while the workers' server imports torch
        from bench.session.run import measure, prepare  # noqa: PLC0415 - likewise

        listener = observer or SILENT
        try:
            work = prepare(plan, executor, listener, concurrent=concurrent)
        except BenchError as error:
            raise type(error)(with_names_alone(str(error))) from error
        measured = Run(measure(work, executor, listener, concurrent=concurrent, command=command))
    if plan.report:
        measured.report()
    if measured.status == "interrupted":
        raise KeyboardInterrupt
    return measured


def load(name: str | PathLike[str]) -> Run:
    """The recorded run of that name in results/, or in the folder of that path.

    Raises:
        BenchError: there is no such run, or its facts are damaged.

    """
    return Run(store.load(fspath(name)))
