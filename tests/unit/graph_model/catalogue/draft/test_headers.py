import pytest

from graph_model.catalogue.draft.naming import ascii_name, name_words, named, source_name
from graph_model.catalogue.draft.words import Meaning
from tests.unit.graph_model.catalogue.draft.sampling import draft, drafted, table


@pytest.mark.parametrize(
    ("headers", "meaning"),
    [
        ("phone, HomePhone, Tel., Telefon, Telefonnummer, Festnetz, Téléphone, Teléfono, Telefone", Meaning.PHONE),
        ("telefono, telefoonnummer, Numer telefonu, 电话, 電話番号", Meaning.PHONE),
        ("Mobile, cell_phone, Handy, Mobiltelefon, Portable, Móvil, Celular, Telemóvel, Cellulare", Meaning.MOBILE),
        ("mobiel, Komórka, 手机, 手机号码, 携帯電話", Meaning.MOBILE),
        ("email, E-Mail-Adresse, Mailadresse, Courriel, Correo electrónico, 电子邮件, 邮箱", Meaning.EMAIL),
        ("メールアドレス, E-mail 1 - Value", Meaning.EMAIL),
        ("first_name, FirstName, given name, Vorname, Prénom, Imię, Voornaam, 名", Meaning.FIRST_NAME),
        (
            "last_name, Surname, Nachname, Familienname, Nom de famille, Apellidos, Sobrenome, Cognome",
            Meaning.LAST_NAME,
        ),
        ("Achternaam, Nazwisko, 姓, 姓氏", Meaning.LAST_NAME),
        ("name, full_name, Customer Name, Nombre, Nome, Naam, 姓名, 氏名, お名前", Meaning.NAME),
        ("birth_date, DateOfBirth, dob, born, Geburtsdatum, geb. Datum, Date de naissance", Meaning.BIRTH_DATE),
        ("Fecha de nacimiento, Data de nascimento, Data di nascita, Geboortedatum", Meaning.BIRTH_DATE),
        ("Data urodzenia, 生日, 出生日期, 生年月日", Meaning.BIRTH_DATE),
        ("zip, Postcode, postal_code, PLZ, Postleitzahl, Code postal, Código postal, CEP, CAP", Meaning.POSTCODE),
        ("postcode, Kod pocztowy, 邮编, 郵便番号", Meaning.POSTCODE),
        ("city, Ort, Wohnort, Stadt, Ville, Ciudad, Cidade, Città, Woonplaats, Miasto, 城市, 市区町村", Meaning.CITY),
        ("country, Land, Pays, País, Paese, Kraj, 国家, 国名", Meaning.COUNTRY),
        ("Kundennummer, Kunden-Nr., Numéro client, Código de cliente, Codice cliente", Meaning.PERSON_NUMBER),
        ("Klantnummer, Numer klienta, 客户编号, 会员号, 顧客番号, 会員番号", Meaning.PERSON_NUMBER),
        ("SSN, soc_sec_id, Steuer-ID, Numéro de sécurité sociale, DNI, CPF, Codice fiscale", Meaning.NATIONAL_NUMBER),
        ("BSN, PESEL, 身份证号, マイナンバー", Meaning.NATIONAL_NUMBER),
        ("updated_at, LastModifiedDate, Geändert am, Änderungsdatum, Modifié le, Actualizado", Meaning.CHANGED),
        ("Atualizado em, Aggiornato il, Gewijzigd op, Zmieniono, 更新时间, 更新日時", Meaning.CHANGED),
        ("is_deleted, IsDeleted, deletedAt, Gelöscht, Löschkennzeichen, Supprimé, Eliminado", Meaning.DELETED),
        ("Excluído, Cancellato, Verwijderd, Usunięty, 已删除, 削除フラグ", Meaning.DELETED),
        (
            "notes, Bemerkung, Remarques, Observaciones, Observações, Commento, Opmerking, Uwagi, 备注, 備考",
            Meaning.NOTES,
        ),
    ],
)
def test_headers_are_understood_in_ten_languages(headers: str, meaning: Meaning) -> None:
    assert [header for header in headers.split(", ") if meaning not in named(header).meanings] == []


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("tax_rate", Meaning.NATIONAL_NUMBER),
        ("tax_exempt", Meaning.NATIONAL_NUMBER),
        ("social_network", Meaning.NATIONAL_NUMBER),
        ("passport_country", Meaning.NATIONAL_NUMBER),
        ("birth_place", Meaning.BIRTH_DATE),
        ("Geburtsort", Meaning.BIRTH_DATE),
        ("company_name", Meaning.NAME),
        ("product name", Meaning.NAME),
        ("updated_by", Meaning.CHANGED),
        ("password_changed_at", Meaning.CHANGED),
        ("last_login_at", Meaning.LOGIN),
    ],
)
def test_a_word_beside_another_one_may_mean_something_else(header: str, meaning: Meaning) -> None:
    assert meaning not in named(header).meanings


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("customerNo", ["customer", "no"]),
        ("customer_no", ["customer", "no"]),
        ("Customer No.", ["customer", "no"]),
        ("MailingPostalCode", ["mailing", "postal", "code"]),
        ("ZIPCode", ["zip", "code"]),
        ("Größe", ["grosse"]),
        ("客户ID", ["客户", "id"]),
        ("address2", ["address", "2"]),
    ],
)
def test_names_are_taken_apart(header: str, words: list[str]) -> None:
    assert name_words(header) == words


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Geändert am", "geandert_am"),
        ("Umsatz (€)", "umsatz_eur"),
        ("Kraj łódź", "kraj_lodz"),
        ("性别", "xing_bie"),
        ("2nd choice", "field_2_nd_choice"),
        ("***", "field"),
    ],
)
def test_names_of_traits_are_plain_letters(header: str, name: str) -> None:
    assert ascii_name(header) == name


