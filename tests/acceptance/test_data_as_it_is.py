"""Small files as people really have them: who is one person, and what is known of them, through the whole command."""

import json
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Run


def people(run: Run, folder: Path, catalogue: str, **files: str) -> list[list[str]]:
    """The rows that are one person, by `resolve`; names of files end in `_csv` or `_jsonl`."""
    names = _written(folder, catalogue, files)
    finished = run("resolve", "--catalogue", "own.yaml", *names, "--out", "-")
    assert finished.returncode == 0, finished.stderr
    members: dict[str, list[str]] = {}
    for line in finished.stdout.splitlines()[1:]:
        source, _, rest = line.partition(",")
        key, _, profile = rest.rpartition(",")
        members.setdefault(profile, []).append(source + key.replace('"', ""))
    return sorted(sorted(each) for each in members.values())


def known(run: Run, folder: Path, catalogue: str, **files: str) -> list[dict[str, Any]]:
    """What `ingest` makes of the files: the traits of all live profiles, and what was told."""
    names = _written(folder, catalogue, files)
    options = ("--catalogue", "own.yaml", "--store", "sqlite:own.sqlite")
    finished = run("ingest", *options, *names)
    assert finished.returncode == 0, finished.stderr
    profiles = [json.loads(line) for line in run("export", *options).stdout.splitlines()]
    return [{name: trait["value"] for name, trait in profile["traits"].items()} for profile in profiles]


