"""Ranks: processes that train one cell together by DistributedDataParallel: launched, joined, timed, traced."""
