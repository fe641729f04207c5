# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""A program that says its types. It is only read, by mypy (test_typing.py): each ignored line must really be wrong."""
import asyncio

import numpy as np

from model_hub import (DeviceType, InstalledModel, Model, ModelHub, ModelMetadata, ModelNotFoundError, ModelType, Progress,
                       Results, get_model_hub, progress_bar)


def show(progress: Progress) -> None:
    print(f"{progress:.0%}", progress.phase.upper(), progress.bytes_done + 1, progress.eta or 0.0)


async def fetch(hub: ModelHub) -> Model:
    installed: InstalledModel = await hub.download_model("yolox_s", show)
    print(installed.path.upper(), installed.files[0].bytes + 1, installed.installed_at.year)
    return await hub.ensure_model_ready("yolox_s", DeviceType.GPU, precision="golden")


def answer(model: Model) -> list[Results]:
    for result in model("shots/*.jpg", stream=True):
        if result.boxes is not None:
            best: float = float(result.boxes.conf[0])
            names: list[str] = [result.names[int(c)] for c in result.boxes.cls]
            corners: np.ndarray = result.boxes.xyxy.numpy()
            print(best, names, corners)
        if result.probs is not None:
            print(result.probs.top1 + 1)
        print(result.to_json().upper(), result.save().upper(), result.near_miss and result.near_miss[0].upper())
    outputs: dict[str, np.ndarray] = model.infer({"images": np.zeros((1, 3, 640, 640), np.float32)})
    print(outputs, model.report().candidates[0].reason.upper())
    return model("street.jpg", conf=0.3, classes=["person", 2])


def get_and_register() -> None:
    with progress_bar() as bar:
        get_model_hub().pull_model("yolox_s", bar)
    try:
        answer(asyncio.run(fetch(get_model_hub())))
    except ModelNotFoundError as error:
        print(error.hint.upper(), error.retryable is True)
    report = get_model_hub().register_custom_model(ModelMetadata("mine", ModelType.YOLO_V8, url="best.onnx"))
    print(report.model.reference.upper(), [assumption.upper() for assumption in report.assumptions])


def what_is_wrong(model: Model) -> None:
    Model("yolox_s", device=3)  # type: ignore[arg-type]
    model("street.jpg", conf="high")  # type: ignore[call-overload]
    model("street.jpg", stream=True)[0]  # type: ignore[index]
    model.infer([np.zeros(4)])  # type: ignore[arg-type]
    get_model_hub().pull_model("yolox_s").bites  # type: ignore[attr-defined]
    get_model_hub().pull_model("yolox_s", lambda: None)  # type: ignore[arg-type,misc]
