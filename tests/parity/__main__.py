"""Hold an agent against the recorded outcomes: ``python -m tests.parity --help``."""

from __future__ import annotations

import argparse
import importlib.util
import sys

from .case import EXACT_KINDS, Case, load_cases
from .runner import difference, import_agent, run


def main() -> int:
    """Run the command; its exit status."""
    options = _parser().parse_args()
    if options.path:
        sys.path.insert(0, options.path)
    agent = import_agent(options.agent, options.core, options.graph_service)
    cases = [case for case in load_cases() if _asked_for(case, options)]
    differences = [text for case in cases if (text := difference(case, run(case, agent)))]
    for text in differences:
        print(text)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    print(f"Python {version}: {len(cases)} cases, {len(differences)} differ")
    return 1 if differences or not cases else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    for module in ("agent", "core", "graph_service"):
        flag, own = f"--{module.replace('_', '-')}", f"eventkit.compat.{module}"
        parser.add_argument(flag, default=own, metavar="MODULE", help="default: %(default)s")
    parser.add_argument("--path", metavar="DIR", help="import from this directory first")
    parser.add_argument("--groups", default="", help="only these, by comma: sum,nan")
    parser.add_argument("--ids", default="", help="only these, by comma: sum-003")
    parser.add_argument("--kinds", default=",".join(EXACT_KINDS))
    return parser


def _asked_for(case: Case, options: argparse.Namespace) -> bool:
    if case.kind == "np" and importlib.util.find_spec("numpy") is None:
        return False
    groups, ids = options.groups.split(","), options.ids.split(",")
    return (
        case.kind in options.kinds.split(",")
        and (not options.groups or case.group in groups)
        and (not options.ids or case.id in ids)
    )


if __name__ == "__main__":
    sys.exit(main())
