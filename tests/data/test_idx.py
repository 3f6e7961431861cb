import gzip
import hashlib

import pytest
import torch

from bench.data import idx

CONTENT = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes([1, 2, 3, 4, 5, 255])


def written(path, content=CONTENT):
    path.write_bytes(gzip.compress(content))
    return path, hashlib.sha256(content).hexdigest()


def test_the_shape_comes_from_the_header_and_the_last_dimension_is_fastest(tmp_path):
    actual = idx.read(*written(tmp_path / "a.gz"))
    assert torch.equal(torch.tensor([[1, 2, 3], [4, 5, 255]], dtype=torch.uint8), actual)


def test_an_array_without_values_is_an_empty_tensor():
    assert idx.parse(b"\0\0\x08\x01" + b"\0\0\0\0").shape == (0,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"PK\x03\x04", "not an IDX file"),
        (b"\0\0\x0d\x01" + b"\0\0\0\x01" + b"\0\0\0\0", "not an IDX file of unsigned bytes"),
        (CONTENT[:6], "truncated within its header"),
        (CONTENT[:-1], "holds 5 values where its header says 6"),
        (CONTENT + b"\0", "holds 7 values where its header says 6"),
    ],
)
def test_bytes_that_do_not_follow_the_format_are_refused(content, message):
    with pytest.raises(idx.IdxError, match=message):
        idx.parse(content)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(idx.IdxError, match="is missing"):
        idx.read(tmp_path / "a.gz", "")


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(idx.IdxError, match="cannot be read"):
        idx.read(tmp_path, "")


def test_a_file_cut_short_is_refused(tmp_path):
    path, sha256 = written(tmp_path / "a.gz")
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(idx.IdxError, match="is truncated"):
        idx.read(path, sha256)


def test_a_file_that_is_no_gzip_is_refused(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(idx.IdxError, match="is damaged"):
        idx.read(path, "")


def test_a_flipped_byte_anywhere_behind_the_gzip_header_is_refused(tmp_path):
    path, sha256 = written(tmp_path / "a.gz")
    intact = path.read_bytes()
    for place in range(10, len(intact)):
        path.write_bytes(intact[:place] + bytes([intact[place] ^ 0xFF]) + intact[place + 1 :])
        with pytest.raises(idx.IdxError):
            idx.read(path, sha256)


def test_intact_content_with_another_sum_is_refused(tmp_path):
    path, _ = written(tmp_path / "a.gz")
    with pytest.raises(idx.IdxError, match="is not the original"):
        idx.read(path, "0" * 64)


def test_a_limit_reads_the_first_items_and_leaves_the_rest_compressed(tmp_path):
    path, _ = written(tmp_path / "a.gz")
    path.write_bytes(path.read_bytes()[:-9])  # the end is gone: whole, it could not be read
    assert idx.read(path, "unchecked", limit=1).tolist() == [[1, 2, 3]]
    with pytest.raises(idx.IdxError, match="is truncated"):
        idx.read(path, "unchecked")


def test_a_limit_beyond_the_end_reads_all(tmp_path):
    path, _ = written(tmp_path / "a.gz")
    assert idx.read(path, "unchecked", limit=7).shape == (2, 3)


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x02\0\0", b"PK\x03\x04"])
def test_a_limit_refuses_a_header_that_is_none(tmp_path, content):
    with pytest.raises(idx.IdxError):
        idx.read(written(tmp_path / "a.gz", content)[0], "unchecked", limit=1)
