"""Runs: whole commands on a GPU, and what they recorded."""

import json

# The suite that they start from has three seeds, a schedule, which no graph follows, and a limit of time.
PLAIN = ("--seeds", "0", "--schedules", "constant", "--train-limit", "0")
ONCE = (*PLAIN, "--devices", "cuda", "--repeats", "1", "--again", "0", "--blocks", "2", "--no-report", "--json")
SPEED = (*ONCE, "--epochs", "0")


def lines(bench, name):
    """The results of a run."""
    text = (bench.folder / "results" / name / "results.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def ran(bench, name, *arguments, **variables):
    done = bench("run", *arguments, "--run", name, **variables)
    assert done.returncode == 0, done.stderr
    return lines(bench, name)


def statuses(found):
    return {line["id"]: (line["status"], line["reason"]) for line in found}


def metrics_of(line):
    return {reading["metric"]: reading["value"] for reading in line["measurements"]}
