"""Switches the agent on in a process that has it first on PYTHONPATH, then makes way.

Must parse in any Python since 2.7, costs one look-up where the agent is off, and leaves no trace:
the folder goes from sys.path (os.environ keeps it, for children), what was imported goes from
sys.modules, and the sitecustomize that stays there, with all its errors, is the user's own.

Where another sitecustomize comes first and runs no other, the files beside this one run it later:
`usercustomize` under that name, and `podcov_doorway`, which no module of the user is called.

Byte code of this file, of `image_path` and of `boot` is installed with them (see ../compiled):
the first compilation in a process takes longer than the agent's whole start.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict  # noqa: F401 (used by type comments)

_folder = os.path.dirname(os.path.abspath(__file__))
_spool = os.environ.get("PODCOV_SPOOL")


def _load(*parts):  # type: (str) -> Dict[str, Any]
    """The names in a file, which is not imported: nothing may find it later."""
    path = os.path.join(*parts)
    names = {"__name__": "podcov_boot", "__file__": path}
    if sys.version_info >= (3, 8):  # noqa: UP036 (as the rest)
        from _frozen_importlib_external import SourceFileLoader

        code = SourceFileLoader("podcov_boot", path).get_code("podcov_boot")  # type: Any
    else:
        with open(path) as file:
            code = compile(file.read(), path, "exec")
    exec(code, names)
    return names


def _start(spool):  # type: (str) -> None
    if sys.version_info >= (3, 8) and sys.implementation.name == "cpython":
        agent = os.path.join(os.path.dirname(_folder), "podcov_agent")
        _load(agent, "boot.py")["start"](spool, agent)
    else:
        _load(_folder, "unsupported.py")["note"](spool)


if _spool:
    _modules, _path = dict(sys.modules), None
    try:
        _image = os.path.join(_spool, "image.env")
        if os.environ.get("PYTHONPATH") == _folder and os.path.exists(_image):
            _load(_folder, "image_path.py")["restore"](_image, _folder)
        _path = sys.path[:]
        # No file of the application may stand in for a module of the library while we load.
        _library = os.path.dirname(os.__file__)
        sys.path[:] = [p for p in _path if p == _library or p.endswith("/lib-dynload")]
        if os.getppid() or os.getpid() == 1 or os.environ.get("PODCOV_LAUNCHED"):
            _start(_spool)
    except Exception:  # whatever it is, the application must not notice
        pass
    sys.path[:] = _path or sys.path
    if sys.version_info >= (3, 4):  # noqa: UP036 (before, names die with their module)
        for _name in set(sys.modules).difference(_modules):
            del sys.modules[_name]
        sys.modules.update(_modules)

sys.path[:] = [_entry for _entry in sys.path if _entry != _folder]
sys.path_importer_cache.pop(_folder, None)
sys.modules.pop(__name__, None)

if __name__ != "podcov_doorway":
    __import__(__name__)  # the user's own
