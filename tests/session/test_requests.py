"""Requests: the starter that is handed in is the one that is asked, with nothing that only this machine has."""

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.task import CatalogueRequest, LayersRequest
from bench.process.worker import WorkerError
from bench.session.requests import ask_catalogue, ask_ceilings, ask_layers, ask_verification


class Fake:
    """A starter whose tasks all answer alike, or end as it is told."""

    def __init__(self, *parts, error=None):
        self.parts, self.error, self.asked = parts, error, []

    def start(self, entry, task):
        self.asked.append((entry, task))
        self.left = list(self.parts)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def receive(self, _):
        if self.error:
            raise self.error
        return self.left.pop(0) if self.left else None


REQUESTS = [
    (lambda starter, _: ask_catalogue(starter, CatalogueRequest()), "catalogue"),
    (lambda starter, _: ask_layers(starter, LayersRequest("mlp")), "layers"),
    (ask_verification, "verification"),
]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "cell.pt").write_bytes(b"weights")
    return tmp_path / "cell.pt"


@pytest.mark.parametrize(("ask", "kind"), REQUESTS)
def test_the_answer_is_what_the_worker_says(ask, kind, path):
    assert ask(Fake((kind, {"an": "answer"})), path) == {"an": "answer"}


@pytest.mark.parametrize(("ask", "kind"), REQUESTS)
def test_what_is_refused_or_does_not_answer_is_one_line(ask, kind, path):
    with pytest.raises(BenchError, match=r"^for a reason$"):
        ask(Fake(("refused", "for a reason")), path)
    with pytest.raises(BenchError, match=r"it crashed; see the messages above"):
        ask(Fake(error=WorkerError("failed", "it crashed")), path)
    with pytest.raises(BenchError, match=r"no answer within 9 s; stop what else runs, and try again$"):
        ask(Fake(error=WorkerError("timeout", "no answer within 9 s")), path)
    with pytest.raises(BenchError, match=r": it crashed; mend it$"):
        ask(Fake(error=WorkerError("failed", "it crashed; mend it", remedied=True)), path)


def test_what_ended_the_worker_that_tried_it_is_left_out_of_the_next_request():
    class Workers(Fake):
        """The first one ends while it tries a net."""

        def receive(self, _):
            if self.asked[-1][1].left_out:
                return self.left.pop(0) if self.left else None
            if not self.left:
                raise WorkerError("failed", "ended by SIGABRT")
            self.left = []
            return "trying", "mine.py:Net"

    workers = Workers(("catalogue", "all"))
    assert ask_catalogue(workers, CatalogueRequest(("*",))) == "all"
    assert [dict(task.left_out) for _, task in workers.asked] == [{}, {"mine.py:Net": "ended by SIGABRT"}]


def test_a_checkpoint_goes_out_as_bytes(path):
    starter = Fake(("verification", {}))
    ask_verification(starter, path, "there")
    ((_, task),) = starter.asked
    assert (task.name, task.content, task.data_dir) == (str(path), b"weights", "there")


def test_a_checkpoint_that_is_not_there_is_told_before_anybody_is_asked(tmp_path):
    starter = Fake()
    with pytest.raises(BenchError, match=r"no checkpoint .*none.pt: runs with --checkpoint"):
        ask_verification(starter, tmp_path / "none.pt")
    with pytest.raises(BenchError, match=r"cannot read .*check the path"):
        ask_verification(starter, tmp_path)
    assert starter.asked == []


def test_ceilings_are_asked_of_each_device_and_thread_count_and_may_be_missing():
    cells = [Cell("mlp", threads=1), Cell("mlp", threads=2), Cell("lenet5", threads=2)]
    starter = Fake(("measurements", [{"device": "cpu"}]))
    assert ask_ceilings(starter, cells) == [{"device": "cpu"}] * 2
    assert [task.threads for _, task in starter.asked] == [1, 2]
    assert ask_ceilings(Fake(error=WorkerError("timeout", "no end in time")), cells) == []
