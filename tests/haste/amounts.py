"""What measuring in haste takes: blocks and warm-ups of a few steps, no slab, and no second look at ceilings."""

SECONDS = 0.002
AMOUNTS = {
    "bench.devices.cpu.SLAB_BYTES": 4096,
    "bench.measure.answers.LEAST_ANSWERS": 20,
    "bench.measure.blocks.BLOCK_SECONDS": SECONDS,
    "bench.measure.blocks.WARM_SECONDS": SECONDS,
    "bench.measure.blocks.WARM_CAP": SECONDS,
    "bench.measure.speed.LEAD_SECONDS": SECONDS,
    "bench.measure.stopwatch.BLOCK_SECONDS": SECONDS,
    "bench.worker.ceilings.PATIENCE": 0.0,
}
