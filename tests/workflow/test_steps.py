"""The steps of the workflow to be copied: run through every exit code, with and without a comment left behind."""

import pytest

from bench.cli.parser.main import build_parser
from tests.conftest import ROOT
from tests.workflow.conftest import NETS, STAND_IN, WORKFLOW, commit, git, program
from tests.workflow.runner import EXPRESSION, scripts, workflow

# What each code makes of the job: whether it is green, the kind of its message, and a word that no other has.
VERDICTS = {
    0: (True, None, ""),
    1: (False, "error", "a regression"),
    2: (False, "error", "usage or data error"),
    3: (True, "warning", "nothing was decided (exit code 3)"),
    4: (True, "warning", "nothing was decided (exit code 4)"),
    70: (False, "error", "error of the suite's own"),
    137: (False, "error", "exit code 137"),
}
every_code = pytest.mark.parametrize("code", VERDICTS)


def check_verdict(job, code):
    green, kind, words = VERDICTS[code]
    job.log = ""
    assert (job.run("Verdict") == 0) is green
    messages = [line for line in job.log.splitlines() if line.startswith("::")]
    assert [message.split("::")[1] for message in messages] == [kind] * bool(kind)
    assert all(words in message for message in messages)


@pytest.mark.parametrize(("code", "leaves"), [*((code, None) for code in VERDICTS), (1, "### A verdict\n"), (2, "")])
def test_a_comparison_keeps_its_code_and_always_has_a_comment(job, pull_request, code, leaves):
    ab = job("ab", pull_request(), ENDS=str(code), **({} if leaves is None else {"LEAVES": leaves}))
    assert ab.run("Compare with the base") == 0, ab.log
    assert ab.outputs == {"steps.ab.outputs.code": str(code)}
    comment = (ab.folder / "out/comment.md").read_text()
    assert comment == (leaves or f"`bench ab` ended with exit code {code} and left no comment: see the job's log.\n")
    assert ab.summary == comment
    check_verdict(ab, code)


@every_code
def test_a_check_keeps_its_code_and_always_has_a_summary(job, pull_request, code):
    check = job("check", pull_request("accepted", results__baselines__main_dot_jsonl="{}\n"), ENDS=str(code))
    assert check.run("Check") == 0, check.log
    assert check.summary == f"`bench check` ended with exit code {code} and left no text: see the job's log.\n"
    check_verdict(check, code)


def test_a_first_push_without_a_baseline_is_green_and_says_how_to_accept_it(job, pull_request, asked):
    check = job("check", pull_request(), ENDS="2")
    assert check.run("Check") == 0
    assert asked() == []
    assert "gh run download 4711 --name check" in check.summary
    assert f"bench baseline save {check.variables['GITHUB_SHA']}" in check.summary
    check_verdict(check, 0)


def test_the_merge_base_is_compared_with_the_merge_and_the_nets_of_the_user(job, pull_request, asked):
    ab = job("ab", pull_request(), ENDS="0")
    ab.document["env"]["NETS"] = "my_nets.py:MyNet my_*"
    (ab.folder / "my_other").touch()  # what a shell would make of the glob
    assert ab.run("Compare with the base") == 0
    [words] = asked()
    assert words[:3] == ["ab", git(ab.folder, "rev-parse", "origin/main"), "HEAD"]
    assert words[3:6] == ["--architectures", "my_nets.py:MyNet", "my_*"]
    assert not [word for word in words if word.startswith("--accept")]


def test_both_jobs_measure_the_same_nets(job, pull_request, asked):
    folder = pull_request()
    assert job("check", folder, ENDS="0").run("Measure") == 0
    assert job("ab", folder, ENDS="0").run("Compare with the base") == 0
    chosen = [words[words.index("--architectures") + 1] for words in asked()]
    assert chosen == ["my_nets.py:MyNet"] * 2


