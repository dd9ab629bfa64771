"""Whatever a catalogue holds, it is checked in bounded time and memory, and its faults are told."""

from pathlib import Path

import pytest

from tests.hostile.process import CATALOGUE, ran

HEAD = "version: 1\nidentifiers:\n  card: {normalise: exact, blocked_patterns: [%s]}\nsources:\n"
SOURCE = "  crm: {key: [id], columns: {card: {identifier: card}}}\n"

CATALOGUES = {
    "aliases of aliases": "\n".join(
        ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"] + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    ),
    "deep lists": "version: " + "[" * 100_000 + "]" * 100_000,
    "deep objects": "{a: " * 5_000 + "}" * 5_000,
    "many keys": "\n".join(f"k{n}: 1" for n in range(20_000)),
    "a long key": "k" * 1_000_000 + ": 1",
    "a long text": CATALOGUE.replace("    TOPIC\n", "") + "# " + "x" * 1_000_000,
    "no YAML": "\0\x01\x02",
    "an anchor of itself": "version: 1\nidentifiers: &a\n  x: *a\n",
    "a tag": "version: !!python/object/apply:os.system ['true']",
    "a pattern that goes back and forth": HEAD % "'(a+)+$'" + SOURCE,
    "digits that go back and forth": HEAD % r"'^(\d+[- ]?)+$'" + SOURCE,
    "repetitions of repetitions": HEAD % "'(((a{1,100}){1,100}){1,100}){1,100}'" + SOURCE,
    "many alternatives": HEAD % ("'" + "|".join(["(x+x+)+y"] * 500) + "'") + SOURCE,
    "a topic pattern": HEAD % ""
    + "  crm: {topic_pattern: '(a|aa)+$', key: [id], columns: {card: {identifier: card}}}\n",
    "a file pattern": HEAD % ""
    + f"  crm: {{file: '{'*a' * 200}', key: [id], columns: {{card: {{identifier: card}}}}}}\n",
}


@pytest.mark.parametrize("text", CATALOGUES.values(), ids=CATALOGUES)
def test_a_hostile_catalogue_is_checked_at_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalogue.yaml").write_text(text)
    done = ran(tmp_path, "catalogue", "check", "catalogue.yaml")
    done.require_bounded()
    assert len(done.said) < 64_000


@pytest.mark.parametrize("name", [each for each in CATALOGUES if "back and forth" in each or "file pattern" in each])
def test_a_pattern_reads_hostile_values_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUES[name])
    hostile = ["a" * 900 + "!", "1" * 900 + "x", "1-" * 450 + "x"]
    (tmp_path / "crm.jsonl").write_text("".join(f'{{"id": {n}, "card": "{text}"}}\n' for n, text in enumerate(hostile)))
    (tmp_path / ("a" * 200)).write_text("")
    ran(tmp_path, "ingest", "crm.jsonl").require_bounded()
    ran(tmp_path, "ingest", "a" * 200).require_bounded()
    ran(tmp_path, "profile", f"card:{hostile[0]}").require_bounded()
