"""Every benchmark that can be asked for is there, and says what it measures."""

import ast
from importlib import import_module
from importlib.util import find_spec
from inspect import iscoroutinefunction
from pathlib import Path

import pytest

from benchmarks.suites import SUITES


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_a_module_that_measures_and_says_what(name: str) -> None:
    found = find_spec(SUITES[name].module)
    assert found is not None
    assert found.origin is not None
    module = ast.parse(Path(found.origin).read_text())
    assert ast.get_docstring(module)
    assert iscoroutinefunction(import_module(SUITES[name].module).measure)
