"""A module or a function that is long hides more than one thought."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_module_is_longer_than_400_lines() -> None:
    assert [module for module, text in modules() if len(text.splitlines()) > 400] == []


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = {f"{module}: {name}": lines for module, text in modules() for name, lines in functions(text)}
    assert {name: lines for name, lines in lengths.items() if lines > 50} == {}


def modules() -> Iterator[tuple[str, str]]:
    """The modules that are installed, each with its text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for package in project["tool"]["setuptools"]["packages"]["find"]["include"]:
        found = sorted((ROOT / package.removesuffix("*")).rglob("*.py"))
        assert found, package
        yield from ((str(path.relative_to(ROOT)), path.read_text()) for path in found)


def functions(text: str) -> Iterator[tuple[str, int]]:
    """The functions of a module, methods and inner ones included, with their lines from `def` to the last one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{node.name} at {node.lineno}", node.end_lineno - node.lineno + 1
