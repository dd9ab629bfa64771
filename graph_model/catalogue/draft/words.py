"""Words that names of columns are made of, by what they mean and by language.

A phrase fits a name that has all of its words, in any order; with `=` in front, a name that has no others; with `*`, a
name in which it stands anywhere, as in compounds (`Geschäftstelefonnummer`). Phrases in Chinese and Japanese, which
write no spaces, fit anywhere, too, if they have more than one character. Phrases are parted by `;`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """What a column is about, by its name."""

    EMAIL = "email"
    MOBILE = "mobile"
    PHONE = "phone"
    FAX = "fax"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    NAME = "name"  #: the whole name, or a part of it where another column has the rest
    BIRTH_DATE = "birth_date"
    POSTCODE = "postcode"
    CITY = "city"
    COUNTRY = "country"
    PERSON_NUMBER = "person_number"  #: of a customer, member, user
    NATIONAL_NUMBER = "national_number"  #: of an authority, for one person
    LOGIN = "username"
    CHANGED = "changed"
    DELETED = "deleted"
    OPERATION = "operation"  #: what a change did to a row
    NOTES = "notes"
    SECRET = "secret"  # noqa: S105 - a word that names of columns are made of
    DATED = "dated"  #: a day or a time of whatever
    KEY = "key"


#: Names of traits that every draft uses, whatever the columns are called.
STANDARD_TRAITS: Final = frozenset(
    {
        Meaning.EMAIL,
        Meaning.MOBILE,
        Meaning.PHONE,
        Meaning.FIRST_NAME,
        Meaning.MIDDLE_NAME,
        Meaning.LAST_NAME,
        Meaning.NAME,
        Meaning.BIRTH_DATE,
        Meaning.POSTCODE,
        Meaning.CITY,
        Meaning.COUNTRY,
    }
)

PHRASES: Final[Mapping[Meaning, Mapping[str, str]]] = {
    Meaning.EMAIL: {
        "en": "email; e mail; mail; emails; mails",
        "de": "*mailadresse",
        "fr": "courriel; mel; adresse electronique",
        "es": "correo; correo electronico",
        "pt": "correio eletronico",
        "it": "posta elettronica",
        "zh": "邮箱; 邮件; 電子郵件; 电子邮箱; 信箱",
        "ja": "メール",
    },
    Meaning.MOBILE: {
        "en": "mobile; cell; cellphone; cell phone; mobile phone; msisdn; whatsapp; gsm",
        "de": "*handy; *mobil; *mobilfunk; *mobilnummer; *mobiltelefon",
        "fr": "portable; telephone portable",
        "es": "movil; celular",
        "pt": "telemovel; celular",
        "it": "cellulare",
        "nl": "mobiel; *mobieltje; *mobielnummer",
        "pl": "komorka; komorkowy; telefon komorkowy",
        "zh": "手机; 手機; 移动电话; 行動電話",
        "ja": "携帯; ケータイ",
    },
    Meaning.PHONE: {
        "en": "phone; *telephone; tel; telno; phones; phoneno; phonenumber",
        "de": "*telefon; rufnummer; *festnetz; tel nr; telnr",
        "fr": "*telephone; fixe; numero tel",
        "es": "*telefono; tfno; tlf; fono",
        "pt": "*telefone; fone",
        "it": "*telefono; recapito telefonico",
        "nl": "*telefoon",
        "pl": "*telefonu",
        "zh": "电话; 電話; 座机; 固话; 联系方式",
        "ja": "電話; 電話番号; でんわ",
    },
    Meaning.FAX: {
        "en": "fax; *telefax; *faxnummer; faxnumber",
        "zh": "传真; 傳真",
        "ja": "ファックス; ファクス",
    },
    Meaning.FIRST_NAME: {
        "en": "first name; firstname; given name; givenname; given names; forename; fname; =first",
        "de": "*vorname; rufname",
        "fr": "prenom; prenoms",
        "es": "primer nombre; nombre pila; nombres",
        "pt": "primeiro nome; nome proprio",
        "it": "nome battesimo; primo nome",
        "nl": "*voornaam; voornamen; roepnaam",
        "pl": "imie; imiona",
        "zh": "=名; 名字",
        "ja": "=名; 下の名前",
    },
    Meaning.MIDDLE_NAME: {
        "en": "middle name; middlename; middle initial; middle; mname",
        "de": "zweiter vorname; zweitname",
        "fr": "deuxieme prenom",
        "es": "segundo nombre",
        "nl": "tussenvoegsel",
        "pl": "drugie imie",
    },
    Meaning.LAST_NAME: {
        "en": "last name; lastname; surname; family name; familyname; lname; =last",
        "de": "*nachname; *familienname; zuname",
        "fr": "nom famille; nom naissance; nom usage",
        "es": "apellido; apellidos; primer apellido",
        "pt": "sobrenome; apelido; ultimo nome",
        "it": "cognome",
        "nl": "*achternaam; familienaam",
        "pl": "nazwisko",
        "zh": "=姓; 姓氏",
        "ja": "=姓; 苗字; 名字",
    },
    Meaning.NAME: {
        "en": "=name; full name; fullname; =customer name; =client name; =contact name; =person name; =display name; "
        "=member name; =patient name",
        "de": "=kundenname; =name des kunden; vollstandiger name",
        "fr": "=nom; nom complet; =nom client; =nom du client; nom prenom",
        "es": "=nombre; nombre completo; =nombre cliente; =nombre del cliente",
        "pt": "=nome; nome completo; =nome cliente; =nome do cliente",
        "it": "=nome; nominativo; =nome cliente; nome cognome",
        "nl": "=naam; volledige naam; klantnaam",
        "pl": "imie nazwisko; nazwa klienta",
        "zh": "姓名; 全名; 客户姓名; 客户名称",
        "ja": "氏名; =名前; =お名前; フルネーム",
    },
    Meaning.BIRTH_DATE: {
        "en": "birth date; birthdate; birthday; date birth; birth day; dateofbirth; dob; born; bday; =birth",
        "de": "*geburtsdatum; *geburtstag; *gebdatum; geb datum; geboren; =geb",
        "fr": "date naissance; =naissance; ne le; nee le; =date naiss; anniversaire",
        "es": "fecha nacimiento; =nacimiento; fecha nac; fec nac; cumpleanos",
        "pt": "data nascimento; =nascimento; data nasc; aniversario",
        "it": "data nascita; =nascita; compleanno; nato il",
        "nl": "*geboortedatum; geboorte datum; geboren op; verjaardag",
        "pl": "data urodzenia; data ur; urodziny; =urodzony",
        "zh": "生日; 出生日期; 出生年月日; 出生",
        "ja": "生年月日; 誕生日",
    },
    Meaning.POSTCODE: {
        "en": "zip; zipcode; zip code; postcode; post code; postal code; postal; postalcode",
        "de": "plz; *postleitzahl",
        "fr": "code postal; =cp; codepostal",
        "es": "codigo postal; cod postal; =cp",
        "pt": "codigo postal; cep",
        "it": "codice postale; =cap",
        "nl": "*postcode",
        "pl": "kod pocztowy",
        "zh": "邮编; 邮政编码; 郵遞區號",
        "ja": "郵便番号; =〒",
    },
    Meaning.CITY: {
        "en": "city; town; locality",
        "de": "=ort; *wohnort; *stadt",
        "fr": "ville; commune; localite",
        "es": "ciudad; localidad; municipio; poblacion",
        "pt": "cidade; municipio",
        "it": "citta; comune; localita",
        "nl": "stad; plaats; *woonplaats",
        "pl": "miasto; miejscowosc",
        "zh": "城市; =市",
        "ja": "市区町村; 都市",
    },
    Meaning.COUNTRY: {
        "en": "country; countrycode; country code; nation",
        "de": "=land; *landercode; *landeskennzeichen; laenderkennzeichen",
        "fr": "pays",
        "es": "pais",
        "pt": "pais",
        "it": "paese; nazione",
        "nl": "=land; *landcode",
        "pl": "kraj",
        "zh": "国家; 國家",
        "ja": "=国; 国名",
    },
    Meaning.PERSON_NUMBER: {
        "de": "*kundennummer; *kundennr; *kundenid; *mitgliedsnummer; *mitgliedsnr; *benutzernummer; *patientennummer",
        "fr": "numero client; n client; no client; code client; identifiant client; reference client",
        "es": "numero cliente; codigo cliente; num cliente; id cliente",
        "pt": "numero cliente; codigo cliente; id cliente",
        "it": "codice cliente; numero cliente; id cliente",
        "nl": "*klantnummer; *klantnr; *klantid; *lidnummer",
        "pl": "numer klienta; nr klienta; id klienta; kod klienta",
        "zh": "客户编号; 客户号; 客户代码; 客戶編號; 顾客编号; 会员编号; 会员号; 会员卡号; 用户编号; 用户号",
        "ja": "顧客番号; 顧客コード; お客様番号; 会員番号; 患者番号",
    },
    Meaning.NATIONAL_NUMBER: {
        "en": "ssn; social security; soc sec; socsec; national id; national number; national insurance; nino; nin; "
        "passport; tax id; tax number; taxid; tin; itin; aadhaar; national identity; identity number; id card number",
        "de": "steuer id; steuerid; *steueridentifikationsnummer; *sozialversicherungsnummer; svnr; *ausweisnummer; "
        "*passnummer; *rentenversicherungsnummer",
        "fr": "numero securite sociale; nir; numero passeport; numero fiscal",
        "es": "dni; nie; nif; curp; rfc; pasaporte; numero seguridad social; cedula",
        "pt": "cpf; nif; rg; numero contribuinte",
        "it": "codice fiscale; codicefiscale",
        "nl": "bsn; *burgerservicenummer; paspoortnummer",
        "pl": "pesel; numer dowodu",
        "zh": "身份证; 身分證; 护照号",
        "ja": "マイナンバー; 個人番号; パスポート番号",
    },
    Meaning.LOGIN: {
        "en": "login; username; user name; loginname; login name; screen name",
        "de": "*benutzername; *anmeldename",
        "fr": "nom utilisateur; identifiant connexion",
        "es": "nombre usuario",
        "pt": "nome usuario; nome utilizador",
        "it": "nome utente",
        "nl": "gebruikersnaam",
        "pl": "nazwa uzytkownika",
        "zh": "用户名; 登录名; 帳號名稱",
        "ja": "ユーザー名; ログイン名",
    },
    Meaning.CHANGED: {
        "en": "updated; modified; changed; lastmodified; update; change; changedate; modstamp; systemmodstamp; "
        "modification",
        "de": "*geandert; *geaendert; *anderung; *aenderung; *aktualisiert; *anderungsdatum; *aenderungsdatum",
        "fr": "modifie; modifiee; modification; maj; mise jour; date maj",
        "es": "modificado; modificacion; actualizado; actualizacion",
        "pt": "modificado; atualizado; atualizacao; alterado; alteracao; modificacao",
        "it": "modificato; modifica; aggiornato; aggiornamento",
        "nl": "gewijzigd; *wijziging; bijgewerkt; *wijzigingsdatum",
        "pl": "zmieniono; modyfikacji; aktualizacji; zmodyfikowano; zmiany",
        "zh": "更新; 修改时间; 修改日期; 變更",
        "ja": "更新; 変更日; 修正日",
    },
    Meaning.DELETED: {
        "en": "deleted; isdeleted; is deleted; deletion; delete flag; del flag; removed; deleteflag; tombstone",
        "de": "*geloscht; *geloescht; *loschkennzeichen; *loeschkennzeichen; *loschdatum; *loeschdatum; *loschung",
        "fr": "supprime; supprimee; suppression; efface",
        "es": "eliminado; borrado; eliminacion",
        "pt": "excluido; deletado; apagado; eliminado; exclusao",
        "it": "cancellato; eliminato; cancellazione",
        "nl": "verwijderd; gewist",
        "pl": "usuniety; usunieto; skasowany; usuniecia",
        "zh": "删除; 刪除",
        "ja": "削除",
    },
    Meaning.OPERATION: {
        "en": "=op; =operation; =change type; =cdc operation; =dml type; =change operation; =record operation",
    },
    Meaning.NOTES: {
        "en": "note; notes; comment; comments; remark; remarks; message; description; memo; bio; biography",
        "de": "*bemerkung; *bemerkungen; *notiz; *notizen; *kommentar; *anmerkung; *anmerkungen; *beschreibung",
        "fr": "remarque; remarques; commentaire; commentaires; observations",
        "es": "nota; notas; comentario; comentarios; observaciones; descripcion",
        "pt": "observacao; observacoes; comentario; descricao",
        "it": "commento; commenti; osservazioni; descrizione",
        "nl": "*opmerking; *opmerkingen; notitie; notities; omschrijving",
        "pl": "uwagi; notatka; notatki; opis; komentarz",
        "zh": "备注; 備註; 说明; 留言; 备考",
        "ja": "備考; メモ; コメント; メッセージ",
    },
    Meaning.SECRET: {
        "en": "password; passwd; pwd; passphrase; secret; token; hash; salt; cvv; cvc; apikey; api key; *passwordhash",
        "de": "*passwort; *kennwort",
        "fr": "mot passe",
        "es": "contrasena",
        "pt": "senha",
        "nl": "*wachtwoord",
        "pl": "haslo",
        "zh": "密码; 密碼",
        "ja": "パスワード",
    },
    Meaning.DATED: {
        "en": "date; time; timestamp; at; on; ts; day; created; since; joined; registered; datetime; seen; expires; "
        "signup; ms; us",
        "de": "*datum; am; *zeit; *zeitpunkt; seit; erstellt; angelegt; uhrzeit; *zeitstempel; *tag",
        "fr": "date; heure; le; depuis; cree; horodatage; jour",
        "es": "fecha; hora; dia; desde; creado",
        "pt": "data; hora; dia; desde; criado",
        "it": "data; ora; giorno; dal; creato; il",
        "nl": "*datum; tijd; op; sinds; aangemaakt; *tijdstip",
        "pl": "data; czas; dnia; od; utworzono; godzina",
        "zh": "日期; 时间; 時間; =日",
        "ja": "日時; 日付; 年月日; 登録日; 作成日; 時刻; 日",
    },
    Meaning.KEY: {
        "en": "id; no; number; num; nr; uuid; guid; code; key; card; pk; ref; reference; identifier; oid",
        "de": "*nummer; *kennung; schlussel; schluessel; satznummer; kennziffer; *nr",
        "fr": "numero; n; identifiant; cle; matricule",
        "es": "numero; codigo; clave; identificador; nro",
        "pt": "numero; codigo; chave; identificador",
        "it": "numero; codice; chiave; identificativo",
        "nl": "*nummer; sleutel; kenmerk",
        "pl": "numer; nr; kod; klucz; identyfikator; lp",
        "zh": "编号; 編號; 号码; 代码; 序号; =号",
        "ja": "番号; コード; 識別子; キー",
    },
}
