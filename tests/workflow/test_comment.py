"""The comment on a pull request: one, found by its marker among those of everybody, and written anew each time."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="gh's filter is run by jq, which is not here")

MARKER = "<!-- bench ab -->\n"
BOT = "github-actions[bot]"


@pytest.fixture
def comment(job, tmp_path):
    """The job that comments, after the artifact of the comparison was downloaded."""
    folder = tmp_path / "comments"
    (folder / "out").mkdir(parents=True)
    (folder / "out/comment.md").write_text("### New\n")
    return job("comment", folder)


def test_the_first_comment_is_added(comment, github):
    assert comment.run("Comment") == 0, comment.log
    assert [entry["body"] for entry in github.comments] == [f"{MARKER}### New\n"]
    assert github.written == ["POST"]


def test_a_later_one_replaces_it_and_no_other(comment, github):
    """Not the last one of the bot, not one that quotes the marker, nor a person's that begins with it."""
    others = [
        (BOT, "coverage"),
        ("somebody", f"{MARKER}mine"),
        (BOT, f"see {MARKER}"),
        (BOT, f"{MARKER}### Old\n"),  # on the second page
        (BOT, "lint"),
    ]
    github.comments = others
    assert comment.run("Comment") == 0, comment.log
    assert comment.run("Comment") == 0, comment.log
    bodies = [entry["body"] for entry in github.comments]
    assert bodies == ["coverage", f"{MARKER}mine", f"see {MARKER}", f"{MARKER}### New\n", "lint"]
    assert github.written == ["PATCH", "PATCH"]


def test_of_two_of_ours_the_first_is_kept_up(comment, github):
    github.comments = [(BOT, f"{MARKER}a"), (BOT, f"{MARKER}b")]
    assert comment.run("Comment") == 0, comment.log
    assert [entry["body"] for entry in github.comments] == [f"{MARKER}### New\n", f"{MARKER}b"]


def test_without_a_comparison_it_says_so(comment, github):
    shutil.rmtree(comment.folder / "out")
    assert comment.run("Comment") == 0, comment.log
    [entry] = github.comments
    assert entry["body"] == f"{MARKER}Nothing was compared: see the log of the job ab.\n"


def test_a_token_that_cannot_write_is_a_warning(comment, github):
    (github.path / "refuses").touch()
    assert comment.run("Comment") == 0
    assert "::warning::the comment could not be written" in comment.log
    assert github.comments == []