@pytest.mark.parametrize(
    ("file", "name"),
    [("Kunden 2026", "Kunden_2026"), ("客户", "KeHu"), ("2026-crm", "source_2026-crm"), ("", "source")],
)
def test_names_of_sources_are_plain_letters(file: str, name: str) -> None:
    assert source_name(file) == name


KUNDEN = """\
Kundennummer;Vorname;Nachname;E-Mail-Adresse;Telefon;Handy;Geburtsdatum;PLZ;Umsatz;Geändert am
20001;Anke;Böhm;anke@laden.example.de;030 7654321;0171 7654321;24.12.1979;10115;2.345,67;07.02.2026 09:15
20002;Udo;Weiß;udo@laden.example.de;040 1234567;;;20095;12,50;08.02.2026 18:45
"""


def test_a_german_table_is_read_as_it_is_written() -> None:
    text = draft(table(KUNDEN))
    for line in (
        "key: [Kundennummer] # unique in 2 rows",
        'event_time: {column: "Geändert am", read: {time: "%d.%m.%Y %H:%M"}}',
        "region: DE # of telephone numbers without +: 100% of them exist there",
        "Kundennummer: {identifier: customer_number}",
        "Telefon: {identifier: phone, trait: phone}",
        "Handy: {identifier: phone, trait: mobile}",
        'Geburtsdatum: {trait: birth_date, read: {date: "%d.%m.%Y"}}',
        "PLZ: {trait: postcode}",
        'Umsatz: {trait: umsatz, read: {decimal: ","}}',
    ):
        assert f" {line}" in text, line


CLIENTS = """\
id,Prénom,Nom,Téléphone,Courriel,Code postal,Date de naissance
1,Zoé,Roy,01 42 68 53 11,zoe@x.example.fr,75002,08/03/1984
"""


def test_a_french_table_has_its_country_and_the_day_first_with_a_question() -> None:
    text = draft(table(CLIENTS))
    assert "region: FR" in text
    assert 'Date de naissance": {trait: birth_date, read: {date: "%d/%m/%Y"}}' in text
    assert "# ? Date de naissance: does the day or the month come first? no value tells; taken as the day first" in text
    assert '"Prénom": {trait: first_name}' in text
    assert "Nom: {trait: last_name}" in text


def test_a_chinese_table_is_understood() -> None:
    source = drafted(
        table("客户编号,姓名,电子邮件,手机,生日\n7,王小明,wang@x.example.cn,+86 138 0013 8001,1984-03-08\n")
    ).sources["people"]
    assert source.key == ("客户编号",)
    assert dict(source.identifiers) == {"客户编号": "customer_number", "电子邮件": "email", "手机": "phone"}
    assert dict(source.traits) == {"姓名": "name", "电子邮件": "email", "手机": "mobile", "生日": "birth_date"}
