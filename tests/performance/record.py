"""Record the ratios anew: `python -m tests.performance.record`, after a change that is meant to move them."""

import json

from tests.performance.recorded import FILE, MODULES, measured


def main() -> None:
    """Measure everything, and keep it."""
    shares = {module: {what: round(share, 3) for what, share in measured(module).items()} for module in MODULES}
    FILE.write_text(json.dumps(shares, indent=2) + "\n")
    print(FILE.read_text(), end="")  # noqa: T201 - whoever records wants to see


if __name__ == "__main__":
    main()
