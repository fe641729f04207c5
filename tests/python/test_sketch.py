# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Every call that the sketch named, and the lines of the README."""
import asyncio
import hashlib
import os
import subprocess
import threading

import pytest
from conftest import BUS, IMAGES, SHARED
from PIL import Image

import model_hub
from model_hub import DeviceType, ModelMetadata, ModelType, get_model_hub

SKETCH = '''
import asyncio
from model_hub import get_model_hub, DeviceType

async def main():
    hub = get_model_hub()
    models = hub.list_available_models()
    print(f"Available: {len(models)} models")
    model = await hub.ensure_model_ready("yolov8n", DeviceType.AUTO)
    # Use model for inference...
    hub.unload_model("yolov8n")

asyncio.run(main())
'''


def test_the_usage_example_of_the_sketch_runs_unchanged(in_child):
    done = in_child(SKETCH)
    assert done.stdout.startswith("Available: ") and done.stderr == ""


def test_the_readmes_line_of_python_answers(hub, tmp_path):
    line = os.environ["MODELHUB_TEST_README"].replace("yolox_s", "yolov8n")
    (tmp_path / "street.jpg").write_bytes((IMAGES / "bus.jpg").read_bytes())
    done = subprocess.run(["bash", "-ec", line], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "4 persons, 1 bus" in done.stdout


def test_one_hub_for_the_process(hub):
    found = []
    threads = [threading.Thread(target=lambda: found.append(get_model_hub())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one is hub for one in found)
    with pytest.raises(ValueError, match="open already"):
        get_model_hub(offline=True)


def test_what_is_available_says_what_is_installed(own_hub):
    models = {model.name: model for model in own_hub.list_available_models()}
    assert {"yolov8n", "yolov8s", "ssd_mobilenet_v2", "resnet50", "mobilenet_v2", "tesseract_eng",
            "face_recognition"} <= set(models)
    assert models["yolov8n"].model_type is ModelType.YOLO_V8 and models["yolov8n"].installed == ()
    own_hub.pull_model("yolov8n")
    one, = [m for m in own_hub.list_available_models(ModelType.YOLO_V8) if m.installed]
    assert one.name == "yolov8n" and one.installed == ("yolov8n@8.4.115-dequantised:onnx-fp32",)
    assert [m.name for m in own_hub.search_models("yunet")] == ["yunet"]


def test_a_download_reports_its_progress_in_the_loops_thread(own_hub):
    seen = []

    def callback(progress):
        asyncio.get_running_loop()  # raises outside of it
        seen.append((threading.get_ident(), float(progress), progress.phase, progress.bytes_total))

    async def main():
        return await own_hub.download_model("yolov8n", callback)

    installed = asyncio.run(main())
    assert installed.bytes == 12957218 and os.path.getsize(installed.path) == installed.bytes
    assert hashlib.sha256(open(installed.path, "rb").read()).hexdigest() == installed.files[0].sha256
    assert installed.installed_at.tzinfo is not None
    assert seen and {thread for thread, *_ in seen} == {threading.get_ident()}
    assert all(0 <= share <= 1 for _, share, *_ in seen)


def test_a_blocking_download_calls_back_in_its_own_thread(toy):
    with toy().hub() as hub:
        seen = []
        hub.pull_model("toy", lambda progress: seen.append((threading.get_ident(), progress.phase)))
        assert seen and {thread for thread, _ in seen} == {threading.get_ident()}


def test_what_a_callback_raises_ends_the_waiting(toy):
    one = toy()
    one.server.gate.clear()
    calls = []

    def callback(progress):
        calls.append(progress)
        raise ZeroDivisionError

    with one.hub() as hub:
        with pytest.raises(ZeroDivisionError):
            hub.pull_model("toy", callback)
        calls.clear()
        with pytest.raises(ZeroDivisionError):
            asyncio.run(hub.download_model("toy", callback))
        one.server.gate.set()
        assert hub.pull_model("toy").name == "toy"
        assert len(calls) == 1


def test_load_and_unload(hub):
    model = hub.load_model("yolov8n", DeviceType.CPU)
    assert model.device == "cpu:0" and model.engine.startswith("onnxruntime ")
    assert hub.unload_model("yolov8n") is True
    assert hub.unload_model("yolov8n") is False
    assert len(model(BUS)[0]) == 5  # a weak handle: it loads again
    with model.lease(), pytest.raises(model_hub.BusyError):
        hub.unload_model("yolov8n")
    with pytest.raises(KeyError, match="did you mean"):
        hub.unload_model("yolov8m")


def test_a_gpu_that_is_not_there_falls_back_and_says_why(hub, caplog):
    if any(device.kind == "gpu" for device in hub.list_devices()):
        pytest.skip("this machine has one")
    model = hub.load_model("yolov8n", DeviceType.GPU)
    assert model.device == "cpu:0"
    assert any("no GPU" in warning for warning in model.report().warnings)
    with pytest.raises(model_hub.CannotRunError, match="cuda:0"):
        hub.load_model("yolov8n", "cuda:0")


def test_validate_repair_and_remove(own_hub):
    assert own_hub.validate_model("yolov8n") is False  # not installed
    installed = own_hub.pull_model("yolov8n")
    assert own_hub.validate_model("yolov8n") is True
    os.chmod(installed.path, 0o644)
    with open(installed.path, "r+b") as file:
        file.seek(5_000_000)
        file.write(b"damage")
    assert own_hub.validate_model("yolov8n") is False
    report, = own_hub.verify_model("yolov8n")
    assert report.files[0].verdict == "digest_differs" and "sha256" not in report.files[0].verdict
    repaired, = own_hub.repair_model("yolov8n")
    assert repaired.damaged == ("yolov8n_f32_dequantised.onnx",) and repaired.bytes_received <= 4 << 20
    assert own_hub.validate_model("yolov8n") is True
    assert own_hub.remove_model("yolov8n") is True
    assert own_hub.remove_model("yolov8n") is False
    for call in (own_hub.validate_model, own_hub.remove_model):
        with pytest.raises(KeyError):
            call("no_such_model")


def test_a_custom_model(own_hub, hub):
    file = hub.pull_model("yolov8n").path
    metadata = ModelMetadata(name="parcels", model_type=ModelType.YOLO_V8, version="1.0.0", url=file,
                             labels=[f"thing {i}" for i in range(80)], license="MIT")
    report = own_hub.register_custom_model(metadata)
    assert report.reference.startswith("parcels@1.0.0:") and not report.was_registered
    assert own_hub.register_custom_model(metadata).was_registered
    model = own_hub.load_model("parcels")
    results, = model(BUS)
    assert results.names[5] == "thing 5" and "thing 5" in results.verbose()
    assert own_hub.get_model_info("parcels").license == "MIT"
    with pytest.raises(ValueError, match="names no file"):
        own_hub.register_custom_model(ModelMetadata(name="nothing"))
    own_hub.unload_model("parcels")
    own_hub.forget_model("parcels")
    with pytest.raises(KeyError):
        own_hub.get_model_info("parcels")


def test_a_plan_before_anything_is_fetched(own_hub):
    plan = own_hub.plan_model("yolov8n")
    assert (plan.is_installed, plan.bytes_to_fetch, plan.license) == (False, 12957218, "AGPL-3.0")
    assert [(one.variant, one.usable) for one in plan.candidates] == [("onnx-fp32", True)]
    assert "onnxruntime" in plan.candidates[0].needs
    assert own_hub.list_installed_models() == []
    own_hub.pull_model("yolov8n")
    assert own_hub.plan_model("yolov8n").bytes_to_fetch == 0
    recogniser = own_hub.plan_model("sface")
    assert recogniser.stages[0].reference.startswith("yunet@")


def test_versions(own_hub):
    versions = own_hub.list_versions("mobilenet_v2")
    assert [v.version for v in versions][:3] == ["12", "10", "7"]
    own_hub.pull_model("yolov8n")
    own_hub.set_default_version("mobilenet_v2", "10")
    assert [v.version for v in own_hub.list_versions("mobilenet_v2") if v.is_default and v.is_users_choice] == ["10"]
    assert own_hub.get_model_info("mobilenet_v2").version == "10"
    own_hub.set_default_version("mobilenet_v2", None)
    assert [v.version for v in own_hub.list_versions("mobilenet_v2") if v.is_default] == ["12"]


def test_the_cache_and_its_clean_up(own_hub):
    own_hub.pull_model("yolov8n")
    stats = own_hub.get_cache_stats()
    assert stats.models == 1 and stats.budget == 10_000_000_000 and stats.used >= 12957218
    assert own_hub.pin_model("yolov8n") == ["yolov8n@8.4.115-dequantised:onnx-fp32"]
    assert own_hub.get_cache_stats().pinned > 0
    assert not [item for item in own_hub.cleanup_cache(0).items if item.kind == "model"]
    own_hub.unpin_model("yolov8n")
    would, = own_hub.cleanup_cache(0, dry_run=True).items
    assert (would.kind, would.what) == ("model", "yolov8n@8.4.115-dequantised:onnx-fp32")
    assert own_hub.get_cache_stats().models == 1
    assert own_hub.cleanup_cache(0).freed > 0 and own_hub.get_cache_stats().models == 0
    own_hub.set_cache_budget(1_000_000)
    with pytest.raises(OSError) as error:
        own_hub.pull_model("yolov8n")
    assert isinstance(error.value, model_hub.NoSpaceError) and error.value.hint


def test_a_self_test_on_this_machine(own_hub, hub):
    results = hub.self_test("yolov8n")
    assert any(result.verdict == "right" and result.engine == "onnxruntime" for result in results), results


def test_tuning_finds_the_fastest_way_and_loads_follow_it(toy, server, tmp_path):
    Image.new("RGB", (8, 6)).save(tmp_path / "grey.png")
    picture = (tmp_path / "grey.png").read_bytes()
    digest = hashlib.sha256(picture).hexdigest()
    server.files[f"/sha256/{digest}"] = picture
    golden = {"image": {"path": "grey.png", "role": "picture", "bytes": len(picture), "sha256": digest, "urls": []},
              "expect": [{"label": "bee", "score": 0.7}], "tolerance": {"top1": True}}
    # With two threads a run takes 4 ms, with any other number 40.
    one = toy("run_takes 40\nrun_takes 4 2\n", variant={"golden": golden})
    phases = set()
    with model_hub.ModelHub(**one.options, threads=4) as hub:
        assert [result.verdict for result in hub.self_test("toy")] == ["right"]
        report = hub.tune("toy", progress_callback=lambda progress: phases.add(progress.phase))
        assert (report.model, report.picture, report.not_kept) == ("toy@1:plain", "grey.png", None)
        chosen = report.candidates[report.chosen]
        assert (chosen.engine, chosen.threads, chosen.verdict) == ("scripted", 2, "chosen") and "of the default" in report.reason
        default, = [candidate for candidate in report.candidates if candidate.is_default]
        assert (default.threads, default.verdict) == (4, "slower") and default.run_ms > chosen.run_ms > 0
        assert "testing" in phases
        assert "2 threads" in hub.load_model("toy").report().tuned
        assert hub.load_model("toy", "cpu").report().tuned == ""  # who names a device is obeyed
        assert hub.tune("toy", precision="golden", picture=tmp_path / "grey.png").picture == str(tmp_path / "grey.png")
        with pytest.raises(FileNotFoundError, match="none.png"):
            hub.tune("toy", picture="none.png")
        with pytest.raises(ValueError, match="roughly"):
            hub.tune("toy", precision="roughly")
        with pytest.raises(KeyError, match="did you mean"):
            hub.tune("toyy")


def test_the_shared_folder_is_there():
    assert (SHARED / "mirror").is_dir()
