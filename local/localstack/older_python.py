"""LocalStack 4.14.0 is written for Python 3.13. On 3.11 and 3.12 its source is rewritten once, at set-up
(python311.py); this fills in at run time the names of the standard library that came later."""

import sys


def fill_in() -> None:
    if sys.version_info >= (3, 13):
        return
    import _thread
    import threading
    import typing
    import warnings

    import typing_extensions

    class Lock:
        """`threading.Lock` is a factory function before 3.13; LocalStack uses it in type unions."""

        def __new__(cls):
            return _thread.allocate_lock()

    threading.Lock = Lock
    for module, name in ((warnings, "deprecated"), (typing, "override")):
        if not hasattr(module, name):
            setattr(module, name, getattr(typing_extensions, name))
