"""What the name of a column says, in the languages in which tables are named."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Meaning(StrEnum):
    """What a column may be about."""

    EMAIL = "email"
    PHONE = "phone"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    NAME = "name"  #: of a person, whole
    BIRTH_DATE = "birth_date"
    POSTCODE = "postcode"
    COUNTRY = "country"
    PERSON_NUMBER = "customer_number"  #: that one system gives its customers
    NATIONAL_NUMBER = "national_number"  #: of which a person has one only
    LOGIN = "login"
    CHANGED = "changed_at"
    DELETED = "deleted"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"  #: the name of a row, or of a thing
    ATTRIBUTE = "attribute"  #: shared by many people
    FREE_TEXT = "notes"


#: One word or phrase each; all words of a phrase are in the name, in any order. What is long enough, or not written
#: in letters, is looked for inside of words, too: German puts them together, Chinese and Japanese do not part them.
_WORDS: Final[Mapping[Meaning, str]] = {
    Meaning.EMAIL: "email, e mail, mail, courriel, correo, correo electronico, emailadres, emailadresse, 邮箱, 郵箱, "
    "电子邮件, メール, adres email",
    Meaning.PHONE: "phone, telephone, tel, mobile, mobil, cell, cellphone, msisdn, whatsapp, fax number, telefon, "
    "telefonnummer, handy, handynummer, mobilnummer, rufnummer, telefono, celular, movil, telefone, telemovel, "
    "cellulare, telefoon, telefoonnummer, mobiel, portable, telefon komorkowy, komorka, 电话, 電話, 手机, 手機, 携帯",
    Meaning.FIRST_NAME: "first name, firstname, given name, givenname, forename, vorname, prenom, nombre, "
    "primer nombre, primeiro nome, voornaam, imie, nome proprio, 名字",
    Meaning.LAST_NAME: "last name, lastname, family name, familyname, surname, nachname, familienname, nom, "
    "nom famille, apellido, apellidos, sobrenome, apelido, cognome, achternaam, nazwisko, 姓氏, 苗字",
    Meaning.NAME: "full name, fullname, name, customer name, contact name, vollstandiger name, nom complet, "
    "nombre completo, nome completo, naam, imie nazwisko, 姓名, 氏名, 名前, お名前",
    Meaning.BIRTH_DATE: "birth, birthdate, birthday, dob, born, date birth, geburtsdatum, geburtstag, geboren, "
    "date naissance, naissance, fecha nacimiento, nacimiento, data nascimento, nascimento, data nascita, nascita, "
    "geboortedatum, data urodzenia, urodzenia, 生日, 出生日期, 生年月日, 誕生日",
    Meaning.POSTCODE: "zip, zipcode, postcode, postal, postal code, plz, postleitzahl, code postal, codigo postal, "
    "cep, cap, kod pocztowy, 邮编, 邮政编码, 郵便番号",
    Meaning.COUNTRY: "country, countrycode, land, pays, pais, paese, nazione, kraj, 国家, 國家, 国",
    Meaning.PERSON_NUMBER: "customer id, customer no, customer number, customer num, customer key, customer code, "
    "customer uuid, customerid, customerno, client id, client number, client no, person id, person number, member id, "
    "member no, member number, user id, user uuid, userid, loyalty id, loyalty number, loyalty no, loyalty card, "
    "patient id, patient no, patient number, guest id, contact id, account id, subscriber id, kundennummer, kunden nr, "
    "kundennr, kunden id, mitgliedsnummer, numero client, numero cliente, id cliente, codice cliente, codigo cliente, "
    "klantnummer, numer klienta, 客户编号, 会员号, 会员编号, 用户编号, 顧客番号, 会員番号",
    Meaning.NATIONAL_NUMBER: "ssn, soc sec, social security, passport, passport no, passport number, nin, curp, "
    "national id, national number, tax id, tax number, vat id, nif, dni, nie, cpf, codice fiscale, steuer id, "
    "steuernummer, steueridentifikationsnummer, sozialversicherungsnummer, bsn, pesel, numero securite sociale, "
    "personalausweis, 身份证, 身份证号, マイナンバー",
    Meaning.LOGIN: "login, username, nickname, user name, benutzername, usuario, identifiant, utente",
    Meaning.CHANGED: "updated, updated at, modified, modified at, changed, changed at, changedate, lastmodified, "
    "last modified, lastmodifieddate, update time, last update, change date, geandert, geandert am, "
    "letzte anderung, modifie, modifie le, derniere modification, actualizado, modificado, atualizado, aggiornato, "
    "modificato, gewijzigd, zmieniono, data modyfikacji, 更新时间, 修改时间, 更新日時",
    Meaning.DELETED: "deleted, is deleted, isdeleted, deleted at, deletion date, geloscht, geloscht am, supprime, "
    "eliminado, borrado, excluido, apagado, eliminato, cancellato, verwijderd, usuniety, 已删除, 削除",
    Meaning.DATE: "date, day, datum, fecha, data, 日期, 日付",
    Meaning.TIME: "at, time, timestamp, on, ts, updated, modified, changed, created, last, seen, zeit, zeitpunkt, am, "
    "heure, hora, ora, tijd, czas, 时间, 日時",
    Meaning.NUMBER: "id, no, number, num, nr, uuid, guid, key, nummer, numero, numer, codigo, codice, 编号, 番号",
    Meaning.ATTRIBUTE: "group, gruppe, groupe, grupo, gruppo, status, state, type, typ, tipo, class, category, level, "
    "tier, segment, rate, exempt, network, country, nationality, language, currency, region, gender, sex, role, "
    "title, code, flag, score, count, total, year, street, city, address, company, employer, department, rep, "
    "parent, manager, agent, store, branch, channel, version",
    Meaning.FREE_TEXT: "note, notes, comment, comments, remark, remarks, message, description, bemerkung, bemerkungen, "
    "notiz, notizen, kommentar, commentaire, remarque, nota, notas, comentario, observacoes, commento, opmerking, "
    "uwagi, 备注, 備考",
}
#: Languages, by words that tables of no other one have; and where people who speak it mostly have their phones.
_LANGUAGES: Final[Mapping[tuple[str, ...], str]] = {
    ("DE", "AT", "CH"): "vorname nachname kundennummer telefon geburtsdatum plz handy strasse geandert",
    ("FR", "BE", "CH"): "prenom courriel naissance pays adresse ville telephone",
    ("ES", "MX", "AR", "CO"): "apellido apellidos correo nacimiento telefono nombre ciudad",
    ("BR", "PT"): "sobrenome apelido nascimento telefone celular cidade cep",
    ("IT",): "cognome nascita cellulare citta indirizzo cap",
    ("NL", "BE"): "achternaam voornaam geboortedatum telefoon klantnummer woonplaats",
    ("PL",): "nazwisko imie urodzenia telefon miasto klienta",
}
_LONG_ENOUGH: Final = 6  #: letters of a word that is looked for inside of others
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")

#: Letters that Unicode does not take apart.
_LETTERS: Final = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "œ": "oe"})


def name_words(name: str) -> list[str]:
    """Take the name of a column or file apart: `customerNo`, `customer_no`, `Customer No.` are the same."""
    return [word.lower() for word in _WORD.findall(_plain(name))]


def ascii_name(name: str) -> str:
    """The words of a name in ASCII letters, joined by `_`; empty where it has none."""
    return "_".join(word for word in name_words(name) if word.isascii())


@lru_cache(maxsize=4_096)
def meanings(column: str) -> frozenset[Meaning]:
    """All that the name of a column may mean."""
    words = frozenset(name_words(column))
    joined = "".join(name_words(column))
    return frozenset(meaning for meaning, phrases in _PHRASES.items() if any(_says(words, joined, p) for p in phrases))


def likely_regions(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Countries whose language the names of columns are in; none where they are in English, or in no language known."""
    joined = "".join(columns)
    if re.search(r"[\u3040-\u30ff]", joined):
        return ("JP",)
    if re.search(r"[\u4e00-\u9fff]", joined):
        return ("CN", "TW", "HK")
    words = {word for column in columns for word in name_words(column)}
    scored = {regions: sum(_in_any(word, words) for word in named.split()) for regions, named in _LANGUAGES.items()}
    best = max(scored, key=lambda regions: scored[regions])
    return best if scored[best] >= 2 else ()


def _in_any(word: str, words: set[str]) -> bool:
    return any(word in each for each in words) if len(word) >= _LONG_ENOUGH else word in words


def _says(words: frozenset[str], joined: str, phrase: tuple[str, ...]) -> bool:
    if all(word in words for word in phrase):
        return True
    whole = "".join(phrase)
    return (len(whole) >= _LONG_ENOUGH or not whole.isascii()) and len(phrase) == 1 and whole in joined


def _plain(name: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    marked = "".join(each for each in taken_apart if not unicodedata.combining(each) or ord(each) > 0x3000)
    return unicodedata.normalize("NFC", marked)


_PHRASES: Final = {
    meaning: tuple(tuple(phrase.split()) for phrase in _plain(listed).split(", ")) for meaning, listed in _WORDS.items()
}