def _written(folder: Path, catalogue: str, files: dict[str, str]) -> list[str]:
    (folder / "own.yaml").write_text(f"version: 1\n{catalogue}", encoding="utf-8")
    names = [name.replace("_", ".") for name in files]
    for name, text in zip(names, files.values(), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return names


def source(name: str, columns: str, more: str = "", kind: str = "csv") -> str:
    return f'  {name}: {{file: "{name}.{kind}", key: [id], {more} columns: {{{columns}}}}}\n'


CARDS = "identifiers:\n  card: {normalise: exact}\nsources:\n"


def test_numbers_that_a_spreadsheet_shortened_identify_nobody_and_a_float_is_its_number(run: Run, folder: Path) -> None:
    catalogue = CARDS + "".join(source(name, "card: {identifier: card}") for name in ("cards", "till", "app"))
    shortened = "id,card\n1,8.96529E+18\n2,8.96529E+18\n3,'8.96529E+18\n"
    found = people(
        run, folder, catalogue,
        cards_csv=shortened, till_csv="id,card\n10,1000001\n11,10000010\n", app_csv="id,card\n20,1000001.0\n",
    )  # fmt: skip
    assert found == [["app[20]", "till[10]"], ["cards[1]"], ["cards[2]"], ["cards[3]"], ["till[11]"]]


def test_whole_numbers_of_any_length_stay_themselves(run: Run, folder: Path) -> None:
    catalogue = CARDS + source("people", "account: {identifier: card}", kind="jsonl")
    rows = (
        '{"id": 123456789012345678901, "account": 98765432109876543210}\n{"id": 2, "account": 98765432109876543211}\n'
    )
    assert people(run, folder, catalogue, people_jsonl=rows) == [["people[123456789012345678901]"], ["people[2]"]]


MAIL = "identifiers:\n  email: {normalise: email}\ntraits: {city: text}\nsources:\n"
CITY = "email: {identifier: email}, city: {trait: city}"


def test_the_newest_city_counts_in_whatever_spelling_the_time_is(run: Run, folder: Path) -> None:
    dated = "event_time: at,"
    catalogue = MAIL + source("erp", CITY, dated, "jsonl") + source("crm", CITY, dated) + source("shop", CITY, dated)
    found = known(
        run, folder, catalogue,
        erp_jsonl='{"id": 1, "email": "kai@x.example.org", "city": "Old", "at": 20190105123000}\n',
        crm_csv="id,email,city,at\n1,kai@x.example.org,New,2025-06-01 08:00:00 +0200\n",
        shop_csv="id,email,city,at\n1,kai@x.example.org,Older,2018-01-05 12:30:00 UTC\n",
    )  # fmt: skip
    assert found == [{"city": "New"}]


def test_a_snapshot_of_a_connector_that_knows_no_time_is_as_old_as_its_envelope(run: Run, folder: Path) -> None:
    catalogue = (
        MAIL
        + source("old", CITY, "event_time: at,")
        + source("customers", CITY, "topic: shop.inv.customers, format: debezium,", "jsonl")
    )
    block = {"connector": "mysql", "name": "shop", "ts_ms": 0, "snapshot": "true", "db": "inv", "table": "customers"}
    after = {"id": 1, "email": "nia@x.example.org", "city": "Current"}
    envelope = {"before": None, "after": after, "source": block, "op": "r", "ts_ms": 1_780_000_000_000}
    found = known(
        run, folder, catalogue,
        customers_jsonl=json.dumps({"key": {"id": 1}, "value": envelope}) + "\n",
        old_csv="id,email,city,at\n9,nia@x.example.org,Ancient,2009-02-01T00:00:00Z\n",
    )  # fmt: skip
    assert found == [{"city": "Current"}]


def test_an_unwrapped_deletion_deletes(run: Run, folder: Path) -> None:
    catalogue = MAIL + source("users", CITY, kind="jsonl")
    rows = (
        '{"id": 1, "email": "oli@x.example.org", "city": "Rome", "__deleted": "false"}\n'
        '{"id": 1, "email": "oli@x.example.org", "city": "Rome", "__deleted": "true"}\n'
        '{"id": 2, "email": null, "city": null, "__deleted": "true"}\n'
    )
    assert known(run, folder, catalogue, users_jsonl=rows) == []
    assert people(run, folder, catalogue, users_jsonl=rows) == []


def test_texts_for_nothing_say_nothing_and_surnames_stay(run: Run, folder: Path) -> None:
    catalogue = (
        MAIL.replace("city: text", "city: text, surname: text")
        + source("export", CITY + ", surname: {trait: surname}")
        + source("crm", CITY, "event_time: at,")
    )
    found = known(
        run, folder, catalogue,
        export_csv="id,email,city,surname\n1,rae@x.example.org,NULL,Null\n2,sue@x.example.org,\\N,Test\n3,tom@x.example.org,#N/A,\n",
        crm_csv="id,email,city,at\n1,rae@x.example.org,Hamburg,2020-01-01\n2,sue@x.example.org,Bremen,2020-01-01\n",
    )  # fmt: skip
    expected: list[dict[str, Any]] = [{"city": "Bremen", "surname": "Test"}, {"city": "Hamburg", "surname": "Null"}, {}]
    assert sorted(found, key=str) == expected


def test_several_values_nested_ones_and_named_addresses_are_one_person(run: Run, folder: Path) -> None:
    catalogue = (
        MAIL
        + source("app", "emails: {identifier: email}", kind="jsonl")
        + source("seg", "traits.email: {identifier: email}, traits.address.city: {trait: city}", kind="jsonl")
        + source("google", 'mail: {identifier: email, separator: " ::: "}')
        + source("crm", 'email: {identifier: email, separator: ";"}')
    )
    found = people(
        run, folder, catalogue,
        app_jsonl='{"id": 1, "emails": ["ann@a.example.org", "lee@b.example.org"]}\n',
        seg_jsonl='{"id": 2, "traits": {"email": "lee@b.example.org", "address": {"city": "Rome"}}}\n',
        google_csv="id,mail\n3,ann@a.example.org ::: lee@b.example.org\n",
        crm_csv="id,email\n4,Ann Lee <ann@a.example.org>\n5,ann@a.example.org;lee@b.example.org\n"
        '6,mailto:ann@a.example.org\n7,"ann@a.example.org,"\n',
    )  # fmt: skip
    assert len(found) == 1


PHONE = "identifiers:\n  phone: {normalise: phone, region: US}\nsources:\n"


def test_phones_of_several_countries_meet_their_international_forms(run: Run, folder: Path) -> None:
    catalogue = (
        PHONE
        + source("shop", "phone: {identifier: phone, region: {column: country}}")
        + source("chat", "phone: {identifier: phone}")
    )
    found = people(
        run, folder, catalogue,
        shop_csv="id,phone,country\n1,0171 1234567,DE\n2,0049 171 7654321,DE\n3,55 1234 5678,Mexico\n"
        "4,020 7946 0018,GB\n5,+1 (212) 555-0142,US\n6,2012345678,GB\n",
        chat_csv="id,phone\n11,+49 171 1234567\n12,+491717654321\n13,+5215512345678\n14,+44 (0)20 7946 0018\n"
        "15,1-212-555-0142\n16,(201) 234-5678\n",
    )  # fmt: skip
    assert found == [
        ["chat[11]", "shop[1]"], ["chat[12]", "shop[2]"], ["chat[13]", "shop[3]"], ["chat[14]", "shop[4]"],
        ["chat[15]", "shop[5]"], ["chat[16]"], ["shop[6]"],
    ]  # fmt: skip


def test_people_behind_one_switchboard_have_their_extensions(run: Run, folder: Path) -> None:
    catalogue = PHONE + source("crm", "phone: {identifier: phone}")
    rows = (
        "id,phone\n1,(212) 555-0100 ext. 12\n2,(212) 555-0100 x34\n3,+1 212 555 0100;ext=56\n4,+1 212 555 0100\n"
        "5,212-555-0100 ext 12\n"
    )
    assert people(run, folder, catalogue, crm_csv=rows) == [["crm[1]", "crm[5]"], ["crm[2]"], ["crm[3]"], ["crm[4]"]]


def test_a_day_that_a_browser_sent_is_the_day_that_people_meant(run: Run, folder: Path) -> None:
    catalogue = (
        "identifiers:\n  email: {normalise: email}\ntraits:\n  born: {type: date, exclusive: true}\n"
        "  spent: number\nsources:\n"
        + source("js", "email: {identifier: email}, born: {trait: born, read: {zone: Europe/Berlin}}", kind="jsonl")
        + source(
            "crm",
            'email: {identifier: email}, born: {trait: born, read: {date: ["%Y-%m-%d", "%d/%m/%Y"]}}, '
            'spent: {trait: spent, read: {decimal: ","}}',
        )
    )
    found = known(
        run, folder, catalogue,
        js_jsonl='{"id": 1, "email": "kim@a.example.org", "born": "1984-03-06T23:00:00.000Z"}\n',
        crm_csv='id,email,born,spent\n1,kim@a.example.org,1984-03-07,"1.234,56"\n2,lee@a.example.org,31/12/1984,3\n',
    )  # fmt: skip
    assert sorted(found, key=str) == [{"born": "1984-03-07", "spent": 1234.56}, {"born": "1984-12-31", "spent": 3}]


def test_a_year_a_serial_and_a_short_date_are_no_birth_dates(run: Run, folder: Path) -> None:
    catalogue = "identifiers:\n  email: {normalise: email}\ntraits: {born: date}\nsources:\n" + source(
        "people", "email: {identifier: email}, born: {trait: born}"
    )
    rows = (
        "id,email,born\n1,a@x.example.org,1984\n2,b@x.example.org,30748\n3,c@x.example.org,1984-03-07\n"
        "4,d@x.example.org,840307\n5,e@x.example.org,07.03.1984\n6,f@x.example.org,1841-01-75\n"
    )
    assert sorted(known(run, folder, catalogue, people_csv=rows), key=str) == [{"born": "1984-03-07"}] + [{}] * 5
    told = run("ingest", "--catalogue", "own.yaml", "--store", "sqlite:again.sqlite", "people.csv").stdout
    assert "people.born  3: the value is a bare number" in told
    assert "people.csv, line 7: 1***-0***-7***" in told
