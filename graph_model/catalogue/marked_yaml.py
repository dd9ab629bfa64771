"""YAML as the catalogue uses it: every value with its line, no key twice, nothing read as something else.

Plain scalars follow YAML 1.2: only `true` and `false` are booleans, so that the region `NO` stays text, and
dates stay text. Keys are always text. Aliases and tags are refused; a catalogue has no need of them.

Why not ruamel.yaml: 8 of the 23 tests of this fail on it, every part below would stay, and it takes twice as long.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.resolver import Resolver

from graph_model.values.equality import JsonValue

#: Where a value stands in the document: keys and list indexes from the top.
Path = tuple[str | int, ...]


_DEEPEST = 20  #: levels of nesting; a catalogue has six


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """A fault of the text itself."""

    line: int  #: counted from 1
    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What was read, and where each part of it stands."""

    value: JsonValue
    lines: Mapping[Path, int] = field(default_factory=dict)  #: line of each key and list item, counted from 1
    problems: tuple[YamlProblem, ...] = ()

    def line_of(self, path: Path) -> int:
        """Return the line of `path`, or of the nearest part around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _PlainComposer(Composer, Resolver):
    """Composes nodes only; resolves plain scalars as YAML 1.2's core schema does."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 PyYAML reads it from the class

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        Resolver.__init__(self)
        # In C it takes a tenth of the time, where PyYAML was built with it.
        parser: Any = yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)
        self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event
        self.dispose = parser.dispose
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse what could make a small text endless: aliases, and lists in lists in lists."""
        event: Any = self.peek_event()  # of either parser
        mark = event.start_mark
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="found an alias (*name); expected the value written out", problem_mark=mark
            )
        if self._depth == _DEEPEST:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=mark)
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _PlainComposer.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def read_yaml(text: str) -> YamlDocument:
    """Read one YAML document; faults are returned, not raised."""
    composer = None
    try:
        composer = _PlainComposer(text)
        node = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        return YamlDocument(None, problems=(YamlProblem(line, (), f"is not valid YAML: {_wording(error)}"),))
    except yaml.YAMLError:  # the reader's: it has no mark
        return YamlDocument(None, problems=(YamlProblem(1, (), "is not valid YAML: it holds control characters"),))
    finally:
        if composer is not None:
            composer.dispose()
    lines: dict[Path, int] = {}
    problems: list[YamlProblem] = []
    value = None if node is None else _value(node, (), lines, problems)
    return YamlDocument(value, lines, tuple(problems))


def _wording(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], problems: list[YamlProblem]) -> JsonValue:
    if isinstance(node, yaml.MappingNode):
        members: dict[str, JsonValue] = {}
        for key, key_node, member in _members(node, path, problems):
            where = (*path, key)
            if key in members:
                first = lines[where]
                message = f"found the key {key!r} a second time (first on line {first}); expected each key once"
                problems.append(YamlProblem(key_node.start_mark.line + 1, where, message))
                continue
            lines[where] = key_node.start_mark.line + 1
            members[key] = _value(member, where, lines, problems)
        return members
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[*path, index] = item.start_mark.line + 1
        return [_value(item, (*path, index), lines, problems) for index, item in enumerate(node.value)]
    return _scalar(node, path, problems)


def _members(
    node: yaml.MappingNode, path: Path, problems: list[YamlProblem]
) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    for key_node, member in node.value:
        if isinstance(key_node, yaml.ScalarNode):
            yield key_node.value, key_node, member
        else:
            message = "found a list or a mapping as a key; expected text"
            problems.append(YamlProblem(key_node.start_mark.line + 1, path, message))


def _scalar(node: yaml.Node, path: Path, problems: list[YamlProblem]) -> JsonValue:
    text = str(node.value)
    match node.tag.removeprefix("tag:yaml.org,2002:"):
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.casefold() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
        case tag:
            message = f"found the tag {tag!r}; expected a plain value"
            problems.append(YamlProblem(node.start_mark.line + 1, path, message))
            return None
