"""Drafts of several tables: what they share, who is named by whom, and what is no table of people."""

from graph_model.catalogue.draft.tables import SampledTable
from graph_model.values.equality import JsonValue
from graph_model.values.trait_values import TraitType
from tests.unit.graph_model.catalogue.draft.sampling import draft, drafted, joined, of_rows, table

FIRST = ("Ann", "Bob", "Cyd", "Dee", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon")
LAST = ("Stone", "Ford", "Hill", "Lake", "Moss", "Park", "Reed")


def customers(number: int = 60) -> SampledTable:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "first_name": FIRST[n % 10], "last_name": LAST[n % 7], "email": f"c{n}@x.example.org"}
        for n in range(1, number)
    ]
    return of_rows(rows, "customers")


def orders(column: str = "customer_id") -> SampledTable:
    rows: list[dict[str, JsonValue]] = [
        {"order_id": 5000 + n, column: 1 + n * 7 % 59, "total": n + 0.25, "status": "paid"} for n in range(200)
    ]
    return of_rows(rows, "orders")


def items() -> SampledTable:
    rows: list[dict[str, JsonValue]] = [{"id": n, "order_id": 5000 + n % 200, "sku": f"S-{n % 9}"} for n in range(300)]
    return of_rows(rows, "order_items")


def products() -> SampledTable:
    rows: list[dict[str, JsonValue]] = [{"sku": f"S-{n}", "name": f"Thing {n}", "price": n + 0.99} for n in range(9)]
    return of_rows(rows, "products")


def loyalty() -> SampledTable:
    rows: list[dict[str, JsonValue]] = [
        {"card_no": f"L{800 + n}", "customer_id": n, "points": n * 3, "mail": f"c{n}@x.example.org"}
        for n in range(1, 40)
    ]
    return of_rows(rows, "loyalty")


def other_system() -> SampledTable:
    """A system that counts its own customers from 1."""
    rows: list[dict[str, JsonValue]] = [
        {
            "customer_id": n,
            "firstname": FIRST[(n + 5) % 10],
            "lastname": LAST[(n + 3) % 7],
            "mail": f"o{n}@y.example.org",
        }
        for n in range(1, 60)
    ]
    return of_rows(rows, "shop")


def test_what_customers_did_is_left_out_with_the_reason() -> None:
    text = draft(customers(), orders(), items(), products())
    assert (
        "# orders looks like what customers did (customer_id is the key of customers): activities are not read yet"
        in text
    )
    assert "# order_items belongs to orders (order_id is the key of orders); left out" in text
    assert "# products tells nothing of people; left out" in text
    assert list(drafted(customers(), orders(), items(), products()).sources) == ["customers"]


def shop_orders() -> SampledTable:
    """Orders as a shop exports them: what it calls their names are numbers."""
    rows: list[dict[str, JsonValue]] = [
        {"Name": f"#{1001 + n}", "Email": f"c{1 + n * 7 % 59}@x.example.org", "Customer ID": f"{1 + n * 7 % 59}",
         "Total": "12.99", "Billing Name": f"Ann {n}"}
        for n in range(200)
    ]  # fmt: skip
    return of_rows(rows, "orders")


def test_orders_whose_numbers_are_called_names_are_what_customers_did() -> None:
    text = draft(customers(), shop_orders())
    assert "# orders looks like what customers did (Customer ID is the key of customers)" in text


def test_numbers_that_are_called_names_name_nobody() -> None:
    catalogue, text = drafted(shop_orders()), draft(shop_orders())
    assert catalogue.sources["orders"].key == ("Name",)
    assert dict(catalogue.sources["orders"].identifiers)["Email"] == "email"
    assert "pairs" not in text
    assert "name" not in catalogue.traits
    with_key = of_rows([{"id": n, **row} for n, row in enumerate(shop_orders().rows)], "orders")
    assert "Name: {trait: orders_name} # in 200 rows; numbers, so that it names nobody" in draft(with_key)


def test_a_foreign_key_is_known_by_its_values_whatever_it_is_called() -> None:
    assert "orders looks like what customers did (purchaser is the key of customers)" in draft(
        customers(), orders("purchaser")
    )


def test_a_foreign_key_is_known_by_its_name_where_the_sample_ends_too_early() -> None:
    beginning = SampledTable(name="customers", columns=customers().columns, rows=customers(20).rows, is_whole=False)
    rows: list[dict[str, JsonValue]] = [{"order_id": n, "customer_id": 30 + n % 20, "total": n} for n in range(90)]
    assert "orders looks like what customers did" in draft(beginning, of_rows(rows, "orders"))


def test_a_number_of_a_table_that_looks_like_a_key_by_chance_is_no_foreign_key() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "email": f"d{n}@x.example.org", "visits": 1 + n % 5} for n in range(50)
    ]
    assert list(drafted(customers(), of_rows(rows, "guests")).sources) == ["customers", "guests"]


