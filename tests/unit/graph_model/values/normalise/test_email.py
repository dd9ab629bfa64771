import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.normalise.email import normalise_email
from graph_model.values.normalise.plain import fold_case


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee@Example.COM\n", "ann.lee@example.com"),
        ("ann+shop@example.com", "ann+shop@example.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("ANN@EXÄMPLE.org", "ann@exämple.org"),
        ("ann@xn--exmple-cua.org", "ann@exämple.org"),
        ("a\u0308nn@example.com", "änn@example.com"),
        ("ann\u200b@example.com", "ann@example.com"),
        ("ann@shop.test", "ann@shop.test"),
        ("o'neill@example.com", "o'neill@example.com"),
        ("Ann Lee <ann@example.com>", "ann@example.com"),
        ("Lee, Ann <ann@example.com>", "ann@example.com"),
        ('"Ann Lee" <ann@example.com>', "ann@example.com"),
        ('"Lee, Ann" <ann@example.com>;', "ann@example.com"),
        ('"Ann Lee <ann@example.com>"', "ann@example.com"),
        ("<ann@example.com>", "ann@example.com"),
        ("ann@example.com <ann@example.com>", "ann@example.com"),
        ("ann@example.com (Ann Lee)", "ann@example.com"),
        ("Ann Lee <ann@example.com> (work)", "ann@example.com"),
        ("(Ann) ann@example.com", "ann@example.com"),
        ("mailto:ann@example.com?subject=Hello", "ann@example.com"),
        ("MAILTO:ann%2Bshop@example.com", "ann+shop@example.com"),
        ("Ann <mailto:ann@example.com>", "ann@example.com"),
        ("SMTP:ann@example.com", "ann@example.com"),
        ("ann@example.com,", "ann@example.com"),
        ("; ann@example.com", "ann@example.com"),
        ("'ann@example.com", "ann@example.com"),
        ("'ann@example.com'", "ann@example.com"),
        ('"ann@example.com"', "ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
    ],
)
def test_spellings_of_one_address_become_one(received: str, normal: str) -> None:
    assert normalise_email(received) == normal


@pytest.mark.parametrize(
    "received",
    [
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@@example.com",
        "ann lee@example.com",
        "a..b@example.com",
        "ann@example..com",
        "ann@example.com, bob@example.com",
        "Ann Lee ann@example.com",
        "Ann <ann@example.com>; Bob <bob@example.com>",
        "ann@example.com bob@example.com",
        "ann@example.com/bob@example.com",
        "bob@example.com <ann@example.com>",
        "ann@example.com (bob@example.com)",
        "Ann <ann@example.com> <bob@example.com>",
        "Ann <ann@example.com",
        "mailto:ann@example.com,bob@example.com",
        "ann@example.com)bob@example.com",
        "ann@example.com..",
        '"ann lee"@example.com',
        "ann@[127.0.0.1]",
        "deleted@user.invalid",
        "ann@mailhost.local",
        "a" * 300 + "@example.com",
    ],
)
def test_what_is_no_single_address_is_refused(received: str) -> None:
    assert normalise_email(received) is None


@given(
    st.lists(
        st.sampled_from(
            ["ann", "@", "a.org", "<", ">", "(", ")", ",", ";", "'", '"', ".", " ", "mailto:", "?", "%40", "%2c", "\\"]
        ),
        max_size=12,
    ).map("".join)
)
def test_whatever_stands_around_an_address_its_normal_form_is_itself(text: str) -> None:
    normal = normalise_email(text)

    assert normal is None or normalise_email(normal) == normal


@given(
    st.text("abAB01!#'*+._-\" ()äß", max_size=70),
    st.sampled_from(["example.com", "EXAMPLE.com", "exämple.org", "local", "a..b", "x.invalid", "", "a@b.org"]),
)
def test_ordinary_addresses_are_judged_as_the_library_judges_them(local: str, domain: str) -> None:
    address = fold_case(f"{local}@{domain}").strip()
    try:
        judged = validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        judged = None
    normal = normalise_email(address)
    if judged is None or judged.startswith("'"):  # what stands around an address goes, and what is left is one
        assert normal is None or normal == validate_email(normal, check_deliverability=False).normalized
    else:
        assert normal == judged
