"""docker-compose.yml starts the same parts with the same settings as `make stack`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from services.settings import KafkaSettings, Settings
from stack.debezium import CONNECTOR, connector_configuration
from stack.gremlin_server import FILES, IMAGE, IMAGE_HOME
from stack.kafka import CLUSTER_ID
from stack.ports import Port
from stack.postgres import DATABASE, PASSWORD, USER
from stack.service import wiring
from stack.settings import CHECKOUT, CONFIGURATION, StackSettings
from stack.up import SEED

Compose = Mapping[str, Any]


@pytest.fixture(scope="module")
def services() -> Compose:
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    found: Compose = compose["services"]
    return found


def known_variables(settings: type[BaseSettings]) -> set[str]:
    prefix = settings.model_config["env_prefix"]
    return {f"{prefix}{name}".upper() for name in settings.model_fields}


def mounts(service: Compose) -> Iterator[tuple[str, str]]:
    for volume in service.get("volumes", []):
        source, target, *_ = volume.split(":")
        yield source, target


def test_every_variable_of_the_service_is_one_that_the_settings_know(services: Compose) -> None:
    known = known_variables(Settings) | known_variables(KafkaSettings)
    used = {
        name
        for service in services.values()
        for name in service.get("environment", {})
        if name.startswith("IDENTITY_GRAPH_")
    }
    assert used
    assert used <= known


def test_the_local_stack_wires_the_service_by_variables_that_the_settings_know() -> None:
    used = set(wiring(CHECKOUT, "127.0.0.1:9092", "ws://127.0.0.1:8182/gremlin"))
    assert used <= known_variables(Settings) | known_variables(KafkaSettings)


def test_every_mounted_file_exists(services: Compose) -> None:
    sources = [source for service in services.values() for source, _ in mounts(service)]
    assert sources
    assert [source for source in sources if not (CHECKOUT / source).is_file()] == []


def test_the_file_that_the_images_are_built_from_exists(services: Compose) -> None:
    built = [service["build"] for service in services.values() if "build" in service]
    assert built
    assert all((CHECKOUT / build["context"] / "Dockerfile").is_file() for build in built)


def test_each_part_waits_only_for_parts_that_are_there(services: Compose) -> None:
    awaited = {name for service in services.values() for name in service.get("depends_on", {})}
    assert awaited <= set(services)


def test_the_connector_is_the_one_of_the_local_stack_but_for_its_address(services: Compose) -> None:
    [(source, target)] = mounts(services["register-connector"])
    registered = json.loads((CHECKOUT / source).read_text())
    local = connector_configuration(Port("postgres", 5432))
    assert {**registered, "database.hostname": "127.0.0.1"} == local
    command = services["register-connector"]["entrypoint"]
    assert f"@{target}" in command
    assert command[-1].endswith(f"/connectors/{CONNECTOR}/config")


def test_the_database_is_made_as_the_connector_expects_it(services: Compose) -> None:
    connector = json.loads((CONFIGURATION / "connector.json").read_text())
    environment = services["postgres"]["environment"]
    made = [environment[f"POSTGRES_{name}"] for name in ("USER", "PASSWORD", "DB")]
    assert made == [USER, PASSWORD, DATABASE]
    assert made == [connector[f"database.{name}"] for name in ("user", "password", "dbname")]
    assert connector["database.hostname"] == "postgres"
    assert [CHECKOUT / source for source, _ in mounts(services["postgres"])] == [SEED]


def test_the_graph_server_has_the_version_and_files_of_the_local_one(services: Compose) -> None:
    gremlin = services["gremlin"]
    assert gremlin["image"] == IMAGE
    assert {CHECKOUT / source: target for source, target in mounts(gremlin)} == {
        source: f"{IMAGE_HOME}/{name}" for source, name in FILES.items()
    }


def test_the_broker_reads_the_properties_of_the_local_one(services: Compose) -> None:
    kafka = services["kafka"]
    assert [CHECKOUT / source for source, _ in mounts(kafka)] == [CONFIGURATION / "kafka.properties"]
    assert kafka["environment"]["CLUSTER_ID"] == CLUSTER_ID


def test_the_connect_worker_has_the_settings_of_the_local_one(services: Compose) -> None:
    lines = (CONFIGURATION / "connect.properties").read_text().splitlines()
    local = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    # The image takes some settings by their bare name, others with the prefix CONNECT_.
    environment = {
        name.removeprefix("CONNECT_").lower().replace("_", "."): value
        for name, value in services["connect"]["environment"].items()
    }
    assert {name: environment.get(name) for name in local} == local


def test_the_ports_on_this_machine_are_the_defaults_of_the_local_stack(services: Compose) -> None:
    published = {
        name: int(service["ports"][0].split(":")[1]) for name, service in services.items() if "ports" in service
    }
    defaults = {
        name.removesuffix("_port"): field.default
        for name, field in StackSettings.model_fields.items()
        if name.endswith("_port")
    }
    assert published == {name: defaults[name] for name in published}
