"""Timing: how long each part of a measurement lasts. Changing what DECIDE_A_TIME names makes baselines not comparable.

Both the measurement and the estimate read it. See bench/process/CONTRACT.md.
"""

from bench.vocabulary import Quantile

# Low quantiles repeat best where contention only ever adds time: chosen by measured A/A spread (docs/measurement.md).
STATISTIC: Quantile = "p25"
RELATIVE_STATISTIC: Quantile = "p10"
BLOCK_SECONDS = 0.1  # a block lasts at least this long: over 10,000 ticks of the clock
WARM_STEPS = 3  # optimizer state, gradients, caches, the libraries' choice of kernels
WARM_SECONDS = 0.5  # the least warm-up of a process
WARM_AGAIN = 0.15  # three mini-blocks: the least warm-up of a workload in a warm process
WARM_CAP = 3.0  # the longest; a workload that is not steady by then is marked
WARM_AGREEMENT = 0.05  # three successive mini-blocks within this share are steady
LEAD_SECONDS = 0.02  # untimed steps before a block: they refill the caches and outlast another's spinning threads
INFERENCE_BLOCKS = 2
LATENCY_BLOCKS = 5  # of single images, by an engine
LEAST_ANSWERS = 500  # to single images, of which five are slower than the 99th percentile
LAUNCH_BLOCKS = 2  # of the second reference, in a process
# glibc would map and unmap buffers as large as these, in bytes, at every step (mallopt(3), docs/measurement.md)
MMAP_THRESHOLD, TRIM_THRESHOLD = 1_000_000_000, 2_000_000_000
IDLE_SECONDS = 0.5  # in which a process does nothing, to tell the power of that
LEAST_REPEATS = 6  # fewer give too lucky a spread to stop on
EVALUATIONS_PER_EPOCH = 4  # of a training with a target; as often the gradients are noted, in every training
EARLY_LOOKS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)  # shares of a training without one; each epoch ends with one too

# Part of the definition of a measurement (`bench.store.fingerprint.definition`), by name and value.
DECIDE_A_TIME = (
    "STATISTIC",
    "RELATIVE_STATISTIC",
    "BLOCK_SECONDS",
    "WARM_STEPS",
    "WARM_SECONDS",
    "WARM_CAP",
    "WARM_AGREEMENT",
    "LEAD_SECONDS",
    "INFERENCE_BLOCKS",
    "LAUNCH_BLOCKS",
    "MMAP_THRESHOLD",
    "TRIM_THRESHOLD",
)
# No part of it: an estimate of the warm-up, the idle time before it, when to make no more processes, how often a
# training is interrupted, and what no baseline holds, since engines have no relative cost.
DECIDE_NO_TIME = (
    "WARM_AGAIN",
    "IDLE_SECONDS",
    "LEAST_REPEATS",
    "EVALUATIONS_PER_EPOCH",
    "EARLY_LOOKS",
    "LATENCY_BLOCKS",
    "LEAST_ANSWERS",
)
