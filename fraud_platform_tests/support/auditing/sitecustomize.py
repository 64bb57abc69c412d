"""In a folder that tests put on PYTHONPATH: each Python process writes down what it unpickles, and models it opens.

`pickle.find_class` is raised by both unpicklers for each class or function that a
pickle names; a pickle without one holds plain data and can run nothing.
"""

import os
import sys

PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill")
_log = os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _write_down(event: str, arguments: tuple) -> None:
    if event == "pickle.find_class":
        _note(event, ".".join(arguments[1:]))
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.fsdecode(arguments[0])
        if path.endswith(PICKLES):
            _note("pickle.open", path)
        elif "/models/" in path:
            _note("model.open", path)


def _note(event: str, what: str) -> None:
    os.write(_log, "\t".join((" ".join(sys.orig_argv[1:]), event, what)).encode() + b"\n")


sys.addaudithook(_write_down)
