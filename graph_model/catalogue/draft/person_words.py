"""Words that tell whose number a column holds, and whether it is one at all."""

from collections.abc import Mapping
from typing import Final

from graph_model.catalogue.draft.words import Meaning


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: People that rows are about, each with the word that names of kinds use.
PERSONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("customer", "client", "cust", "kunde", "kunden", "klant", "cliente", "klient"), "customer"),
    **dict.fromkeys(
        ("klienta", "clientes", "customers", "clients", "客户", "客戶", "顾客", "顧客", "お客様"), "customer"
    ),
    **dict.fromkeys(("buyer", "purchaser", "payer", "shopper", "orderer", "besteller", "acheteur"), "customer"),
    **dict.fromkeys(("member", "mitglied", "mitglieds", "membre", "socio", "lid", "czlonek", "会员", "会員"), "member"),
    **dict.fromkeys(("user", "benutzer", "nutzer", "utilisateur", "usuario", "utente", "gebruiker"), "user"),
    **dict.fromkeys(("uzytkownik", "uzytkownika", "用户", "用戶", "ユーザー", "ユーザ"), "user"),
    **dict.fromkeys(("person", "people", "personen", "personne", "persona", "pessoa", "persoon", "osoba"), "person"),
    **dict.fromkeys(("patient", "patienten", "paciente", "paziente", "pacjent", "患者", "病人"), "patient"),
    **dict.fromkeys(("guest", "gast", "loyalty", "subscriber", "abonnent", "abonne", "suscriptor"), ""),
    **dict.fromkeys(("contact", "kontakt", "contacto", "contatto", "requester", "student", "passenger"), ""),
}

#: Words for what a number is, likewise.
NUMBERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("id", "identifier", "identifiant", "identificador", "kennung", "identyfikator", "pk"), "id"),
    **dict.fromkeys(("no", "number", "num", "nr", "nummer", "numero", "nro", "numer", "n", "号", "编号"), "number"),
    **dict.fromkeys(("編號", "番号", "号码"), "number"),
    **dict.fromkeys(("code", "codigo", "codice", "kod", "代码", "コード"), "code"),
    **dict.fromkeys(("uuid", "guid", "card", "key", "ref", "reference"), ""),
}

#: Names of national numbers that are one and the same.
NATIONAL_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "ssn": frozenset({"ssn", "socsec", "soc", "social"}),
    "passport_number": frozenset({"passport", "passnummer", "pasaporte", "passeport", "paspoortnummer"}),
}

#: What sorts people, or counts and measures something of theirs: such a column names nobody.
SORTING: Final = _words(
    "group type kind status state class category segment tier level rank grade role region area zone territory country "
    "source channel campaign network rate score count total amount plan gender sex language lang locale currency tag "
    "flag department team branch store location version exempt nationality active enabled verified confirmed consent "
    "subscribed percent percentage share quota limit balance points value price cost year month week age size race "
    "ethnicity expiry expires issued issue date zip postcode city device session cookie anonymous app oauth browser ip "
    "gruppe typ art klasse kategorie stufe sprache wahrung geschlecht anzahl betrag punkte filiale abteilung "
    "groupe categorie statut niveau langue devise sexe nombre montant pays secteur "
    "grupo tipo categoria estado nivel idioma moneda sexo cantidad importe sector clase "
    "moeda quantidade valor classe situacao gruppo stato livello lingua valuta sesso importo settore "
    "groep soort klas niveau taal geslacht aantal bedrag land "
    "grupa rodzaj typ kategoria poziom jezyk waluta plec liczba kwota kraj "
    "组 组别 类型 状态 等级 级别 分类 性别 语言 渠道 来源 区域 区分 種別 種類 ランク 状態 性別 言語 グループ 店舗"
)

#: People that a row names beside the one it is about.
OTHERS: Final = _words(
    "spouse partner mother father parent guardian emergency child kin relative manager agent rep representative owner "
    "seller salesperson salesrep referrer referred referral sponsor advisor adviser approver reviewer assignee "
    "assigned "
    "supervisor recruiter doctor physician teacher creator author editor maiden by sender "
    "betreuer vertreter vertrieb bearbeiter ersteller notfall ehepartner mutter vater vorgesetzter sachbearbeiter "
    "conjoint gestionnaire conseiller vendeur mere pere urgence par commercial "
    "conyuge asesor vendedor representante madre padre emergencia gestor por gerente "
    "conjuge mae pai responsavel consultor emergenza coniuge venditore consulente agente da "
    "noodcontact verkoper moeder vader medewerker door opiekun sprzedawca matka ojciec malzonek przez "
    "紧急联系人 销售 经理 推荐人 担当者 担当 緊急連絡先 営業 紹介者"
)

#: Companies and the like: what is theirs is of several people.
COMPANIES: Final = _words(
    "company organization organisation org employer firm business corporate office switchboard "
    "firma unternehmen arbeitgeber buro societe entreprise employeur empresa empregador azienda ditta bedrijf "
    "werkgever pracodawca 公司 单位 企业 会社 会社名 勤務先"
)

#: Another row of the same table, or the one above it.
ABOVE: Final = _words(
    "parent master reports manager supervisor boss referrer referred replaced merged duplicate survivor vorgesetzter "
    "ubergeordnet superieur jefe responsable capo chef"
)

#: Titles in front of names, by whose they are.
TITLES_OF_MEN: Final = _words("mr herr hr monsieur sr senor signor sig pan dhr meneer")
TITLES_OF_WOMEN: Final = _words("mrs ms miss frau fr madame mme mlle sra srta senora signora pani mevr mevrouw")
TITLES: Final = TITLES_OF_MEN | TITLES_OF_WOMEN | _words("dr prof professor doctor ing mag dipl")

#: Words beside which a name means something else.
EXCLUDED: Final[Mapping[Meaning, frozenset[str]]] = {
    Meaning.BIRTH_DATE: _words(
        "place city country name state year month lieu pays ville lugar pais luogo comune citta plaats land miejsce "
        "ort 地 地点 出生地"
    ),
    Meaning.COUNTRY: _words("birth passport nationality origin citizenship issuing naissance nacimiento"),
    Meaning.CITY: _words("birth naissance nacimiento nascita nascimento capacity"),
    Meaning.CHANGED: _words(
        "by von par por da door przez who user reason count type password email phone status address price name flag "
        "人 者 更新者 更新人 修改人"
    ),
    Meaning.DELETED: _words("by von par por da door przez who reason user count"),
    Meaning.NATIONAL_NUMBER: _words(
        "country rate exempt type expiry expires date network issue issued class status state name exemption region"
    ),
    Meaning.LOGIN: _words("last count at date time ip first failed attempts ultimo ultima dernier letzter"),
    Meaning.FIRST_NAME: _words("company product street file user brand segundo zweiter"),
    Meaning.LAST_NAME: _words("company product street file user brand"),
    Meaning.NOTES: _words("id count date"),
    Meaning.SECRET: _words("changed updated date count"),
}

#: How names of columns begin that hold yes or no.
FLAGS: Final = _words("is has accepts opt allow allows ist hat est a es tiene")
