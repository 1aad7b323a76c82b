"""The start-up hook of ``eventkit accelerate``, found first on the path of its children.

It removes itself: the path and, if there is one, the ``sitecustomize`` behind this one are then as
in an interpreter without it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _load(name: str, path: str) -> Any:
    """Load a file as a module, whether its package can be imported here or not."""
    # Not from importlib.machinery, whose import takes a millisecond: these are loaded already.
    loader = sys.modules["_frozen_importlib_external"].SourceFileLoader(name, path)
    spec = sys.modules["_frozen_importlib"].ModuleSpec(name, loader, origin=path)
    spec.has_location = True
    module = type(sys)(name)
    module.__spec__, module.__loader__, module.__file__ = spec, loader, path
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _start() -> None:
    here = __file__.rpartition("/")[0]
    folder = here.rpartition("/")[0]
    sys.path[:] = [entry for entry in sys.path if entry != here]
    try:
        trampoline = _load("eventkit_accelerate_trampoline", folder + "/trampoline.py")
        hook = _load("eventkit_accelerate_hook", folder + "/hook.py")
        hook.trampoline = trampoline
        hook.install()
    except Exception:
        # Whatever it is: the program that starts here has not asked for it.
        return


if __name__ == "sitecustomize":
    _start()
    del sys.modules[__name__]
    # Where there is none, this is the very error that `site` expects and passes over.
    __import__(__name__)
