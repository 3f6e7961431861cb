"""Losses: what training makes small, by registered name or by origin."""

from bench.losses.registry import build as build
from bench.losses.registry import facts_of as facts_of
from bench.losses.registry import get as get
from bench.losses.registry import names as names
from bench.losses.registry import plugin_problems as plugin_problems
