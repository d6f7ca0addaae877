"""Results of a rehearsal, a line each."""

import time
from contextlib import contextmanager


class Checks:
    """Prints the results of checks, and counts the failures."""

    def __init__(self):
        self.failures = 0

    def check(self, what, *differences):
        """Prints a check and its differences that are not None."""
        found = [difference for difference in differences if difference]
        print("\n    ".join([f"{'FAILED' if found else 'ok'}: {what}", *found]), flush=True)
        self.failures += len(found)

    @contextmanager
    def part(self, what):
        """Prints the name of a part, and its duration at the end."""
        began = time.monotonic()
        print(f"-- {what}", flush=True)
        yield
        print(f"-- {time.monotonic() - began:.0f} s", flush=True)
