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

#: Words among them that are also names of people: parts of a composite identifier, where they tell somebody apart with
#: other parts.
NAMES_AMONG_THEM = frozenset({"blank", "dummy", "guest", "missing", "nan", "none", "null", "test", "true", "user"})

BLOCKED_PATTERNS = (
    re.compile(r"^[\W_]*$"),  # nothing but punctuation
    re.compile(r"^[0\W_]+$"),  # nothing but zeros, the nil UUID included
    re.compile(r"^f{8}-?(?:f{4}-?){3}f{12}$"),  # the max UUID
    re.compile(r"^(?:no|do[-_.]?not)[-_.]?reply(?:[-+_.0-9][^@]*)?@"),
    re.compile(r"^(?:anonymous|guest|n/?a|nobody|no[-_.]?e?-?mail|none|null|undefined|unknown)@"),
    re.compile(r"^(?:mailer-daemon|postmaster)@"),
)
#: All of them, tried at once.
ANY_BLOCKED_PATTERN = re.compile("|".join(pattern.pattern for pattern in BLOCKED_PATTERNS))

#: Mailboxes of any domain that several people read (RFC 2142, and what is usual in ten languages): local parts, whole,
#: of addresses only. First names (`dev`, `ola`) and what may be somebody's initials are not among them.
ROLE_MAILBOXES = frozenset(
    (
        "abuse", "account", "accountant", "accounting", "accounts", "accountspayable", "accountsreceivable", "admin",
        "administration", "administrator", "admissions", "alerts", "all", "billing", "booking", "bookings", "career",
        "careers", "community", "compliance", "contact", "contact-us", "contact.us", "contactus", "customer.service",
        "customercare", "customers", "customerservice", "customersupport", "delivery", "dispatch", "dns", "donations",
        "dpo", "enquiries", "enquiry", "events", "everyone", "faq", "feedback", "finance", "frontdesk", "ftp", "gdpr",
        "general", "hello", "help", "helpdesk", "hostmaster", "hotel", "hr", "info", "information", "inquiries",
        "inquiry", "invoice", "invoices", "invoicing", "it", "itsupport", "jobs", "legal", "list", "mail", "mailbox",
        "main", "management", "manager", "marketing", "media", "members", "membership", "news", "newsletter", "noc",
        "notification", "notifications", "office", "operations", "order", "orders", "partner", "partners", "payment",
        "payments", "payroll", "postmaster", "press", "privacy", "procurement", "purchasing", "reception",
        "recruiting", "recruitment", "registrar", "reservation", "reservations", "returns", "root", "sales", "security",
        "service", "services", "shipping", "shop", "staff", "store", "subscribe", "support", "sysadmin", "team", "tech",
        "technical", "unsubscribe", "usenet", "uucp", "warehouse", "webmaster", "www",
        # German
        "anfrage", "anfragen", "auftrag", "bestellung", "bestellungen", "bewerbung", "bewerbungen", "buchhaltung",
        "buchung", "buero", "büro", "datenschutz", "einkauf", "empfang", "geschaeftsfuehrung", "geschäftsführung",
        "hallo", "impressum", "kanzlei", "karriere", "kontakt", "kundenbetreuung", "kundendienst", "kundenservice",
        "personal", "personalabteilung", "post", "poststelle", "praxis", "presse", "rathaus", "rechnung", "rechnungen",
        "redaktion", "reservierung", "rezeption", "sekretariat", "technik", "verkauf", "versand", "vertrieb",
        "verwaltung", "werkstatt", "zentrale",
        # French
        "accueil", "bonjour", "boutique", "commande", "commandes", "commercial", "comptabilite", "comptabilité",
        "courrier", "direction", "facturation", "factures", "informatique", "livraison", "magasin", "mairie",
        "recrutement", "renseignements", "réservation", "secretariat", "secrétariat", "service.client",
        "serviceclient", "technique", "vente", "ventes",
        # Spanish
        "administracion", "administración", "atencion", "atencionalcliente", "ayuda", "clientes", "cobranzas",
        "comercial", "compras", "consultas", "contabilidad", "contacto", "correo", "direccion", "dirección", "empleo",
        "facturacion", "facturación", "facturas", "gerencia", "hola", "informacion", "información", "logistica",
        "oficina", "pedido", "pedidos", "prensa", "recepcion", "recepción", "reservas", "rrhh", "secretaria", "soporte",
        "tienda", "ventas",
        # Portuguese
        "administracao", "administrativo", "ajuda", "atendimento", "cobranca", "contabilidade", "contato", "diretoria",
        "encomendas", "escritorio", "faturacao", "faturamento", "faturas", "financeiro", "geral", "imprensa", "loja",
        "ouvidoria", "recepcao", "recrutamento", "suporte", "vendas",
        # Italian
        "acquisti", "amministrazione", "assistenza", "ciao", "clienti", "commerciale", "contabilita", "contatti",
        "contatto", "direzione", "fatturazione", "fatture", "informazioni", "magazzino", "negozio", "ordine", "ordini",
        "pec", "posta", "prenotazioni", "protocollo", "segreteria", "servizioclienti", "spedizioni", "stampa",
        "supporto", "ufficio", "vendite",
        # Dutch
        "administratie", "bestelling", "bestellingen", "boekhouding", "directie", "factuur", "facturen", "inkoop",
        "kantoor", "klantenservice", "magazijn", "ondersteuning", "personeelszaken", "planning", "receptie",
        "reserveringen", "secretariaat", "vacatures", "verkoop", "winkel",
        # Polish
        "biuro", "faktura", "faktury", "handlowy", "kadry", "ksiegowosc", "księgowość", "magazyn", "obsluga", "poczta",
        "pomoc", "recepcja", "reklamacje", "rekrutacja", "rezerwacje", "rodo", "serwis", "sklep", "sprzedaz",
        "sprzedaż", "zamowienia", "zamówienia", "zarzad",
        # Chinese and Japanese
        "caiwu", "kefu", "xiaoshou", "yewu", "zhaopin", "客服", "销售", "annai", "eigyo", "eigyou", "jimukyoku",
        "jinji", "keiri", "koho", "kouhou", "madoguchi", "otoiawase", "saiyo", "saiyou", "soumu", "toiawase",
        "uketsuke", "yoyaku",
    )
)  # fmt: skip

