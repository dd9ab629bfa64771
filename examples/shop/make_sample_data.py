"""Make the sample data of the shop: a thousand invented people in four systems that spell them differently.

    python examples/shop/make_sample_data.py [FOLDER]

The same every time. Nobody in it exists: the domains are reserved for examples, and the telephone numbers
(555-0100 to 555-0199) for fiction.
"""

import csv
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

PEOPLE = 1_000
_FIRST_NAMES = """
Aaron Aisha Alice Amara Ana André Anna Anton Beatriz Ben Björn Carla Carlos Chen Chloé Clara Daniel David
Diego Elena Emma Ethan Fatima Felix Fiona Gabriel Grace Hana Hannah Hugo Ines Isaac Ivan Jack James Jan Jin
José Julia Karim Kate Kenji Laila Lars Laura Leo Lena Liam Lucía Łukasz Maria Marta Mateo Maya Mia Nadia Nina
Noah Nora Olga Omar Oscar Paul Priya Rachel Rafael René Rosa Ruth Sam Sara Sofia Søren Tariq Thomas Tomás Vera
Victor Wei William Yara Yusuf Zoë
"""
_LAST_NAMES = """
Adams Ahmed Ali Andersson Baker Becker Bell Brown Carter Castro Chan Clark Cohen Cook Costa Cruz Davis Diaz
Díaz Dubois Evans Fernández Fischer Foster García Gomez González Green Gupta Haddad Hall Hansen Harris
Hernández Hill Hughes Ito Ivanov Jackson Jensen Johnson Jones Kaya Kelly Khan Kim King Kowalski Kumar Larsen
Lewis Lopez Martin Meyer Miller Mitchell Moore Morales Müller Murphy Nakamura Nguyen Novák O'Brien O'Neill
Okafor Ortiz Park Parker Patel Pérez Petrov Phillips Ramírez Reed Rivera Roberts Robinson Rossi Santos Sato
Schmidt Silva Singh Smith Sørensen Suzuki Tanaka Taylor Thompson Torres Turner Walker Wang Watson White
Williams Wilson Wood Wright Yilmaz Young Zhang
"""
FIRST_NAMES, LAST_NAMES = _FIRST_NAMES.split(), _LAST_NAMES.split()
#: City, first three digits of its postcodes, area codes.
CITIES = (
    ("New York", "100", ("212", "917", "646")),
    ("Brooklyn", "112", ("718", "347", "929")),
    ("Boston", "021", ("617", "857")),
    ("Philadelphia", "191", ("215", "267")),
    ("Chicago", "606", ("312", "773")),
    ("Houston", "770", ("713", "832")),
    ("Austin", "787", ("512", "737")),
    ("Denver", "802", ("303", "720")),
    ("Seattle", "981", ("206",)),
    ("Portland", "972", ("503", "971")),
    ("San Francisco", "941", ("415", "628")),
    ("Los Angeles", "900", ("213", "323")),
)
INTERESTS = ("running shoes", "hiking", "cycling", "yoga", "climbing", "camping", "swimming", "football", "skiing")
TODAY = datetime(2026, 11, 1, tzinfo=UTC)
TILL_EMAIL = "till@example.org"  # what a shop assistant types for customers without an address

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is, before four systems write it down."""

    number: int
    first_name: str
    last_name: str
    email: str
    second_email: str  # used in the web shop by some
    phone: str  # ten digits
    birth_date: date
    city: str
    postcode: str
    shares_phone: bool  # with the others of the household


ANN = Person(
    number=1,
    first_name="Ann",
    last_name="Lee",
    email="ann.lee@example.com",
    second_email="ann.lee@example.net",
    phone="2125550142",
    birth_date=date(1984, 3, 7),
    city="Brooklyn",
    postcode="11201",
    shares_phone=False,
)
#: Ann as each system has her; the newest value of each trait wins.
ANN_ROWS: Mapping[str, Row] = {
    "crm": {
        "id": 1, "customer_number": "100-0001", "first_name": "Ann", "last_name": "Lee", "email": "Ann.Lee@Example.com",
        "phone": "(212) 555-0142", "birth_date": "1984-03-07", "city": "Brooklyn", "postcode": "11201",
        "updated_at": "2025-02-11 09:14:00",
    },
    "web_shop": {
        "account_id": 50001, "customer_number": "1000001", "email": "ANN.LEE@EXAMPLE.COM", "given_name": "Ann M.",
        "family_name": "Lee", "phone": "+1 212 555 0142", "birth_date": "1984-03-07", "zip": "11215", "orders": 14,
        "last_order_at": "2026-10-18T17:42:10Z", "updated_at": "2026-10-18T17:42:10Z",
    },
    "support_desk": {
        "requester_id": "R-7001", "email": "ann.lee@example.com", "name": "Annie Lee", "phone": "917-555-0119",
        "language": "en", "last_contact_at": "2026-10-27T08:30:00-04:00",
    },
    "newsletter": {
        "subscriber": "5e0a7c52-6f0b-4d1e-9d3c-2f7f0c6a1b01", "email": "ann.lee@example.com", "first_name": "ann",
        "subscribed": True, "interests": "running shoes, hiking", "changed": 1772020800000,
    },
}  # fmt: skip


def invented_people(random: Random) -> list[Person]:
    """Invent the people; every fortieth lives with the one before and shares the telephone."""
    phones = {area: [f"{area}55501{line:02}" for line in range(100)] for _, _, areas in CITIES for area in areas}
    phones["212"].remove(ANN.phone)
    phones["917"].remove("9175550119")
    for numbers in phones.values():
        random.shuffle(numbers)
    people = [ANN]
    taken = {ANN.email}
    while len(people) < PEOPLE:
        number, previous = len(people) + 1, people[-1]
        together = number % 40 == 0
        city, prefix, areas = random.choice(CITIES)
        area = max(areas, key=lambda area: len(phones[area]))
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        last = previous.last_name if together else last
        email = _free_address(random, first, last, taken)
        people.append(
            Person(
                number=number,
                first_name=first,
                last_name=last,
                email=email,
                second_email=f"{_ascii(first)[0]}{_ascii(last)}{number}@example.net",
                phone=previous.phone if together else phones[area].pop(),
                birth_date=date(1940, 1, 1) + timedelta(days=random.randrange(365 * 66)),
                city=previous.city if together else city,
                postcode=previous.postcode if together else f"{prefix}{random.randrange(1, 60):02}",
                shares_phone=together or (number + 1) % 40 == 0,
            )
        )
    return people


def crm_rows(random: Random, people: Sequence[Person]) -> list[Row]:
    """The customer cards: everyone who shares a telephone has one, and most of the others."""
    rows = [ANN_ROWS["crm"]]
    for person in people[1:]:
        if not person.shares_phone and random.random() > 0.8:
            continue
        first, last = person.first_name, person.last_name
        if random.random() < 0.15:
            first, last = _plain(first), _plain(last).upper()
        number = f"100-{person.number:04}"
        row: Row = {
            "id": person.number,
            "customer_number": number if person.shares_phone or random.random() < 0.9 else "",
            "first_name": first,
            "last_name": last,
            "email": person.email if random.random() < 0.85 else "",
            "phone": _spelt_phone(random, person.phone) if random.random() < 0.85 else "",
            "birth_date": person.birth_date.isoformat() if random.random() < 0.8 else "",
            "city": person.city,
            "postcode": person.postcode,
            "updated_at": f"{_moment(random):%Y-%m-%d %H:%M:%S}",
        }
        rows.append(row)
    strangers = [row for row in rows[1:] if row["customer_number"]]
    for row in random.sample(strangers, 40):
        row["email"] = TILL_EMAIL
    return rows


def web_shop_rows(random: Random, people: Sequence[Person]) -> list[Row]:
    """The accounts; some use another address, known by customer number, telephone, or name and birth date."""
    rows = [ANN_ROWS["web_shop"]]
    for person in people[1:]:
        if random.random() > 0.72:
            continue
        known = random.random()
        moment = _moment(random)
        row: Row = {
            "account_id": 50_000 + person.number,
            "customer_number": f"100{person.number:04}" if known < 0.3 else None,
            "email": _spelt_address(random, person.email if known < 0.8 else person.second_email),
            "given_name": person.first_name,
            "family_name": _plain(person.last_name) if random.random() < 0.3 else person.last_name,
            "orders": random.randrange(1, 30),
            "last_order_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "updated_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        }
        if not person.shares_phone and random.random() < 0.6:
            row["phone"] = _spelt_phone(random, person.phone)
        if random.random() < 0.5:
            row |= {"birth_date": person.birth_date.isoformat(), "zip": person.postcode}
        rows.append(row)
    return rows


def support_desk_rows(random: Random, people: Sequence[Person]) -> list[Row]:
    """Those who asked for help; some called and left only a telephone number."""
    rows = [ANN_ROWS["support_desk"]]
    for person in people[1:]:
        for _ in range(random.choices((0, 1, 2), weights=(62, 34, 4))[0]):
            called = not person.shares_phone and random.random() < 0.25
            gives_phone = called or (not person.shares_phone and random.random() < 0.2)
            wrote = f"{person.first_name} {person.last_name}"
            spellings = (wrote, wrote.lower(), _plain(wrote), f"{person.last_name}, {person.first_name}")
            moment = _moment(random)
            rows.append(
                {
                    "requester_id": f"R-{7_000 + len(rows) + 1}",
                    "email": "" if called else _spelt_address(random, person.email),
                    "name": random.choices(spellings, weights=(7, 1, 1, 1))[0],
                    "phone": _spelt_phone(random, person.phone) if gives_phone else "",
                    "language": random.choices(("en", "es", "fr", "zh"), weights=(80, 14, 3, 3))[0],
                    "last_contact_at": f"{moment:%Y-%m-%dT%H:%M:%S}-05:00",
                }
            )
    return rows


def newsletter_rows(random: Random, people: Sequence[Person]) -> list[Row]:
    """The subscribers: an address and little else."""
    rows = [ANN_ROWS["newsletter"]]
    for person in people[1:]:
        if random.random() > 0.58:
            continue
        row: Row = {
            "subscriber": str(UUID(int=random.getrandbits(128), version=4)),
            "email": _spelt_address(random, person.email),
            "subscribed": random.random() < 0.85,
            "changed": int(_moment(random).timestamp() * 1_000),
        }
        if random.random() < 0.6:
            row["first_name"] = random.choice((person.first_name, person.first_name.lower()))
        if random.random() < 0.7:
            row["interests"] = ", ".join(random.sample(INTERESTS, random.randrange(1, 4)))
        rows.append(row)
    return rows


def spoil(crm: Sequence[Row], web_shop: Sequence[Row], support_desk: Sequence[Row]) -> None:
    """Write what people and programs write where there is no value, and a few values that nobody can read."""
    crm[101]["phone"] = "call mornings"
    crm[202]["birth_date"] = "1979-02-30"
    crm[303]["birth_date"] = "31/12/1990"
    crm[404]["customer_number"] = "000-0000"
    crm[405]["customer_number"] = "999-9999"
    crm[406]["email"] = "n/a"
    web_shop[150]["phone"] = "555-01"
    web_shop[251]["email"] = "noreply@example.com"
    web_shop[352]["email"] = "noreply@example.com"
    support_desk[77]["phone"] = "0000000000"
    support_desk[78]["name"] = "Anonymous"


def write_all(folder: Path) -> None:
    """Write the four files into `folder`."""
    random = Random(20261101)  # noqa: S311 the same sample every time, nothing secret
    people = invented_people(random)
    crm, web_shop = crm_rows(random, people), web_shop_rows(random, people)
    support_desk, newsletter = support_desk_rows(random, people), newsletter_rows(random, people)
    spoil(crm, web_shop, support_desk)
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder / "crm.csv", crm)
    _write_json_lines(folder / "web_shop.jsonl", web_shop)
    _write_csv(folder / "support_desk.csv", support_desk)
    _write_json_lines(folder / "newsletter.jsonl", newsletter)


def _free_address(random: Random, first: str, last: str, taken: set[str]) -> str:
    domain = random.choice(("example.com", "example.org"))
    address, count = f"{_ascii(first)}.{_ascii(last)}@{domain}", 1
    while address in taken:
        count += 1
        address = f"{_ascii(first)}.{_ascii(last)}{count}@{domain}"
    taken.add(address)
    return address


def _plain(text: str) -> str:
    """As somebody writes it on a keyboard without accents."""
    letters = unicodedata.normalize("NFKD", text.translate(str.maketrans("łŁøØ", "lLoO")))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _ascii(text: str) -> str:
    return _plain(text).casefold().replace("'", "")


def _spelt_address(random: Random, address: str) -> str:
    return random.choices((address, address.upper(), address.title(), f" {address} "), weights=(8, 1, 1, 1))[0]


def _spelt_phone(random: Random, digits: str) -> str:
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return random.choice(
        (
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1 {area} {exchange} {line}",
            f"1-{area}-{exchange}-{line}",
            f"+1{digits}",
            digits,
        )
    )


def _moment(random: Random) -> datetime:
    return TODAY - timedelta(seconds=random.randrange(3_600, 3 * 365 * 86_400))


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_json_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data")
