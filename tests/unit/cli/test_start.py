import subprocess
import sys

import pytest

COMMANDS = (["version"], ["explain", "--help"], ["catalogue", "check", "examples/shop/catalogue.yaml"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_starts_without_the_graph_library_that_only_explaining_needs(command: list[str]) -> None:
    imported_at_exit = "import atexit, sys; atexit.register(lambda: print('networkx' in sys.modules, file=sys.stderr))"
    start = "from cli.main import main; main()"
    program = [sys.executable, "-c", f"{imported_at_exit}; {start}", *command]
    run = subprocess.run(program, capture_output=True, text=True, check=True)
    assert run.stderr.splitlines()[-1] == "False"