#: Rows of the keyboard, counting, and one letter again and again, which nobody is called: four characters or more.
_MASHED = (
    "asdf|asdfg|asdfgh|asdfghj|asdfghjk|asdfghjkl|asdfasdf|asdfjkl|asdasd|qwer|qwert|qwerty|qwertyuiop|qwertz|azerty|"
    r"qweqwe|qweasd|qwe123|asd123|qwerty123|zxcv|zxcvb|zxcvbn|zxcvbnm|yxcv|yxcvb|yxcvbn|yxcvbnm|hjkl|dfgh|sdfg|sdfsdf|"
    r"1234|12345|123456|1234567|12345678|123456789|1234567890|123123|abcd|abcde|abcdef|abc123|([a-z0-9])\1{3,}"
)
#: What may be somebody's initials or name at a domain of another name, but not at one of its own.
_SHORT_OR_WORDS = (
    "asd|sdf|dfg|fgh|jkl|hjk|qwe|wer|zxc|yxc|abc|xyz|123|foo|bar|foobar|blah|fake|none|nope|no|na|kein|keine|geen|brak|"
    r"mail|email|domain|demo|user|name|example|test|[a-z0-9]|([a-z0-9])\1{1,2}"
)
_TESTS = r"(?:test|testing|teste|prueba|testuser|testtest)[._-]?(?:test|user|e?mail)?[._-]?[0-9]{0,6}"

#: Addresses that people type to get on; of addresses only. `smith@smith.example` is somebody's own domain.
BLOCKED_ADDRESS_PATTERNS = (
    re.compile(rf"^(?:{_MASHED})@"),
    re.compile(rf"^(?:{_TESTS})@"),
    re.compile(rf"^(?=(?:{_SHORT_OR_WORDS})@)([^@.]+)@\2\."),
    re.compile(r"^(?:a@b|foo@bar|bar@foo|x@y|abc@xyz|abc@def)\."),
)

#: Days that programs and clerks write where no birth date is known. Days on which many living people were born, such
#: as 1980-01-01 and 2000-01-01, are not among them: a catalogue whose sources write these for unknown names them.
BLOCKED_BIRTH_DATES = frozenset(
    (
        "0001-01-01",  # the first day of .NET, Java and Python
        "0002-11-30",  # what Java makes of 0000-00-00
        "1000-01-01",  # the first day of MySQL
        "1111-11-11",  # one key, eight times
        "1582-10-15",  # the first day of the Gregorian calendar, and of Oracle's and Spark's proleptic one
        "1601-01-01",  # zero in Windows
        "1677-09-21",  # the first day of pandas
        "1753-01-01",  # the first day of SQL Server
        "1800-01-01",  # the oldest that forms offer
        "1899-12-30",  # zero in OLE, Access and later spreadsheets
        "1899-12-31",  # zero in spreadsheets
        "1900-01-01",  # zero of SQL Server, the oldest that forms offer
        "1901-01-01",  # 010101
        "1904-01-01",  # zero in spreadsheets of the Macintosh
        "1969-12-31",  # zero in Unix, in a zone to the west
        "1970-01-01",  # zero in Unix
        "9999-12-31",  # the last day of nearly all
    )
)
