# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What a model can be called with, and what it answers."""
import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
from conftest import BUS, IMAGES, SHARED
from PIL import Image

import model_hub
from model_hub import Model


@pytest.fixture(scope="module")
def rgb():
    return np.asarray(Image.open(BUS))


def same(a, b):
    np.testing.assert_allclose(a.boxes.data, b.boxes.data, atol=1e-3)


def test_the_boxes_are_those_of_ultralytics(yolo):
    document = json.loads((SHARED / "reference/yolov8n_ultralytics.json").read_text())
    expected = document["images"]["bus.jpg"]["detections"]
    results, = yolo(BUS)
    assert [results.names[int(c)] for c in results.boxes.cls] == [box["label"] for box in expected]
    np.testing.assert_allclose(results.boxes.conf, [box["score"] for box in expected], atol=0.005)
    np.testing.assert_allclose(results.boxes.xyxy, [box["box"] for box in expected], atol=1)


def test_all_forms_of_a_picture_give_the_same(yolo, rgb):
    results, = yolo(BUS)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    wide = np.zeros((rgb.shape[0], rgb.shape[1] + 7, 3), np.uint8)
    wide[:, :-7] = bgr
    assert results.boxes.xyxy.shape == (5, 4) and results.names[int(results.boxes.cls[3])] == "bus"
    for source in (Path(BUS), bgr, rgb[..., ::-1], wide[:, :-7], np.asfortranarray(bgr), Image.open(BUS),
                   Image.open(BUS).convert("RGBA"), [BUS], (BUS,), bgr[None], iter([BUS])):
        same(yolo(source)[0], results)
    same(yolo(rgb, color="rgb")[0], results)
    same(yolo(rgba, color="rgb")[0], results)
    # Or this test could not see colours at all.
    assert not np.allclose(yolo(rgb)[0].boxes.conf[:4], results.boxes.conf[:4], atol=1e-3)


def test_grey_pictures(yolo, rgb):
    grey = Image.open(BUS).convert("L")
    expected, = yolo(np.repeat(np.asarray(grey)[..., None], 3, axis=2))
    for source in (grey, np.asarray(grey), np.asarray(grey)[..., None]):
        results, = yolo(source)
        same(results, expected)
        assert results.orig_img.shape == (1080, 810, 3)


def test_folders_patterns_and_streams(yolo, tmp_path):
    for name in ("b.jpg", "a.jpg"):
        (tmp_path / name).write_bytes(Path(BUS).read_bytes())
    (tmp_path / "note.txt").write_text("no picture")
    assert [Path(r.path).name for r in yolo(tmp_path)] == ["a.jpg", "b.jpg"]
    assert [Path(r.path).name for r in yolo(f"{tmp_path}/b.*")] == ["b.jpg"]
    stream = yolo([tmp_path / "a.jpg", np.zeros((8, 9, 3), np.uint8), tmp_path / "gone.jpg"], stream=True)
    assert len(next(stream)) == 5
    second = next(stream)
    assert second.path == "image0.jpg" and len(second) == 0 and second.orig_shape == (8, 9)
    with pytest.raises(FileNotFoundError, match="gone.jpg"):
        next(stream)
    (tmp_path / "empty").mkdir()
    with pytest.raises(model_hub.InputNotFoundError, match="holds no picture"):
        yolo(tmp_path / "empty")
    with pytest.raises(model_hub.InputNotFoundError, match="no file matches"):
        yolo(f"{tmp_path}/*.webp")


def test_a_picture_from_a_url(yolo, server):
    server.files["/bus.jpg"] = Path(BUS).read_bytes()
    results, = yolo(f"{server.url}/bus.jpg?secret=1")
    assert len(results) == 5 and "secret" not in results.path
    with pytest.raises(FileNotFoundError, match="nothing.jpg"):
        yolo(f"{server.url}/nothing.jpg")


@pytest.mark.parametrize("source, words", [
    (np.zeros((4, 4, 3)), "uint8"), (np.zeros((4, 4, 5), np.uint8), "no picture"), (np.zeros(4, np.uint8), "no picture"),
    (np.zeros((0, 4, 3), np.uint8), "no pixel"), (np.uint8(3), "uint8"), (None, "NoneType"),
    (b"bytes", "bytes"), ({}, "dict"), (3.5, "float"),
])
def test_what_is_no_picture_is_told(yolo, source, words):
    with pytest.raises(ValueError, match=words) as error:
        yolo(source)
    assert isinstance(error.value, model_hub.InvalidArgumentError) and error.value.hint


def test_a_damaged_picture(yolo, tmp_path):
    damaged = tmp_path / "half.jpg"
    damaged.write_bytes(Path(BUS).read_bytes()[:50_000])
    with pytest.raises(model_hub.CorruptDataError, match="half.jpg"):
        yolo(damaged)


