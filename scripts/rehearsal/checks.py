"""What a rehearsal finds out, a line each."""

import time
from contextlib import contextmanager


class Checks:
    """Prints what holds and what does not, and counts the latter."""

    def __init__(self):
        self.failures = 0

    def check(self, what, *surprises):
        """Prints what was checked, and each thing that was not as it should be (None is no surprise)."""
        found = [surprise for surprise in surprises if surprise]
        print("\n    ".join([f"{'FAILED' if found else 'ok'}: {what}", *found]), flush=True)
        self.failures += len(found)

    @contextmanager
    def part(self, what):
        """Prints what comes now, and how long it has taken."""
        began = time.monotonic()
        print(f"-- {what}", flush=True)
        yield
        print(f"-- {time.monotonic() - began:.0f} s", flush=True)
