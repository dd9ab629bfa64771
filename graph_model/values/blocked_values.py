"""Values that identify nobody: what programs write where there is no value, and what people type to get on.

They are refused as identifiers of every kind; a catalogue adds its own with `blocked` and `blocked_patterns`.
All are compared with the casefolded value, stripped of white space.
"""

import re

_WORDS = (
    "-1",
    "anonymous",
    "blank",
    "dummy",
    "empty",
    "email",
    "false",
    "guest",
    "id",
    "invalid",
    "missing",
    "n.a.",
    "n/a",
    "nan",
    "no email",
    "no phone",
    "nobody",
    "none",
    "not applicable",
    "not available",
    "not provided",
    "not_authenticated",
    "null",
    "[object object]",
    "tbd",
    "test",
    "true",
    "undefined",
    "unknown",
    "user",
    "xxx",
)

_ADDRESSES = (
    "a@a.com",
    "abc@abc.com",
    "email@email.com",
    "email@example.com",
    "me@example.com",
    "name@example.com",
    "someone@example.com",
    "test@example.com",
    "test@example.net",
    "test@example.org",
    "test@test",
    "test@test.com",
    "user@example.com",
    "username@example.com",
    "you@example.com",
    "your@email.com",
    "youremail@example.com",
)

#: The words also come quoted, from values that were written as JSON or SQL text.
BLOCKED_VALUES = frozenset(spelling for word in _WORDS for spelling in (word, f'"{word}"', f"'{word}'")) | frozenset(
    _ADDRESSES
)

BLOCKED_PATTERNS = (
    re.compile(r"^[\W_]*$"),  # nothing but punctuation
    re.compile(r"^[0\W_]+$"),  # nothing but zeros, the nil UUID included
    re.compile(r"^f{8}-?(?:f{4}-?){3}f{12}$"),  # the max UUID
    re.compile(r"^(?:no|do[-_.]?not)[-_.]?reply(?:[-+_.0-9][^@]*)?@"),
    re.compile(r"^(?:anonymous|guest|n/?a|nobody|no[-_.]?e?-?mail|none|null|undefined|unknown)@"),
    re.compile(r"^(?:mailer-daemon|postmaster)@"),
)

#: Mailboxes that several people read (RFC 2142, and what companies have beside). Of addresses only.
ROLE_MAILBOXES = frozenset(
    (
        "abuse", "accounting", "accounts", "admin", "administration", "administrator", "bestellung", "billing",
        "booking", "bookings", "buchhaltung", "careers", "comercial", "commercial", "compliance", "contabilidad",
        "contabilidade", "contact", "contacto", "contactus", "contato", "customer.service", "customercare",
        "customerservice", "datenschutz", "enquiries", "facturacion", "faktura", "feedback", "finance", "help",
        "helpdesk", "hello", "hostmaster", "hr", "info", "informacion", "information", "inquiries", "invoice",
        "invoices", "jobs", "kontakt", "kundenservice", "legal", "mail", "mailbox", "marketing", "newsletter", "noc",
        "office", "order", "orders", "pedidos", "post", "press", "presse", "privacy", "purchasing", "rechnung",
        "reception", "rezeption", "sales", "security", "sekretariat", "service", "services", "shop", "soporte",
        "suporte", "support", "team", "ventas", "vendas", "vendite", "verkauf", "vertrieb", "verwaltung", "webmaster",
        "zentrale",
    )
)  # fmt: skip

_MASHED = (
    "asd|asdf|asdfg|asdfgh|asdfghjkl|asdasd|asdfasdf|sdf|dfg|fgh|jkl|qwe|qwer|qwert|qwerty|qwertz|azerty|qweqwe|zxc|zxcv|"
    "zxcvbn|yxc|yxcv|abc|abcd|xyz|123|1234|12345|123456|foo|bar|foobar|blah|test|test1|test123|testing"
)
#: Addresses that people type to get on: rows of the keyboard, or one letter again and again, on both sides.
BLOCKED_ADDRESS_PATTERNS = (
    re.compile(rf"^(?:{_MASHED})@(?:{_MASHED}|email|mail)\.[a-z]{{2,6}}$"),
    re.compile(r"^(\w)\1*@\1+\.[a-z]{2,6}$"),
)

#: Days that programs and clerks write where no birth date is known: beginnings and ends of calendars and counts.
BLOCKED_BIRTH_DATES = frozenset(
    (
        "0001-01-01", "1000-01-01", "1111-11-11", "1582-10-15", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31",
        "1900-01-01", "1900-01-02", "1901-01-01", "1970-01-01", "9999-12-31",
    )
)  # fmt: skip
