"""What people and programs write where there is no value."""

from typing import Final

#: No word of any language.
PUNCTUATION: Final = frozenset({"-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "?", "??", "???", "/", "_"})

#: Casefolded. Some of these are names of people, too, or mean something in some column.
NULL_WORDS: Final = PUNCTUATION | frozenset(
    {
        "n/a", "n.a.", "na", "<na>", "n/d", "n.d.", "nd", "n.c.", "null", "(null)", "<null>", "[null]", "nil", "<nil>",
        "none", "(none)", "<none>", "nan", "-nan", "<nan>", "nat", "<nat>", "undefined", "unknown", "(unknown)",
        "<unknown>", "missing", "empty", "(empty)", "<empty>", "blank", "(blank)", "tbd", "not provided", "not set",
        "(not set)", "not available", "not applicable", "not specified", "no data", "#n/a", "#value!", "#ref!",
        "#name?", "#num!", "#null!",
        "#div/0!", "\\n", "0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00/00/0000",
        "unbekannt", "k.a.", "k. a.", "keine angabe", "keine angaben", "keine", "nicht angegeben",
        "inconnu", "inconnue", "non renseigné", "néant", "aucun", "aucune",
        "desconocido", "sin datos", "ninguno", "ninguna", "s/d", "no disponible",
        "desconhecido", "não informado", "nenhum", "s/n",
        "sconosciuto", "nessuno", "non disponibile", "non specificato",
        "onbekend", "geen", "n.v.t.", "nvt",
        "brak", "nieznany", "brak danych", "nie dotyczy",
        "无", "無", "未知", "暂无", "未填", "不详", "不明", "なし", "該当なし", "未設定", "未入力",
    }
)  # fmt: skip


def stands_for_none(text: str) -> bool:
    """Tell whether a text may stand for no value."""
    return text.strip().casefold() in NULL_WORDS
