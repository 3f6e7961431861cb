"""Serving: what is asked for is shown, all else is refused, and a real run appears as it goes on."""

import http.client
import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.serve.hosts import is_allowed, is_loopback
from bench.serve.pages import Pages
from bench.serve.progress import progress_of
from bench.serve.server import Server
from tests.conftest import HANG
from tests.store.planted import measured, recorded

START = datetime(2026, 1, 31, 9, 5, 11, tzinfo=UTC)


def timed(result, begin, seconds):
    """The result as a process that began so many seconds after the start gives it."""
    moment = (START + timedelta(seconds=begin)).isoformat()
    return replace(result, started=moment, seconds=float(seconds))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two runs, one that goes on and one that ended, a page of ours, and files that nobody is to see."""
    root = tmp_path_factory.mktemp("served")
    plan = Plan(architectures=("mlp", "lenet5"), repeats=2)
    results = [timed(measured(Cell("mlp"), "xeon", step=0.01, relative_cost=2.0), 0, 10)]
    recorded(root / "results", "going", results, plan=plan, status="running", finished=None, cells=2)
    recorded(root / "results", "ended", [measured(Cell("mlp"), "xeon", step=0.01)], cells=1)
    reports = root / "reports"
    reports.mkdir()
    (reports / "ours.html").write_text('<meta name="bench-run" content="{&quot;run&quot;: &quot;ours&quot;}">here')
    (reports / "other.html").write_text("a page of somebody else")
    (root / "secret.html").write_text('<meta name="bench-run" content="{&quot;run&quot;: &quot;x&quot;}">secret')
    (reports / "link.html").symlink_to(root / "secret.html")
    return root


@pytest.fixture(scope="module")
def ask(folder):
    """Asks a server on the folder: method, path and headers give status, headers and text."""
    with Server("127.0.0.1", 0, Pages(folder / "results", folder / "reports")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def call(path, method="GET", hosts=("localhost",)):
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
            connection.putrequest(method, path, skip_host=True)
            for host in hosts:
                connection.putheader("Host", host)
            connection.endheaders()
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            return answer.status, answer.headers, text

        yield call
        server.shutdown()
        thread.join()


def test_the_index_lists_every_run_and_page(ask):
    status, headers, text = ask("/")
    assert status == 200
    assert set(re.findall(r'<a href="(\w+\.html)">', text)) == {"going.html", "ended.html", "ours.html"}
    assert "running: 1 of 2 cells measured, 1 process of 4 at most" in text
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_run_that_goes_on_is_shown_as_far_as_it_is(ask):
    _, _, text = ask("/going.html")
    assert "<h1>going</h1>" in text
    assert re.search(r'<th scope="row" class="name">mlp</th><td>ok</td><td>1</td>', text)
    assert "last mlp-sgd-mnist-b64-cpu-t1, ok, " in text
    assert "ago: it takes longer than any before, or what measured was ended" in text  # which was months ago


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret.html", "/..%2fsecret.html", "/%2e%2e/secret.html", "/..%5csecret.html", "//secret.html"),
        *("/link.html", "/other.html", "/none.html", "/results/going/run.json", "/../results/going/run.json"),
        *("/ours.html%00", "/ours.html/", "/.html/../ours.html", "/index", "/ours.html%0d%0aX:%20y", "/" + "a" * 300),
    ],
)
def test_nothing_else_can_be_had(ask, path):
    status, _, text = ask(path)
    assert (status, text) == (404, "there is no such page\n")


def test_a_page_of_ours_is_given_as_it_is(ask):
    assert ask("/ours.html")[2].endswith(">here")
    assert ask("/ours.html", "HEAD")[2] == ""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MADE_UP"])
def test_nothing_can_be_changed(ask, method):
    status, headers, _ = ask("/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["http://127.0.0.1/", "*", "/%ff.html"])
def test_what_is_no_path_is_refused(ask, path):
    assert ask(path)[0] == 400


@pytest.mark.parametrize("hosts", [("evil.example",), ("evil.example:80",), ("localhost", "evil.example"), (), ("",)])
def test_another_name_is_refused(ask, hosts):
    status, _, text = ask("/going.html", hosts=hosts)
    assert status == 421
    assert "going" not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9000", "LOCALHOST", "[::1]:80"])
def test_this_machines_own_names_are_answered(ask, host):
    assert ask("/ours.html", hosts=(host,))[0] == 200


def test_a_name_is_allowed_where_the_server_was_put_there():
    assert is_allowed(["nas.local:1"], "nas.local")
    assert not is_allowed(["localhost"], "nas.local")
    assert is_allowed(["192.168.1.5"], "0.0.0.0")
    assert is_allowed([socket.gethostname()], "::")
    assert not is_allowed(["evil.example"], "0.0.0.0")
    assert is_loopback("127.0.0.1")
    assert not is_loopback("0.0.0.0")


def test_a_run_of_the_name_of_the_index_has_its_own_page(folder):
    pages = Pages(folder / "results", folder / "reports")
    recorded(folder / "results", "index", [measured(Cell("mlp"), "xeon", step=0.01)], status="running", cells=1)
    try:
        assert "<h1>index</h1>" in pages.answer("/run-index.html")
        assert "Benchmark reports" in pages.answer("/index.html")
    finally:
        for path in (folder / "results" / "index").iterdir():
            path.unlink()
        (folder / "results" / "index").rmdir()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", None), ("no.such.host.invalid", 0), ("127.0.0.1", 70000)])
def test_where_it_cannot_listen_is_told_in_one_line(tmp_path, host, port):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if port is None else port
        with pytest.raises(BenchError, match=rf"cannot listen at {host}, port {port}: .*; try --port 0 for any"):
            Server(host, port, Pages(tmp_path, tmp_path))


def test_the_time_left_is_what_is_missing_at_the_rate_so_far(tmp_path):
    plan = Plan(architectures=("mlp", "lenet5", "vgg4"), repeats=2, precision=0.0)
    cells = [(Cell("mlp"), 0), (Cell("lenet5"), 0), (Cell("vgg4"), 0), (Cell("mlp"), 1)]
    spans = [(0, 10), (12, 10), (24, 10), (36, 5)]  # 2 s between two
    results = [
        timed(measured(cell, "xeon", repeat, step=0.01), *span)
        for (cell, repeat), span in zip(cells, spans, strict=True)
    ]
    run = recorded(tmp_path, "going", results, plan=plan, cells=3, status="running")
    progress, ended = progress_of(run), START.timestamp() + 41
    passed = (22 - 10) + (34 - 22) + (41 - 34)
    left = 2 * 5 * passed / 25
    assert progress.left(ended) == pytest.approx(left)
    assert progress.left(ended + 2) == pytest.approx(left - 2)
    assert progress.share(ended) == pytest.approx(41 / (41 + left))
    assert (progress.measured, progress.processes, progress.ended) == (3, 4, ended)


def test_a_page_older_than_its_results_is_drawn_anew_and_once(tmp_path, monkeypatch):
    run = recorded(tmp_path / "results", "ended", [measured(Cell("mlp"), "xeon", step=0.01)], cells=1)
    drawn = []
    monkeypatch.setattr("bench.serve.pages.page", lambda record: drawn.append(record.name) or f"page {len(drawn)}")
    pages = Pages(tmp_path / "results", tmp_path / "reports")
    assert [pages.answer("/ended.html") for _ in range(2)] == ["page 1", "page 1"]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "ended.html").write_text("written")
    assert pages.answer("/ended.html") == "written"
    later = time.time_ns() + 10**9
    os.utime(run.folder / "results.jsonl", ns=(later, later))
    assert pages.answer("/ended.html") == "page 2"
    assert drawn == ["ended", "ended"]
    assert list((tmp_path / "reports").iterdir()) == [tmp_path / "reports" / "ended.html"]


def test_damage_is_told_and_hides_no_other_run(tmp_path):
    recorded(tmp_path / "results", "whole", [measured(Cell("mlp"), "xeon", step=0.01)])
    (tmp_path / "results" / "bad").mkdir()
    (tmp_path / "results" / "bad" / "run.json").write_text("{")
    pages = Pages(tmp_path / "results", tmp_path / "reports")
    assert "damaged" in pages.answer("/")
    assert "whole.html" in pages.answer("/")
    with pytest.raises(BenchError):
        pages.answer("/bad.html")


def got(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


@pytest.mark.slow
def test_a_real_run_appears_while_it_goes_on_and_its_report_after(bench_for_all):
    bench = bench_for_all()
    server = bench.start("serve", "--port", "0")
    try:
        address = re.search(r"reports at (http://127\.0\.0\.1:\d+/)", server.stdout.readline())[1]
        assert "No page yet" in got(address)
        small = ("--datasets", "synthetic", "--epochs", "0", "--blocks", "2", "--again", "0", "--concurrent")
        run = bench.start(
            "run", "--architectures", "debug", *small, "--repeats", "2", "--run", "live", "--no-report", haste=True
        )
        seen, so_far = [], False
        until = time.monotonic() + HANG
        while run.poll() is None and time.monotonic() < until:
            if "live.html" in got(address):
                counts = re.search(r"running: 1 of 1 cell measured, (\d) process", got(address + "live.html"))
                seen += [int(counts[1])] if counts else []
                so_far = so_far or (bool(counts) and "bench-run" in got(address + "live.html?whole"))
            time.sleep(0.2)
        assert run.returncode == 0, run.stderr.read()
        assert seen
        assert seen == sorted(seen)
        assert so_far
        whole = got(address + "live.html")
        assert "data-live" not in whole
        assert "bench-run" in whole
        assert not (bench.folder / "reports").exists()  # nothing is written
        assert json.loads((bench.folder / "results" / "live" / "run.json").read_text())["status"] == "finished"
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=HANG)
    assert (server.returncode, out, err) == (130, "", "")
