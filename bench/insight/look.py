"""Look: all kinds of insight into one net; what one of them cannot tell is absent, with its reason."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import torch

from bench import files
from bench.devices import is_out_of_memory
from bench.errors import reason_of
from bench.insight.adversarial import adversarial_of
from bench.insight.ascent import ascent_of
from bench.insight.calibration import calibration_of
from bench.insight.edges import edges_of
from bench.insight.features import features_of
from bench.insight.filters import filters_of
from bench.insight.saliency import saliency_of
from bench.insight.scores import scores_of_chosen
from bench.insight.subject import AbsentError, Subject
from bench.metrics import ROBUST_OF
from bench.store.insight import Insight
from bench.store.result import Measurement
from bench.vocabulary import InsightKind

_KINDS: Mapping[InsightKind, Callable[[Subject], Any]] = {
    "scores": scores_of_chosen,
    "filters": filters_of,
    "features": features_of,
    "saliency": saliency_of,
    "ascent": ascent_of,
    "adversarial": adversarial_of,
    "calibration": calibration_of,
    "edges": edges_of,
}


def look(subject: Subject) -> Insight:
    """Each kind in turn."""
    start = time.perf_counter()
    kinds: dict[InsightKind, Any] = {}
    absent: dict[InsightKind, str] = {}
    for kind, of in _KINDS.items():
        try:
            torch.manual_seed(subject.seed)
            kinds[kind] = files.shaped({"seconds": 0.0, kind: _plain(of(subject))}, Insight)
        except AbsentError as error:
            absent[kind] = str(error)
        except Exception as error:  # a net of anybody's may refuse what is asked of it: the others may work
            if is_out_of_memory(error):
                raise
            absent[kind] = reason_of(error)
    seen = {kind: getattr(insight, kind) for kind, insight in kinds.items()}
    return Insight(seconds=time.perf_counter() - start, absent=absent, **seen)


def _plain(value: Any) -> Any:
    return [asdict(each) for each in value] if isinstance(value, tuple) else asdict(value)


def insight_metrics(insight: Insight) -> list[Measurement]:
    """Robust accuracies and the calibration error, as far as they are there."""
    measurements = []
    if attack := insight.adversarial:
        pairs = ((ROBUST_OF[strength.eps], strength.pgd) for strength in attack.strengths)
        measurements += [Measurement.of_value(name, share, "final") for name, share in pairs]
    if insight.calibration:
        measurements.append(Measurement.of_value("calibration_error", insight.calibration.error, "final"))
    return measurements
