"""Nodes: names that differ, versions that have to be equal, and machines that are unlike."""

from dataclasses import replace

import pytest

from bench.cluster.nodes import NodeFacts, check_software, look_around, named, software, unlike
from bench.errors import BenchError

FACTS = NodeFacts(
    host="box", cpu="Xeon", cores=8, arch="x86_64", gpus=(), software={"ray": "2.50.0", "torch": "2.14.1"}
)


def test_nodes_have_the_names_of_their_hosts_and_several_on_one_host_a_part_of_their_ids():
    nodes = named([("aaaaaaaa1", FACTS), ("bbbbbbbb2", replace(FACTS, host="other")), ("cccccccc3", FACTS)])
    assert [node.name for node in nodes] == ["box-aaaaaa", "other", "box-cccccc"]
    assert {node.machine for node in nodes} == {"Xeon, 8 cores"}


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"ray": "2.50.0", "torch": "2.13.0"}, "node box has torch 2.13.0, and this machine torch 2.14.1"),
        ({"ray": "2.50.0", "torch": ""}, "node box has no torch, and this machine torch 2.14.1"),
        ({"ray": "2.49.0", "torch": "2.14.1"}, "node box has ray 2.49.0"),
        ({"ray": "2.50.0", "torch": "2.14.1", "the plug-ins of nets": "1"}, "this machine no the plug-ins of nets"),
    ],
)
def test_another_version_on_a_node_is_refused_in_one_line(there, words):
    facts = replace(FACTS, software=there)
    with pytest.raises(BenchError, match=words) as error:
        check_software(FACTS.software, zip(named([("1", facts)]), [facts], strict=True))
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)


def test_the_same_versions_are_not():
    check_software(FACTS.software, zip(named([("1", FACTS)]), [FACTS], strict=True))


def test_unlike_machines_are_told_with_what_differs():
    quick = replace(FACTS, host="quick", gpus=("H100", "H100"))
    assert unlike(named([("1", FACTS), ("2", replace(FACTS, host="like"))])) == ""
    text = unlike(named([("1", FACTS), ("2", quick)]))
    assert text.startswith("the nodes are unlike: box (Xeon, 8 cores); quick (Xeon, 8 cores, H100 and H100)")
    assert "do not compare" in text


def test_a_machine_tells_what_decides_its_times():
    facts = look_around()
    assert facts.cores >= 1
    assert facts.host
    assert facts.software == software()
    assert facts.software["torch"]
    assert "(" in facts.software["this suite"]
