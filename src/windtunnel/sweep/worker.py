"""Worker: what happens to a portion of a sweep in the process that it was sent to.

What is sent and what comes back are texts, bytes and numbers, so that schedulers in between need to
know nothing of it.
"""

from __future__ import annotations

import json
import pickle
import platform
import traceback
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from importlib import import_module
from pathlib import Path
from threading import RLock
from time import perf_counter, thread_time
from typing import Any, TypeVar

from windtunnel.errors import WindtunnelError
from windtunnel.sweep.releases import release

Shared = TypeVar("Shared")
Made = TypeVar("Made")

Failure = tuple[str, str, tuple[Any, ...], str]
"""Module and name of an error, its arguments, and where it comes from, in words."""
Answered = tuple[str | None, Failure | None]
"""The text of an answer, or why there is none."""
Done = tuple[str, list[Answered], float, str]
"""What became of a portion: one of the words below, the answers, seconds of work, and of which
release who is."""
DONE, LACKS_SHARED, OTHER_RELEASE = "done", "lacks shared", "other release"
CROWDED = 10
"""A portion in which so little is worked for the time that it takes waits for something."""
KEPT = 4
"""So many sweeps' shared content a worker keeps."""

_shared: OrderedDict[str, object] = OrderedDict()
_made: OrderedDict[Hashable, tuple[object, object]] = OrderedDict()
# Some workers have several threads. Simulations of one scenario share its program, and gain nothing
# from threads.
_one_at_a_time = RLock()


def prepared(shared: Shared, make: Callable[[Shared], Made]) -> Made:
    """What *make* makes of what a sweep shares, such as a compiled fleet: made once in each
    process, as long as it is one of the last that were asked for."""
    key = (id(shared), make)
    if key not in _made:
        _made[key] = shared, make(shared)  # who is kept keeps its id
        if len(_made) > KEPT:
            _made.popitem(last=False)
    _made.move_to_end(key)
    made: Made = _made[key][1]  # type: ignore[assignment]
    return made


def text_of_answer(work: Callable[[Any, Any], object], shared: object, item: object) -> str:
    """The answer, as text.

    Raises:
        TypeError: it is not plain.
    """
    return json.dumps(work(shared, item), separators=(",", ":"))


def work_on(key: str, shared: bytes | None, work: str, items: bytes, expected: str) -> Done:
    """Work on the items of a portion.

    Args:
        key: Of what is shared with other portions.
        shared: That itself, pickled and compressed; None: this worker may have it already.
        work: Module and name of the function.
        items: Pickled, a list.
        expected: The release of who sends it.
    """
    with _one_at_a_time:
        own = release()
        if own != expected:
            return OTHER_RELEASE, [], 0.0, f"{own}, at {platform.node()}"
        if key not in _shared:
            if shared is None:
                return LACKS_SHARED, [], 0.0, own
            _shared[key] = pickle.loads(zlib.decompress(shared))
            if len(_shared) > KEPT:
                _shared.popitem(last=False)
        _shared.move_to_end(key)
        function, content = function_of(work), _shared[key]
        begun, used = perf_counter(), thread_time()
        answers = [answered(function, content, item) for item in pickle.loads(items)]
        # Where others keep the machine busy, a portion that takes long may still be a small one.
        seconds = max(thread_time() - used, (perf_counter() - begun) / CROWDED)
        return DONE, answers, seconds, own


def name_of(work: Callable[..., object]) -> str:
    """Module and name of a function, by which another process finds it.

    Raises:
        TypeError: it is inside of another one, or has no name.
    """
    if "<" in work.__qualname__ or work.__module__ == "__main__":
        raise TypeError(f"{work.__qualname__} is not a function of a module")
    return f"{work.__module__}:{work.__qualname__}"


def function_of(name: str) -> Callable[[Any, Any], object]:
    """The function of this name."""
    module, _, path = name.partition(":")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def answered(work: Callable[[Any, Any], object], shared: object, item: object) -> Answered:
    """The text of the answer, or why there is none."""
    try:
        return text_of_answer(work, shared, item), None
    except Exception as error:
        return None, _failure(error)


def _failure(error: Exception) -> Failure:
    kind = type(error)
    if isinstance(error, WindtunnelError):
        return kind.__module__, kind.__qualname__, error.args, ""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}, {last.name}"
    return kind.__module__, kind.__qualname__, (str(error),), where
