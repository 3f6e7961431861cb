import ctypes
import mmap
import resource
import sys

import pytest

from bench.devices.prefault import populate, status_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the calls are Linux's")
PAGES = 256


def faults_of_writing(area):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for start in range(0, len(area), mmap.PAGESIZE):
        area[start] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_pages_that_were_populated_take_no_fault_when_they_are_written():
    fresh, owned = (mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE) for _ in range(2))
    start = ctypes.addressof(ctypes.c_char.from_buffer(owned))
    if not populate(start, start + len(owned)):
        pytest.skip("this kernel has no MADV_POPULATE_WRITE")

    assert faults_of_writing(fresh) > PAGES / 2
    assert faults_of_writing(owned) < PAGES / 8


def test_an_address_within_a_page_spares_that_page():
    assert populate(1, mmap.PAGESIZE)  # no whole page lies between: nothing to do


def test_the_resident_size_grows_with_what_is_written():
    before, area = status_bytes("VmRSS"), mmap.mmap(-1, 2**25, flags=mmap.MAP_PRIVATE)
    faults_of_writing(area)

    assert status_bytes("VmRSS") - before > len(area) / 2
    with pytest.raises(KeyError):
        status_bytes("VmNothing")
