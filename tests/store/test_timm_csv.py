"""CSVs of timm's benchmark.py: excerpts of two that its authors published, and damaged ones."""

import hashlib
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.store.timm_csv import NotTimmError, read

INFER, TRAIN = (Path(__file__).parent / f"timm_{part}.csv" for part in ("infer", "train"))


@pytest.fixture
def written(tmp_path):
    """Writes a CSV of these lines, and gives its path."""

    def write(*lines, encoding="utf-8"):
        path = tmp_path / "results.csv"
        path.write_text("\r\n".join(lines) + "\r\n", encoding)
        return path

    return write


def test_inference_and_training_are_read_with_where_they_are_from():
    kept = read(INFER)
    assert (kept.file, kept.sha256) == ("timm_infer.csv", hashlib.sha256(INFER.read_bytes()).hexdigest())
    assert [(one.model, one.image_size) for one in kept.figures] == [
        ("mobilenetv3_small_050", 224),
        ("resnet18", 160),
        ("resnet18", 224),
        ("resnet18", 288),
    ]
    figure = kept.figures[2]
    assert (figure.part, figure.images_per_second, figure.seconds) == ("inference", 13537.15, 75.62e-3)
    assert (figure.batch_size, figure.parameters, figure.device) == (1024, 11.69e6, "")
    (_, trained) = read(TRAIN).figures
    assert (trained.part, trained.images_per_second) == ("training", 3481.78)
    assert trained.seconds == pytest.approx(146.713e-3)


def test_both_parts_of_one_row_and_the_parts_of_a_step(written):
    path = written(
        "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,train_samples_per_sec,"
        "train_step_time,train_fwd_time,train_bwd_time,train_opt_time,train_batch_size,train_img_size,param_count",
        "resnet18,100.0,160.0,16.0,224,20.0,800.0,250.0,500.0,50.0,16,224,11.69",
        "resnet50,50.0,320.0,16,224,,,,,,,,25.56",
    )
    first, second, third = read(path).figures
    assert [(one.model, one.part) for one in (first, second, third)] == [
        ("resnet18", "inference"),
        ("resnet18", "training"),
        ("resnet50", "inference"),
    ]
    assert (first.batch_size, first.passes) == (16, {})
    assert second.passes == {"forward": 0.25, "backward": 0.5, "optimizer": 0.05}


def test_what_the_file_does_not_say_stays_open(written):
    (figure,) = read(written("model,train_samples_per_sec,device", "resnet18,20.0,cuda:0")).figures
    assert (figure.seconds, figure.batch_size, figure.image_size, figure.parameters) == (None, None, None, None)
    assert figure.device == "cuda:0"


HEAD = "model,infer_samples_per_sec,infer_batch_size"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("resnet18,nan,4", r"line 2 \(resnet18\) has the infer_samples_per_sec nan"),
        ("resnet18,inf,4", "infer_samples_per_sec inf"),
        ("resnet18,-3,4", "infer_samples_per_sec -3.0"),
        ("resnet18,0,4", "infer_samples_per_sec 0, which is no measurement"),
        ("resnet18,True,4", "infer_samples_per_sec 'True'"),
        ("resnet18,1e999,4", "infer_samples_per_sec inf"),
        (f"resnet18,{'9' * 5000},4", "infer_samples_per_sec inf"),
        ("resnet18,3,1.5", "infer_batch_size 1.5, which is no count"),
        ("resnet18,3,4,5", "more cells than there are columns"),
        (",3,4", "names no model"),
        ('"resnet18,3,4', "is not whole CSV"),
        ("resnet18,,", "holds no figure"),
    ],
)
def test_a_damaged_row_is_refused_under_the_model_s_name(written, row, words):
    with pytest.raises(BenchError, match=words) as raised:
        read(written(HEAD, row))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "model,top1\nresnet18,70\n", "id,metric,value\nx,step,1\n"])
def test_a_table_of_another_tool_is_told_apart(written, text):
    with pytest.raises(NotTimmError, match=r"is not of timm's benchmark.py"):
        read(written(text))


def test_a_byte_order_mark_is_read_and_utf_16_told(written):
    assert len(read(written(HEAD, "resnet18,3,4", encoding="utf-8-sig")).figures) == 1
    with pytest.raises(BenchError, match="is UTF-16 text"):
        read(written(HEAD, "resnet18,3,4", encoding="utf-16"))
