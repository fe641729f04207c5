# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of the package is what there is."""
import ast
import importlib
import inspect
import types
from pathlib import Path

import pytest

import model_hub
from model_hub import _core

PACKAGE = Path(model_hub.__file__).parent


def members(nodes):
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id


def test_the_stub_of_the_extension_module_names_what_it_has():
    stub = ast.parse((PACKAGE / "_core.pyi").read_text())
    public = {name for name in dir(_core) if not name.startswith("__")}
    assert set(members(stub.body)) == public
    for node in stub.body:
        if isinstance(node, ast.ClassDef):
            told = set(members(node.body)) - {"__init__"}
            assert told == {name for name in vars(getattr(_core, node.name)) if not name.startswith("_")}, node.name


def test_all_that_is_public_is_exported_and_documented():
    for name in model_hub.__all__:
        assert hasattr(model_hub, name), name
    for cls in (model_hub.ModelHub, model_hub.Model, model_hub.Results, model_hub.Boxes, model_hub.ModelHubError):
        assert inspect.getdoc(cls), cls
    for name, member in inspect.getmembers(model_hub.ModelHub, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(member).return_annotation is not inspect.Signature.empty, name
    # Those of tensors, which are what they were, need no words.
    for cls in (model_hub.ModelHub, model_hub.Model, model_hub.Lease, model_hub.Results, model_hub.Boxes, model_hub.Probs):
        for name, member in vars(cls).items():
            if name not in ("cpu", "numpy", "to", "shape") and isinstance(member, (property, types.FunctionType)):
                assert name.startswith("_") or inspect.getdoc(member), f"{cls.__name__}.{name}"


def test_every_module_is_annotated():
    """No function without the types of its parameters and of what it returns: py.typed promises that."""
    for source in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                where = f"{source.name}:{node.lineno} {node.name}"
                assert node.returns is not None, where
                for argument in node.args.args[:] + node.args.kwonlyargs:
                    assert argument.annotation is not None or argument.arg in ("self", "cls"), where


def test_mypy_agrees_with_the_package_and_with_a_program_of_a_user(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api")
    monkeypatch.setenv("MYPYPATH", str(Path(__file__).parent))
    said, failed, code = api.run(["--strict", "--cache-dir", str(tmp_path), "-p", "model_hub", "-m", "typed_program"])
    assert code == 0, said + failed
    assert int(said.split()[-3]) > len(list(PACKAGE.glob("*.py")))  # those of the package too


@pytest.mark.parametrize("name", ["errors", "reports"])
def test_no_class_is_forgotten(name):
    module = importlib.import_module(f"model_hub.{name}")
    classes = {cls.__name__ for cls in vars(module).values() if inspect.isclass(cls) and cls.__module__ == module.__name__}
    assert {cls for cls in classes if not cls.startswith("_")} == set(module.__all__) <= set(model_hub.__all__)


def test_the_version_is_that_of_the_library():
    import importlib.metadata

    assert model_hub.__version__ == importlib.metadata.version("modelhub-vision")


def test_a_progress_is_a_number():
    values = {"phase": "downloading", "subject": "toy@1:plain", "bytes_done": 1, "bytes_total": 4, "bytes_per_second": 8.0,
              "eta": None}
    progress = model_hub.Progress._of(values)
    assert f"{progress:.0%}" == "25%" and progress.phase == "downloading" and progress.bytes_total == 4
    assert model_hub.Progress._of({**values, "bytes_total": 0}) == 0


def test_the_bar(toy, capsys):
    one = toy()
    with one.hub() as hub, model_hub.progress_bar(mininterval=0) as bar:
        bar(model_hub.Progress._of({"phase": "downloading", "subject": "toy@1:plain", "bytes_done": 1, "bytes_total": 4,
                                    "bytes_per_second": 8.0, "eta": None}))
        hub.pull_model("toy", bar)
    assert "toy@1:plain downloading" in capsys.readouterr().err
