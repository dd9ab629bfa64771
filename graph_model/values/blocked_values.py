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

ROLE_MAILBOXES: frozenset[str] = frozenset()
BLOCKED_ADDRESS_PATTERNS: tuple[re.Pattern[str], ...] = ()
BLOCKED_BIRTH_DATES: frozenset[str] = frozenset()
