"""Survey: a net or a plug-in that ends its worker is listed with that as its reason, and hides no other."""

from types import SimpleNamespace

import pytest

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.matching import matches_any
from bench.plan.task import CatalogueRequest
from bench.session import survey
from bench.session.requests import CrashError
from bench.session.survey import surveyed

NETS = {"mlp": "", "fine": "my-nets", "crashing": "my-nets"}
PLUGINS = {"mine": ["fine", "crashing"], "worse": ["other"]}


@pytest.fixture
def ask(monkeypatch):
    """Has workers crash that build some nets, or import some plug-ins; keeps what they were asked."""
    asked = []
    monkeypatch.setattr(survey, "entry_points", lambda group: [SimpleNamespace(name=name) for name in PLUGINS])

    def make(*, nets=(), imports=()):
        def answer(_, request):
            asked.append(request)
            if any(name not in request.left_out for name in imports):
                raise CrashError("cannot list", "the worker was ended by SIGSEGV")
            counted = [name for name in NETS if matches_any(name, request.architectures)]
            if set(counted) & set(nets):
                raise CrashError("cannot list", "the worker was ended by SIGABRT")
            known = {name: {"name": name, "registered_by": by} for name, by in NETS.items()}
            facts = {name: {**each, "flops_forward": 1} if name in counted else each for name, each in known.items()}
            problems = tuple(f"plug-in '{name}' is left out: {why}" for name, why in request.left_out.items())
            return Catalogue(facts, {}, {}, (), {}, 1, problems=problems)

        monkeypatch.setattr(survey, "ask_catalogue", answer)
        return asked

    return make


def test_a_catalogue_without_trouble_is_asked_once(ask):
    asked = ask()
    assert "flops_forward" in surveyed(None, CatalogueRequest(("*",))).architectures["crashing"]
    assert len(asked) == 1


def test_a_net_that_ends_its_worker_costs_itself_alone(ask):
    ask(nets=["crashing"])
    nets = surveyed(None, CatalogueRequest(("*",), datasets=("mnist",))).architectures
    assert [name for name, facts in nets.items() if "flops_forward" in facts] == ["mlp", "fine"]
    assert nets["crashing"]["trouble"] == "'crashing' ends the process that tries it: the worker was ended by SIGABRT"
    assert nets["crashing"]["incompatible"] == {"mnist": nets["crashing"]["trouble"]}
    assert list(nets) == list(NETS)  # in their order


def test_a_plug_in_whose_import_ends_the_worker_is_left_out_and_named(ask):
    ask(imports=["worse"])
    catalogue = surveyed(None, CatalogueRequest(("*",)))
    assert catalogue.problems == (
        "plug-in 'worse' is left out: its import ends the process: the worker was ended by SIGSEGV",
    )
    assert "flops_forward" in catalogue.architectures["fine"]
    with pytest.raises(BenchError, match=r"plug-in 'worse': its import ends the process: .*; mend it, or uninstall"):
        surveyed(None, CatalogueRequest(("*",)), to_measure=True)


def test_what_else_ends_workers_is_an_error(ask):
    ask(nets=["mlp"])  # one of the suite's own
    with pytest.raises(BenchError, match="SIGABRT; see the messages above"):
        surveyed(None, CatalogueRequest(("*",)))