def test_the_options_of_a_call(yolo):
    assert len(yolo(BUS, conf=0.9)[0]) == 1
    assert len(yolo(BUS, max_det=2)[0]) == 2
    assert yolo(BUS, classes=5)[0].verbose() == yolo(BUS, classes=["bus"])[0].verbose() == "1 bus"
    assert len(yolo(BUS, iou=0.999)[0]) > 5
    none, = yolo(BUS, conf=0.99)
    assert none.near_miss[0] == "person" and none.near_miss[1] == pytest.approx(0.914, abs=0.01)
    with pytest.raises(ValueError, match="persn"):
        yolo(BUS, classes=["persn"])
    with pytest.raises(ValueError):
        yolo(BUS, conf=7)
    with pytest.raises(ValueError, match="colours"):
        yolo(np.zeros((4, 4, 3), np.uint8), color="cmyk")
    with pytest.raises(TypeError):
        yolo(BUS, confidence=0.5)


def test_boxes_as_ultralytics_has_them(yolo):
    boxes = yolo(BUS)[0].boxes
    assert boxes.data.shape == (5, 6) and boxes.conf.shape == (5,) and boxes.id is None
    left, top, right, bottom = boxes.xyxy[0].tolist()
    assert boxes.xywh[0].tolist() == pytest.approx([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
    assert boxes.xyxyn[0].tolist() == pytest.approx([left / 810, top / 1080, right / 810, bottom / 1080])
    assert boxes.xywhn.max() <= 1
    assert boxes.xyxy.cpu().numpy().__class__ is np.ndarray and boxes.cls.int().dtype == np.int32
    assert np.shares_memory(boxes.xyxy.cpu().numpy(), boxes.data)
    assert [len(box) for box in boxes] == [1] * 5 and float(boxes[3].conf) == float(boxes.conf[3])
    assert [int(box.cls) for box in boxes] == [0, 0, 0, 5, 0]
    with pytest.raises(ValueError):
        float(boxes.conf)  # of five
    assert len(boxes[boxes.conf > 0.85]) == 3 and len(boxes[1:3]) == 2 and len(boxes[-1]) == 1
    with pytest.raises(IndexError):
        boxes[9]


def test_results_for_programs(yolo, tmp_path):
    results, = yolo(BUS)
    rows = json.loads(results.to_json())
    assert [row["name"] for row in rows] == ["person", "person", "person", "bus", "person"]
    assert rows == results.summary() and set(rows[0]["box"]) == {"x1", "y1", "x2", "y2"}
    assert max(results.summary(normalize=True)[0]["box"].values()) <= 1
    assert set(results.speed) == {"decode", "preprocess", "inference", "postprocess"} and results.speed["inference"] > 0
    chosen = results[results.boxes.cls == 5]
    assert chosen.verbose() == "1 bus" and len(results) == 5 and len(list(results)) == 5
    crops = results.save_crop(tmp_path)
    assert Image.open(crops[3]).size == pytest.approx((764, 545), abs=3) and Path(crops[3]).parent.name == "bus"


def test_drawing_leaves_the_picture_as_it_was(yolo, tmp_path, rgb):
    results, = yolo(rgb, color="rgb")
    before = results.orig_img.copy()
    drawn = results.plot()
    assert drawn.shape == before.shape and drawn.flags.writeable
    assert np.array_equal(results.orig_img, before) and not np.array_equal(drawn, before)
    # Only the chosen box is drawn.
    part = results[[3]].plot()
    assert not np.array_equal(part, drawn) and not np.array_equal(part, before)
    assert results.plot(pil=True).size == (810, 1080)
    name = results.save(tmp_path / "out.png")
    assert np.array_equal(np.asarray(Image.open(name))[..., ::-1], drawn)
    with pytest.raises(ValueError, match="gif"):
        results.save(tmp_path / "out.gif")
    with pytest.raises(FileNotFoundError):
        results.save(tmp_path / "no folder" / "out.png")


def test_supervision_takes_them(yolo):
    supervision = pytest.importorskip("supervision")
    results, = yolo(BUS)
    detections = supervision.Detections.from_ultralytics(results)
    assert len(detections) == 5 and list(detections.data["class_name"]) == ["person"] * 3 + ["bus", "person"]
    np.testing.assert_array_equal(detections.xyxy, results.boxes.xyxy)
    assert len(results.to_supervision()[detections.confidence > 0.5]) == 4
    empty = supervision.Detections.from_ultralytics(yolo(BUS, conf=0.99)[0])
    assert len(empty) == 0


def test_classes(hub):
    model = Model("mobilenet_v2:onnx-int8")
    results, = model(str(IMAGES / "cat.jpg"))
    assert results.probs.top1 == 281 and results.probs.data.shape == (1000,) and results.boxes is None
    assert float(results.probs.data[281]) == float(results.probs.top1conf) == pytest.approx(0.8, abs=0.1)
    assert results.probs.top5[0] == 281 and len(results.probs.top5conf) == 5
    assert results.probs.data.sum() == pytest.approx(1, abs=1e-3)
    assert results.names[281] in results.verbose() and results.summary()[0]["class"] == 281
    assert results.plot().shape == results.orig_img.shape
    with pytest.raises(TypeError, match="classes"):
        results.to_supervision()


def test_faces_and_their_landmarks(hub):
    results, = Model("yunet")(str(IMAGES / "one_face.jpg"))
    assert results.boxes.data.shape == (1, 6) and results.names[0] == "face"
    assert results.keypoints.xy.shape == (1, 5, 2) and results.descriptors is None
    left, top, right, bottom = results.boxes.xyxy[0]
    x, y = results.keypoints.xy[0].T
    assert left < x.min() and x.max() < right and top < y.min() and y.max() < bottom
    assert results.plot().shape == results.orig_img.shape
    assert len(results.summary()[0]["keypoints"]["x"]) == 5
    none, = Model("yunet")(np.zeros((64, 64, 3), np.uint8))
    assert len(none) == 0 and none.keypoints.xy.shape[0] == 0 and none.plot().shape == (64, 64, 3)


def test_descriptors_tell_people_apart(hub):
    engines = {engine.name for engine in hub.list_engines() if engine.is_usable}
    if "dlib" not in engines:
        pytest.skip("built without dlib")
    model = Model("face_recognition")
    face, = model(str(IMAGES / "one_face.jpg"))
    others, = model(Image.open(IMAGES / "bald_guys.jpg").crop((0, 300, 700, 800)))
    assert face.descriptors.shape == (1, 128) and others.descriptors.shape[1] == 128 and len(others) > 1
    metric, threshold = model.face_measure()
    assert metric == "euclidean" and threshold == pytest.approx(0.6)
    one = face.descriptors[0]
    assert model.face_distance(one, one) == 0
    assert model.face_distance(one, others.descriptors[0]) == pytest.approx(
        float(np.linalg.norm(one - others.descriptors[0])), abs=1e-5)
    match = model.match_face(one, {"her": face.descriptors, "them": others.descriptors})
    assert (match.name, match.index, match.is_same_person) == ("her", 0, True) and match.margin > 0
    with pytest.raises(ValueError):
        model.face_distance(one, [1.0, 2.0])
    assert face[0].descriptors.shape == (1, 128)


def test_text(hub):
    engines = {engine.name for engine in hub.list_engines() if engine.is_usable}
    if "tesseract" not in engines:
        pytest.skip("no Tesseract here")
    results, = Model("tesseract_eng")(str(IMAGES / "phototest.tif"))
    expected = (IMAGES / "phototest.gold.txt").read_text()
    assert results.text.split() == expected.split()
    words = results.words
    assert len(words) == len(results) == len(results.text.split()) and words.text[:3] == ["This", "is", "a"]
    assert words.xyxy.shape == (len(words), 4) and words.conf.min() > 0 and words.line[0] == 0 < words.line[-1]
    assert words[1].text == ["is"] and words[0:3].text == ["This", "is", "a"]
    assert results.summary()[0]["text"] == "This" and results.plot().shape == results.orig_img.shape
    with pytest.raises(TypeError, match="text"):
        results.to_supervision()


def test_a_file_of_ones_own(hub, tmp_path):
    file = tmp_path / "best.onnx"
    file.write_bytes(open(hub.pull_model("yolov8n").path, "rb").read())
    results, = Model(str(file), recipe="yolov8", labels="coco80")(BUS)
    assert results.verbose() == "4 persons, 1 bus"
    (tmp_path / "names.txt").write_text("".join(f"thing {i}\n" for i in range(80)))
    results, = hub.load_model(file, recipe="yolov8", labels=tmp_path / "names.txt")(BUS)
    assert results.verbose() == "4 thing 0s, 1 thing 5"
    with pytest.raises(TypeError, match="lables"):
        Model(str(file), lables="coco80")


def test_a_bgr_array_is_used_and_shown_where_it_lies(yolo, rgb):
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    results, = yolo(bgr)
    assert results.orig_img is bgr
    frozen = bgr.copy()
    frozen.flags.writeable = False  # what is only read may be read-only
    same(yolo(frozen)[0], results)


def test_a_decoded_picture_lives_as_long_as_its_arrays(yolo):
    from model_hub import _core

    picture = _core.Picture.load(BUS)
    shared = picture.rgb()
    assert np.shares_memory(shared, picture.rgb()) and not np.shares_memory(shared, picture.bgr())
    row = shared[500].copy()
    del picture
    gc.collect()
    _ = [np.ones(3 * 1080 * 810, np.uint8) for _ in range(4)]  # would lie where it lay
    assert np.array_equal(shared[500], row)


def test_an_array_is_held_no_longer_than_its_results(yolo, rgb):
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    watch = weakref.ref(bgr)
    results, = yolo(bgr)
    del bgr
    gc.collect()
    assert watch() is not None  # results.orig_img
    del results
    gc.collect()
    assert watch() is None
