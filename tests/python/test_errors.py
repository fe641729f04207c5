# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions, what is logged, and what is said where no engine is."""
import builtins
import logging
import pickle
import threading

import pytest
from conftest import BUS, CATALOG, MIRROR

import model_hub
from model_hub import ModelHub, ModelHubError, _core
from model_hub.errors import _CLASSES, _make_error


@pytest.mark.parametrize("code, subject, builtin", _core.error_faces())
def test_every_row_of_the_table_has_a_class_with_both_parents(code, subject, builtin):
    error = _make_error(code, builtin, "the message", "the context", "the hint", subject, True)
    assert type(error) is not ModelHubError, "no class for this row in model_hub/errors.py"
    assert isinstance(error, ModelHubError) and isinstance(error, getattr(builtins, builtin))
    assert getattr(model_hub, type(error).__name__) is type(error)
    assert (error.code, error.subject, error.retryable, error.hint) == (code, subject, True, "the hint")
    assert str(error) == "the message (the context)\nhint: the hint"


def test_no_class_is_for_a_row_that_there_is_not():
    assert set(_CLASSES) == {(code, builtin) for code, _, builtin in _core.error_faces()}


@pytest.mark.parametrize("told, here", [
    ("check the network; --offline uses what is installed, --mirror names another source",
     "check the network; offline=True uses what is installed, mirrors= names another source"),
    ("use --device auto, or run 'modelhub devices' to see what can be used",
     "use device='auto', or run list_devices() to see what can be used"),
    ("'modelhub unpin yolov8n@8.4', or 'modelhub prune --to 0'", "unpin_model('yolov8n@8.4'), or cleanup_cache(0)"),
    ("set the budget again: 'modelhub cache budget 10GB'", "set the budget again: set_cache_budget()"),
    ("--recipe KIND says how it is fed: yolov8; --labels FILE names them", "recipe= says how it is fed: yolov8; labels= names them"),
    ("--recipe yolov8 or --recipe end2end says", "recipe='yolov8' or recipe='end2end' says"),
    ("do this once without --offline", "do this once without offline=True"),
    ("python -m tf2onnx.convert --graphdef a.pb --output b.onnx", "python -m tf2onnx.convert --graphdef a.pb --output b.onnx"),
    ("did you mean 'yolov8n'?", "did you mean 'yolov8n'?"),
])
def test_a_hint_is_for_python(told, here):
    error = _make_error("unsupported", "RuntimeError", "--device stays in a message", "", told, "model", False)
    assert (error.hint, error.message) == (here, "--device stays in a message")


def test_an_error_can_be_sent_to_another_process(hub):
    with pytest.raises(KeyError) as raised:
        hub.load_model("yolov8m")
    sent = pickle.loads(pickle.dumps(raised.value))
    assert type(sent) is model_hub.ModelNotFoundError and str(sent) == str(raised.value) and sent.code == "not_found"
    assert "did you mean 'yolov8n'" in sent.hint


def test_offline(tmp_path):
    with ModelHub(tmp_path, catalogs=[CATALOG], mirrors=[MIRROR], offline=True) as hub:
        with pytest.raises(model_hub.OfflineError, match="not installed") as error:
            hub.load_model("yolov8n")
        assert isinstance(error.value, ConnectionError)


def test_bytes_that_are_not_the_catalogued_ones(toy):
    one = toy()
    path, = one.server.files
    one.server.files[path] = one.content.replace(b"0.7", b"0.8")
    with one.hub() as hub, pytest.raises(model_hub.ChecksumMismatchError) as error:
        hub.pull_model("toy")
    assert isinstance(error.value, ValueError) and path.rsplit("/", 1)[1] in str(error.value)
    with one.hub() as hub:
        assert hub.list_installed_models() == []


def test_a_licence_that_is_not_allowed(tmp_path):
    with ModelHub(tmp_path, catalogs=[CATALOG], mirrors=[MIRROR], licenses=["MIT"]) as hub:
        with pytest.raises(ValueError, match="AGPL-3.0"):
            hub.pull_model("yolov8n")


def test_without_an_engine_all_but_running_works_and_the_error_names_the_extra(tmp_path):
    nowhere = str(tmp_path / "nowhere")
    settings = {"onnxruntime.library_dir": nowhere, "openvino.library_dir": nowhere}
    with ModelHub(tmp_path / "home", catalogs=[CATALOG], mirrors=[MIRROR], engine_settings=settings) as hub:
        assert hub.pull_model("yolov8n").name == "yolov8n"
        assert hub.validate_model("yolov8n")
        with pytest.raises(RuntimeError, match="onnxruntime") as error:
            hub.load_model("yolov8n")
        assert isinstance(error.value, model_hub.CannotRunError)
        assert "pip install 'modelhub-vision[onnxruntime]'" in error.value.hint
        assert "pip install 'modelhub-vision[openvino]'" in error.value.hint


def test_the_libraries_come_from_the_packages_that_have_them(hub):
    import onnxruntime

    engine, = [engine for engine in hub.list_engines() if engine.name == "onnxruntime"]
    assert engine.version == onnxruntime.__version__ and engine.is_usable
    with open("/proc/self/maps") as maps:
        loaded = {line.split()[-1] for line in maps if "libonnxruntime.so" in line}
    assert loaded == {f"{onnxruntime.__path__[0]}/capi/libonnxruntime.so.{onnxruntime.__version__}"}


def test_openvino_is_looked_for_where_its_package_has_it(tmp_path, monkeypatch):
    from model_hub import engine_libraries

    (tmp_path / "openvino/libs").mkdir(parents=True)
    (tmp_path / "openvino/__init__.py").write_text("raise SystemExit('was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert "openvino.library_dir" not in engine_libraries.settings()  # a package without its library
    (tmp_path / "openvino/libs/libopenvino_c.so.2640").touch()
    assert engine_libraries.settings()["openvino.library_dir"] == str(tmp_path / "openvino/libs")


def test_the_wheel_carries_no_library_of_an_engine():
    import importlib.metadata

    files = [str(file) for file in importlib.metadata.files("modelhub-vision")]
    assert "model_hub/modelhub/engines/modelhub_engine_onnxruntime.so" in files
    libraries = [file for file in files if ".so" in file]
    assert all(file.startswith(("model_hub/_core.", "model_hub/modelhub/engines/modelhub_")) for file in libraries), libraries
    assert {"model_hub/py.typed", "model_hub/_core.pyi"} <= set(files)


def test_what_the_library_logs_goes_to_logging_in_the_thread_that_called(own_hub, caplog):
    own_hub.pull_model("yolov8n")
    own_hub.set_cache_budget(14_000_000)
    with caplog.at_level(logging.INFO, "model_hub"):
        own_hub.pull_model("mobilenet_v2:onnx-int8")
    record, = [record for record in caplog.records if "yolov8n@8.4.115" in record.getMessage()]
    assert (record.name, record.levelname, record.thread) == ("model_hub", "INFO", threading.get_ident())


def test_a_line_for_each_picture(yolo, caplog):
    with caplog.at_level(logging.INFO, "model_hub"):
        yolo(BUS, verbose=True)
        yolo(BUS)
    line, = [message for message in caplog.messages if "4 persons, 1 bus" in message]
    assert line.startswith(BUS)
