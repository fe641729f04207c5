# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors beneath the recipe: whose memory they are, and for how long."""
import gc
import textwrap
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import model_hub
from model_hub import Model

# Beside its classes this one gives its input, and the sum of it.
LINES = "output s float32 1 = sum x\noutput c float32 1 3 4 4 = copy x\n"
SHAPE = (1, 3, 4, 4)


def numbers():
    return np.arange(48, dtype=np.float32).reshape(SHAPE)


def test_tensors_beneath_the_recipe(hub):
    model = Model("mobilenet_v2:onnx-int8")
    (given,), (taken,) = model.signature()
    assert given.dtype == "float32" and given.shape[1:] == (3, 224, 224)
    answer = model.infer({given.name: np.zeros((1, 3, 224, 224), np.float32)})
    logits = answer[taken.name]
    assert logits.shape == (1, 1000) and logits.dtype == np.float32
    # It lives as long as the array, and is the array's alone.
    copy, again = logits.copy(), model.infer({given.name: np.zeros((1, 3, 224, 224), np.float32)})[taken.name]
    del answer, model
    gc.collect()
    assert np.array_equal(logits, copy) and not np.shares_memory(logits, again)
    logits[:] = 0
    assert np.array_equal(again, copy)


@pytest.mark.parametrize("inputs", [{"wrong name": np.zeros((1, 3, 224, 224), np.float32)}, {},
                                    {"input": np.zeros((1, 3, 224, 224), np.float64)}, {"input": np.zeros(4, np.float32)},
                                    {"input": np.array(["text"])}])
def test_tensors_that_a_model_does_not_take(hub, inputs):
    with pytest.raises(ValueError):
        Model("mobilenet_v2:onnx-int8").infer(inputs)


def test_an_array_is_read_where_it_lies(toy, gate):
    with toy(LINES + f"run_waits {gate.path}\n").hub() as hub, ThreadPoolExecutor(1) as pool:
        model = hub.load_model("toy")
        array = np.zeros(SHAPE, np.float32)
        running = pool.submit(model.infer, {"x": array})
        with gate.holding_a_run():
            array[:] = 2  # nobody should do that, but here it shows that there is no copy
        answer = running.result(30)
        assert answer["s"][0] == 96 and np.array_equal(answer["c"], array)
        assert not np.shares_memory(answer["c"], array) and answer["c"].flags.writeable


@pytest.mark.parametrize("lying", [
    lambda a: np.stack([a, -a], axis=-1)[..., 0], lambda a: np.asfortranarray(a), lambda a: a[..., ::-1].copy()[..., ::-1],
    lambda a: a.astype(">f4"),
    lambda a: np.frombuffer(b"_" + a.tobytes(), np.uint8)[1:].view(np.float32).reshape(SHAPE),
    lambda a: np.broadcast_to(a, (2, *SHAPE))[1], lambda a: a.view(np.ma.MaskedArray),
], ids=["strided", "columns first", "backwards", "big endian", "not aligned", "read only", "a subclass"])
def test_an_array_may_lie_as_it_likes(toy, lying):
    with toy(LINES).hub() as hub:
        array = lying(numbers())
        answer = hub.load_model("toy").infer({"x": array})
        assert np.array_equal(answer["c"], numbers()) and answer["s"][0] == numbers().sum()
        assert np.array_equal(array, numbers())


def test_an_array_lives_until_the_call_ends(toy, gate):
    with toy(LINES + f"run_waits {gate.path}\n").hub() as hub, ThreadPoolExecutor(1) as pool:
        model = hub.load_model("toy")
        inputs = {"x": numbers()}
        watch = weakref.ref(inputs["x"])
        running = pool.submit(model.infer, inputs)
        with gate.holding_a_run():
            inputs.clear()
            gc.collect()
            assert watch() is not None
        assert np.array_equal(running.result(30)["c"], numbers())
        del running
        gc.collect()
        assert watch() is None


def test_an_array_outlives_ctrl_c_until_the_engine_has_ended(toy, gate, in_child):
    one = toy(LINES + f"run_waits {gate.path}\n")
    in_child(textwrap.dedent('''
        import gc, os, signal, sys, threading, time, weakref
        import numpy as np
        import model_hub

        gate = sys.argv[2]
        hub = model_hub.ModelHub(**eval(sys.argv[1]))
        model = hub.load_model("toy")
        ends = []

        def interrupt():
            ends.append(os.open(gate, os.O_WRONLY))  # when the run waits there
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        array = np.ones((1, 3, 4, 4), np.float32)
        watch = weakref.ref(array)
        inputs = {"x": array}
        del array
        try:
            model.infer(inputs)
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("was not interrupted")
        inputs.clear()
        gc.collect()
        assert watch() is not None
        os.close(ends[0])
        deadline = time.monotonic() + 30
        while watch() is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    '''), one.options, gate.path)


@pytest.mark.parametrize("given, words", [
    ([1.0, 2.0], "is a list, not a NumPy array"), (np.float32(1), "is a float32, not a NumPy array"), (None, "NoneType"),
    (np.zeros(SHAPE, np.complex64), "complex64"), (np.array(["text"]), "a type that no model takes"),
    (np.zeros(SHAPE, object), "object"), (np.zeros(SHAPE), "float64"), (np.zeros(SHAPE, bool), "bool"),
    (np.zeros((1, 3, 4, 5), np.float32), "[1,3,4,5]"), (np.zeros((0,), np.float32), "[0]"),
])
def test_what_is_no_tensor_of_the_model_is_told(toy, given, words):
    with toy(LINES).hub() as hub, pytest.raises(ValueError) as error:
        hub.load_model("toy").infer({"x": given})
    assert words in str(error.value) and "'x'" in str(error.value)
    assert isinstance(error.value, model_hub.InvalidArgumentError)


def test_tensors_have_names(toy):
    with toy(LINES).hub() as hub, pytest.raises(TypeError, match="not a list"):
        hub.load_model("toy").infer([numbers()])
