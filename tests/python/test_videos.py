# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Videos and cameras: those of a module that needs no decoder (tests/vision/scripted_video.c), and one of OpenCV's."""
import gc
import os
import weakref
from pathlib import Path

import numpy as np
import pytest
from conftest import BUS
from PIL import Image

import model_hub


@pytest.fixture
def model(toy):
    with toy().hub() as hub:
        yield hub.load_model("toy")


@pytest.fixture
def clip(tmp_path):
    def write(text):
        path = tmp_path / "clip.avi"
        path.write_text(text)
        return path

    return write


def colour_of(result):
    return result.orig_img[0, 0].tolist()


def test_each_frame_is_answered_in_order(model, clip):
    path = clip("video 6 4 5")
    answers = model(path)
    assert [answer.frame for answer in answers] == [0, 1, 2, 3, 4]
    # Frame 3 of the module is (3, 6, 9) as blue, green, red.
    assert [colour_of(answer) for answer in answers] == [[i, 2 * i, 3 * i] for i in range(5)]
    for answer in answers:
        assert (answer.path, answer.orig_shape, answer.probs.top1) == (str(path), (4, 6), 1)
        assert answer.orig_img.shape == (4, 6, 3) and answer.speed["decode"] >= 0
    assert [answer.frame for answer in model(str(path), every=2)] == [0, 2, 4]
    assert len(model([path, np.zeros((4, 4, 3), np.uint8), path])) == 11
    with pytest.raises(ValueError, match="every"):
        model(path, every=0)


def test_a_stream_holds_a_frame_at_a_time(model, clip):
    stream = model(clip("video 320 240 9"), stream=True)
    watches = []
    for answer in stream:
        watches.append(weakref.ref(answer))
        if answer.frame == 3:
            break
    gc.collect()
    assert [watch() is not None for watch in watches] == [False, False, False, True]
    stream.close()


def test_a_frame_outlives_its_video(model, clip):
    answers = model(clip("video 8 8 3"))
    gc.collect()
    _ = [np.ones((8, 8, 3), np.uint8) for _ in range(64)]  # would lie where it lay
    assert np.array_equal(answers[2].orig_img, np.full((8, 8, 3), [2, 4, 6], np.uint8))


def test_a_video_that_breaks_gives_what_comes_before(model, clip):
    stream = model(clip("video 6 4 9 fail 2"), stream=True)
    assert [next(stream).frame, next(stream).frame] == [0, 1]
    with pytest.raises(model_hub.CorruptDataError, match="clip.avi"):
        next(stream)
    with pytest.raises(ValueError, match="clip.avi"):
        model(clip("no video"))
    with pytest.raises(FileNotFoundError, match="none.mkv"):
        model("none.mkv")


def test_a_camera_goes_on_until_nobody_asks(model):
    for camera in (0, "camera:0"):
        stream = model(camera, stream=True, every=2)
        answers = [next(stream) for _ in range(3)]
        assert [answer.frame for answer in answers] == [0, 2, 4] and answers[0].path == "camera:0"
        assert answers[0].orig_shape == (48, 64)
        stream.close()
    with pytest.raises(model_hub.InputNotFoundError, match="camera:1 is not there"):
        model(1)


def test_ctrl_c_ends_a_camera(toy, in_child):
    done = in_child('''
        import os, signal, sys
        import model_hub

        model = model_hub.ModelHub(**eval(sys.argv[1])).load_model("toy")
        try:
            for answer in model(0, stream=True):
                if answer.frame == 20:
                    os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            print("interrupted")
    ''', toy().options)
    assert done.stdout == "interrupted\n" and done.stderr == ""


def test_a_real_video(yolo, tmp_path):
    engines = Path(model_hub.__file__).parent / "modelhub/engines"
    if not (engines / "modelhub_video.so").exists():
        pytest.skip("built without OpenCV's videoio")
    av = pytest.importorskip("av")
    bgr = np.ascontiguousarray(np.asarray(Image.open(BUS))[..., ::-1])
    path = tmp_path / "street.avi"
    with av.open(os.fspath(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=10)
        stream.height, stream.width = bgr.shape[:2]
        stream.pix_fmt = "yuvj420p"
        for picture in (bgr, np.zeros_like(bgr)):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        file.mux(stream.encode())
    bus, nothing = yolo(path)
    assert bus.verbose() == "4 persons, 1 bus" and len(nothing) == 0 and (bus.frame, nothing.frame) == (0, 1)
    # The colours are right: mistaken they are 60 apart.
    assert np.abs(bus.orig_img.astype(int) - bgr).mean() < 12
