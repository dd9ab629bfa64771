import re

from .conftest import ANN, Service


async def test_a_running_process_is_alive_and_ready(service: Service) -> None:
    assert (await service.http.get("/healthz")).json() == {"status": "ok"}
    assert (await service.http.get("/readyz")).json() == {"status": "ready", "tasks_owed": 0}


async def test_a_stopping_process_is_alive_but_not_ready(service: Service) -> None:
    service.app.state.services.stopping.set()
    assert (await service.http.get("/healthz")).status_code == 200
    assert (await service.http.get("/readyz")).status_code == 503


async def test_metrics_count_the_changes_by_source_and_outcome(service: Service) -> None:
    await service.send("crm", ANN)
    await service.http.post("/v1/changes", json={"source": "crm", "changes": [{"row": {"email": "x"}}]})
    figures = (await service.http.get("/metrics")).text
    assert 'identity_graph_changes_total{outcome="applied",source="crm"} 1.0' in figures
    assert 'identity_graph_changes_total{outcome="dead",source="crm"} 1.0' in figures


async def test_the_root_leads_to_the_documentation(service: Service) -> None:
    answer = await service.http.get("/", follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/docs")


async def test_the_documentation_loads_nothing_from_other_hosts(service: Service) -> None:
    page = (await service.http.get("/docs")).text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    for address in loaded:
        assert (await service.http.get(f"/{address}")).status_code == 200


async def test_every_operation_has_summary_description_example_and_problems(service: Service) -> None:
    schema = (await service.http.get("/openapi.json")).json()
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]
            assert operation["tags"]
            if path.startswith("/v1"):
                assert "curl" in operation["description"]
                assert "503" in operation["responses"], path
                if "requestBody" in operation or any(each["in"] == "query" for each in operation["parameters"]):
                    assert "422" in operation["responses"], path


async def test_every_schema_that_the_documentation_refers_to_is_there(service: Service) -> None:
    answer = await service.http.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"].keys()
    assert set(re.findall(r"#/components/schemas/(\w+)", answer.text)) <= schemas
    assert {"Problem", "ProfileUpdate", "Reset"} <= schemas
    assert "HTTPValidationError" not in schemas
