"""What somebody may send to stop, swell or silence the service. A new input is a line here; every place gets it."""

import orjson

#: Values of columns, identifiers, names: text of about 60 000 characters, or of the nastiest few.
TEXTS: dict[str, str] = {
    "combining marks in turn": "a" + "\u0316\u0301" * 30_000,
    "marks that come apart": "\u0f73" * 60_000,
    "combining marks after every letter": ("a" + "\u0316\u0301" * 15) * 2_000,
    "what unfolds": "\ufdfa" * 60_000,
    "zeros": "0" * 60_000,
    "points": "1." * 30_000,
    "spaces": " " * 60_000,
    "at signs": "a@" * 30_000,
    "one local part": "a." * 30_000 + "@example.com",
    "brackets": "<" * 30_000 + ">" * 30_000,
    "quotes": '"' * 60_000,
    "plus signs": "+" * 60_000,
    "digits and spaces": "1 " * 30_000,
    "separators": ";" * 60_000,
    "many values": "a;" * 30_000,
    "nearly blocked": "x" * 60_000,
    "a long exponent": "1e" + "9" * 60_000,
    "line feeds": "\n" * 60_000,
    "tags": "\U000e0041" * 60_000,
    "larger than is kept": "n" * 200_000,
    "NUL": "a\0b",
    "controls": "\x1b[31m\x07\x08\r",
    "bidirectional": "\u202eann\u2066\u2069",
    "nothing visible": "\u200b\u2060\ufeff",
    "infinity": "1e400",
    "beyond 64 bits": "99999999999999999999999999",
}

#: JSON values where rows have columns.
VALUES: dict[str, object] = {
    "deep lists": orjson.loads("[" * 200 + "]" * 200),
    "a long list": list(range(20_000)),
    "many members": {f"m{n}": n for n in range(20_000)},
    "lists of lists": [[1] * 100] * 100,
    "true": True,
    "the largest integer": 2**63 - 1,
    "a float without digits": 1e308,
    "an empty list": [],
}


def _fields(count: int) -> bytes:
    return b",".join(b'"f%d":1' % number for number in range(count))


#: Bodies, lines and messages: bytes that may be no JSON at all.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" " * 1_000_000,
    "no JSON": b"\xff\xfe\x00",
    "zeros": b"\0" * 1_000_000,
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "compressed": b"\x1f\x8b\x08\x00" + b"\0" * 1_000,
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 200_000,
    "deep in a row": b'{"source":"crm","changes":[{"row":{"id":1,"name":' + b"[" * 300 + b"]" * 300 + b"}}]}",
    "many lists": b"[" + b"[]," * 1_000_000 + b"[]]",
    "many objects": b"[" + b"{}," * 1_000_000 + b"{}]",
    "unknown fields": b"{" + _fields(60_000) + b"}",
    "one field many times": b"{" + b'"a":1,' * 200_000 + b'"a":1}',
    "a long field": b'{"' + b"k" * 4_000_000 + b'":1}',
    "a long text": b'"' + b"t" * 9_000_000 + b'"',
    "a long number": b"9" * 1_000_000,
    "a long fraction": b'{"token_budget":0.' + b"1" * 1_000_000 + b"}",
    "a great exponent": b'{"token_budget":1e999999999}',
    "not a number": b'{"source":"crm","changes":[{"row":{"id":NaN,"name":Infinity}}]}',
    "half a character": b'{"source":"crm","changes":[{"row":{"id":"\\ud800","name":"\\udfff"}}]}',
    "half a character in a field": b'{"\\ud800":1,"source":"\\ud800"}',
    "changes of no kind": b'{"source":"crm","changes":[' + b"{}," * 300_000 + b"{}]}",
    "changes with unknown fields": b'{"source":"crm","changes":[{' + _fields(60_000) + b"}]}",
    "rows of many columns": b'{"source":"crm","changes":[{"row":{' + _fields(60_000) + b"}}]}",
    "a long key": b'{"source":"crm","changes":[{"row":{"id":"' + b"k" * 4_000_000 + b'"}}]}',
    "a key of digits": b'{"source":"crm","changes":[{"row":{"id":' + b"1" * 100_000 + b"}}]}",
    "a key beyond 64 bits": b'{"judgement":"same","reason":"r","author":"a","records":['
    b'{"source":"crm","key":[99999999999999999999]},{"source":"crm","key":[1e400]}]}',
    "keys of many parts": b'{"judgement":"same","reason":"r","author":"a","records":[{"source":"crm","key":['
    + b"1," * 1_000_000
    + b'1]},{"source":"crm","key":[1]}]}',
    "groups of objects": b'{"reason":"r","author":"a","groups":[' + b'[{"x":1}],' * 900_000 + b"[]]}",
    "groups of records": b'{"reason":"r","author":"a","groups":[['
    + b'{"source":"crm","key":[1]},' * 300_000
    + b'{"source":"crm","key":[1]}]]}',
    "unknown fields in groups": b'{"reason":"r","author":"a","groups":[[{"source":"crm","key":[1],'
    + _fields(20_000)
    + b"}]]}",
    "unlike types": b'{"source":[],"changes":{"row":1},"records":7,"groups":"x","token_budget":"many","identifier":{}}',
    "larger than any body": b'{"a":"' + b"x" * 11_000_000 + b'"}',
}