def test_a_table_that_names_each_customer_once_has_one_kind_with_their_key() -> None:
    catalogue = drafted(customers(), loyalty())
    assert dict(catalogue.sources["customers"].identifiers)["id"] == "customer_id"
    assert dict(catalogue.sources["loyalty"].identifiers)["customer_id"] == "customer_id"
    assert len(joined(customers(), loyalty())) == 39


def test_equal_numbers_of_other_people_are_another_kind() -> None:
    text = draft(customers(), loyalty(), other_system())
    assert "equal values are of other people than in customers, so it is a number of its own" in text
    assert [pair for pair in joined(customers(), loyalty(), other_system()) if "shop" in str(pair)] == []


def test_the_order_of_the_tables_plays_no_part_in_whose_numbers_are_whose() -> None:
    assert [pair for pair in joined(other_system(), customers(), loyalty()) if "shop" in str(pair)] == []
    assert len(joined(other_system(), loyalty(), customers())) == 39


def test_short_numbers_that_nothing_tells_of_are_kinds_of_their_own_and_long_ones_are_shared() -> None:
    def member_numbers(name: str, first: int) -> SampledTable:
        return of_rows([{"id": n, "member_no": first + n, "visits": n} for n in range(9)], name)

    text = draft(member_numbers("gym", 1), member_numbers("pool", 1))
    assert "# ? pool_member_number: is it the same number as member_no of gym? then give both one kind" in text
    assert joined(member_numbers("gym", 1), member_numbers("pool", 1)) == []
    assert len(joined(member_numbers("gym", 710_000_000), member_numbers("pool", 710_000_000))) == 9


def test_numbers_written_in_two_ways_are_one_kind_where_the_people_are_the_same() -> None:
    rows = [dict(row) for row in customers(30).rows]
    crm = of_rows([{**row, "customerNo": f"100-{row['id']:04}"} for row in rows], "crm")
    shop = of_rows([{**row, "Kundennummer": f"100{row['id']:04}", "id": 900 + n} for n, row in enumerate(rows)], "shop")
    assert drafted(crm, shop).kinds.keys() == {"customer_number", "email"}
    assert "customer_number: {normalise: digits" in draft(crm, shop)


def test_tables_share_kinds_and_traits_whatever_their_columns_are_called() -> None:
    crm = table("id,email,Vorname,Nachname,Geburtsdatum\n1,ann@x.example.org,Ann,Lee,24.12.1984\n", "crm")
    shop = table("no,E-Mail,given name,surname,dob\n8,ANN@x.example.org,Ann,Lee,1984-12-24\n", "shop")
    catalogue = drafted(crm, shop)
    assert list(catalogue.sources) == ["crm", "shop"]
    assert list(catalogue.traits) == ["email", "first_name", "last_name", "birth_date"]
    assert list(catalogue.kinds) == ["email", "person"]
    assert joined(crm, shop) == [["crm[1]", "shop[8]"]]


def test_a_trait_of_several_types_has_the_one_that_fits_all() -> None:
    one = table("id,email,visits,since\n1,a@x.example.org,7,2024-01-05\n2,b@x.example.org,8,2024-01-06\n", "one")
    two = table(
        "id,email,visits,since\n1,c@x.org,7.5,2024-01-05T10:00:00Z\n2,d@x.org,many,2024-01-06T11:00:00Z\n", "two"
    )
    traits = drafted(one, two).traits
    assert (traits["visits"].type, traits["since"].type) == (TraitType.TEXT, TraitType.TIMESTAMP)


def test_a_column_that_names_another_row_of_its_table_is_left_out() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "email": f"c{n}@x.example.org", "reports_to": None if n == 1 else 1 + n % 3} for n in range(1, 9)
    ]
    assert "# left out, names another row of the same table: reports_to" in draft(of_rows(rows))


def test_two_tables_of_one_name_are_two_sources() -> None:
    assert list(drafted(customers(), customers()).sources) == ["customers", "customers_2"]


def test_a_composite_of_tables_with_and_without_postcode_is_made_of_what_both_have() -> None:
    crm = table("id,first_name,last_name,dob,zip\n1,Ann,Lee,1984-12-24,10115\n2,Bob,Fox,1990-02-03,20095\n", "crm")
    shop = table("no,first_name,last_name,dob\n8,Ann,Lee,1984-12-24\n9,Cyd,Ray,1977-05-06\n", "shop")
    assert [part.trait for part in drafted(crm, shop).kinds["person"].parts] == [
        "first_name",
        "last_name",
        "birth_date",
    ]
    assert joined(crm, shop) == [["crm[1]", "shop[8]"]]
