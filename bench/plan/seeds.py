"""Seeds: of the order of execution, drawn where nobody asked for one, so that its effects average out between runs."""

from secrets import randbits

from bench.plan.plan import Plan

BITS = 32


def order_seed_of(plan: Plan) -> int:
    """The seed that the plan asks for, else one drawn now from the system's entropy."""
    return randbits(BITS) if plan.order_seed is None else plan.order_seed