def test_every_command_that_measures_waits_for_its_turn(job, pull_request, asked):
    """Several runners of one's own may share a machine."""
    folder = pull_request("accepted", results__baselines__main_dot_jsonl="{}\n")
    check = job("check", folder, ENDS="0")
    assert [check.run("Measure"), check.run("Check"), job("ab", folder, ENDS="0").run("Compare with the base")] == [
        0
    ] * 3
    parsed = [build_parser().parse_args(words) for words in asked()]
    assert [(args.command, args.wait) for args in parsed] == [("run", 1800), ("check", 1800), ("ab", 600)]


@pytest.mark.parametrize(
    ("message", "accepted"),
    [
        ("Widen it\n\nTwice as wide.\n\nBench-accept: MyNet-*", ["MyNet-*"]),
        ("Widen both\n\nBench-accept: MyNet-* Other-*\nBench-accept: third", ["MyNet-*", "Other-*", "third"]),
        ("x\n\nBench-accept: --json $(touch pwned) `touch pwned`", ["--json", "$(touch", "pwned)", "`touch", "pwned`"]),
        ("Bench-accept: is no trailer here\n\nof a commit\n\nthat ends with text", []),
    ],
)
def test_a_trailer_of_a_commit_names_what_may_be_slower(job, pull_request, asked, message, accepted):
    ab = job("ab", pull_request(message), ENDS="0")
    assert ab.run("Compare with the base") == 0, ab.log
    [words] = asked()
    assert [word for word in words if word.startswith("--accept")] == [f"--accept={word}" for word in accepted]
    assert not (ab.folder / "pwned").exists()


def test_a_shallow_clone_is_left_to_the_suite_to_tell(job, user, checkout, asked):
    commit(user, my_nets_dot_py=NETS)
    git(user, "checkout", "--quiet", "-b", "change")
    folder = checkout(None, "--depth", "1")
    ab = job("ab", folder, ENDS="2")
    assert ab.run("Compare with the base") == 0, ab.log
    [words] = asked()
    assert words[1] == "origin/main"
    assert ab.outputs == {"steps.ab.outputs.code": "2"}


def test_no_script_has_an_expression_in_it():
    """What others can name, such as a branch, reaches a script as a variable and never as its text."""
    named = dict(scripts(workflow(WORKFLOW)))
    assert len(named) >= 7
    assert [name for name, step in named.items() if EXPRESSION.search(step["run"])] == []


def test_no_job_can_do_more_than_it_has_to():
    document = workflow(WORKFLOW)
    assert document["permissions"] == {}
    assert {name: job["permissions"] for name, job in document["jobs"].items()} == {
        "ab": {"contents": "read"},
        "comment": {"pull-requests": "write"},
        "check": {"contents": "read"},
    }
    uses = [step for step in document["jobs"]["comment"]["steps"] if "checkout" in step.get("uses", "")]
    assert uses == []  # the job that can write runs nothing of the pull request's


def test_a_newer_push_ends_the_older_comparison():
    document = workflow(WORKFLOW)
    assert document["concurrency"]["group"] == "bench-${{ github.ref }}"
    assert document["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    assert document["on"]["pull_request"]["paths"] == document["on"]["push"]["paths"]


@every_code
def test_the_workflow_of_this_repository_judges_alike(job, pull_request, code):
    folder = pull_request("x\n\nBench-accept: mlp-*")
    (folder / ".venv/bin").mkdir(parents=True)
    program(folder / ".venv/bin", "python", STAND_IN.replace("sys.argv[1:]", "sys.argv[3:]"))
    ab = job("ab", folder, ENDS=str(code))
    ab.document = workflow(ROOT / ".github" / "workflows" / "bench.yml")
    green, kind, _ = VERDICTS[code]
    assert (ab.run("Compare with the base") == 0) is green
    assert [line.split("::")[1] for line in ab.log.splitlines() if line.startswith("::")] == [kind] * bool(kind)
    assert ab.summary == f"`bench ab` ended with exit code {code}: see the job's log.\n"
