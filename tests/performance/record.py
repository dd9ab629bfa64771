"""Record the ratios anew, after a change that is meant to move them: all, or those of the modules that are named."""

import json
import sys

from tests.performance.recorded import FILE, MODULES, RECORDED, measured


def main() -> None:
    """Measure, and keep it."""
    anew = sys.argv[1:] or MODULES
    shares = {
        module: {what: round(share, 3) for what, share in measured(module).items()} if module in anew else known
        for module, known in ((module, RECORDED.get(module, {})) for module in MODULES)
    }
    FILE.write_text(json.dumps(shares, indent=2) + "\n")
    print(FILE.read_text(), end="")  # noqa: T201 - whoever records wants to see


if __name__ == "__main__":
    main()
