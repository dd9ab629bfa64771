"""What every test may use: one Gremlin Server for the whole run, and the tests that this machine can run."""

import gc
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from docker.errors import DockerException  # type: ignore[import-untyped]
from hypothesis import HealthCheck, settings
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from stack.gremlin_server import FILES, IMAGE, IMAGE_HOME, PROBE, GremlinServer
from stack.janusgraph import JanusGraph
from stack.ports import Port, answers
from stack.process import wait_until
from stack.requirements import Requirement, missing_for_gremlin, missing_requirements
from stack.settings import StackSettings

#: What a property test says is right or wrong however busy the machine is.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: What property tests draw are multiples of this; the usual number is 100.
settings.register_profile("soak", settings.get_profile("unhurried"), max_examples=2_000)
if profile := os.environ.get("HYPOTHESIS_PROFILE", "" if "CI" in os.environ else "unhurried"):
    settings.load_profile(profile)  # else Hypothesis takes its own one for CI, which is as patient

NOT_RUN = pytest.StashKey[str]()
GREMLIN_PORT = 8182


@cache
def docker_answers() -> bool:
    with warnings.catch_warnings():
        # Where nobody answers, the client leaves its socket to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            DockerClient(timeout=5).client.close()
        except DockerException:
            answered = False
        else:
            answered = True
        gc.collect()
    return answered


def lacking_for_gremlin() -> Sequence[Requirement]:
    return () if docker_answers() else missing_for_gremlin()


PROMTOOL = Requirement("promtool", "apt-get install prometheus, or only its /usr/bin/promtool")


def lacking_for_the_stack() -> Sequence[Requirement]:
    return [*missing_requirements(), *([] if shutil.which("promtool") else [PROMTOOL])]


LACKING: dict[str, Callable[[], Sequence[Requirement]]] = {
    "gremlin": lacking_for_gremlin,
    "janusgraph": missing_for_gremlin,
    "stack": lacking_for_the_stack,
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the suites that this machine cannot run; in CI that is an error."""
    lacking: dict[str, None] = {}
    left_out: list[pytest.Item] = []
    suites: list[str] = []
    for mark, missing in LACKING.items():
        marked = [item for item in items if item.get_closest_marker(mark)]
        requirements = [str(requirement) for requirement in missing()] if marked else []
        if requirements:
            suites.append(mark)
            left_out += [item for item in marked if item not in left_out]
            lacking.update(dict.fromkeys(requirements))
    if not left_out:
        return
    count = f"{len(left_out)} test{'s' if len(left_out) != 1 else ''}"
    message = f"not run: {' and '.join(suites)} ({count}); install {', '.join(lacking)}"
    config.stash[NOT_RUN] = f"In CI every suite must run, but {message}" if os.environ.get("CI") else message
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Passes on what a parallel process could not run to the one that started it; in CI that one fails then."""
    message = session.config.stash.get(NOT_RUN, "")
    output: dict[str, str] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["not_run"] = message
    elif message and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - xdist has no types
    """Keeps what a parallel process has passed on."""
    if message := getattr(node, "workeroutput", {}).get("not_run"):
        node.config.stash[NOT_RUN] = message


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Ends the run with one line about what could not run here."""
    message = config.stash.get(NOT_RUN, None)
    if message:
        terminalreporter.write_line(message, yellow=True)


@pytest.fixture(scope="session")
def gremlin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The WebSocket address of a Gremlin Server: a container where Docker answers, else a local process."""
    if docker_answers():
        yield from gremlin_in_a_container()
    else:
        yield from gremlin_as_a_process(tmp_path_factory.mktemp("gremlin"))


@pytest.fixture(scope="session")
def janusgraph_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The WebSocket address of a JanusGraph Server that keeps its graph in memory."""
    with JanusGraph(tmp_path_factory.mktemp("janusgraph"), StackSettings().cache) as server:
        yield server.url


def gremlin_as_a_process(folder: Path) -> Iterator[str]:
    with GremlinServer(folder, StackSettings().cache) as server:
        yield server.url


def gremlin_in_a_container() -> Iterator[str]:
    container = DockerContainer(IMAGE).with_exposed_ports(GREMLIN_PORT)
    for file, name in FILES.items():
        container = container.with_copy_into_container(file, f"{IMAGE_HOME}/{name}")
    # The image's own entry point rewrites the configuration; ours already listens on every address.
    start = [f"{IMAGE_HOME}/bin/gremlin-server.sh", "conf/identity-graph.yaml"]
    with container.with_kwargs(entrypoint=start) as started:
        host, port = started.get_container_host_ip(), started.get_exposed_port(GREMLIN_PORT)
        if not wait_until(lambda: answers(Port("gremlin", port), PROBE), within=90):
            pytest.fail(f"{IMAGE} was not ready after 90 seconds:\n{started.get_logs()}", pytrace=False)
        yield f"ws://{host}:{port}/gremlin"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A process that knows nothing of AWS yet."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch
