"""Compares the architecture of the built functions with the parameter Architecture, because SAM doesn't.

Usage: architecture.py FOLDER PARAMETERS, with the output folder of `sam build` and the template's parameters as JSON. A
rehearsal and `sam local` leave functions for this machine there.
"""

import json
import sys
from pathlib import Path

# By e_machine in the header of an ELF file.
ARCHITECTURES = {0x3E: "x86_64", 0xB7: "arm64"}


def architecture(header):
    """Returns the architecture of a file with this header, in words."""
    if header[:4] != b"\x7fELF" or len(header) < 20:
        return "not a program for Linux"
    machine = int.from_bytes(header[18:20], "little")
    return f"for {ARCHITECTURES.get(machine, f'machine {machine}')}"


def problems(folder, wanted):
    binaries = sorted(folder.glob("*/bootstrap"))
    if not binaries:
        yield f"{folder} has no functions"
    for binary in binaries:
        with open(binary, "rb") as file:
            found = architecture(file.read(20))
        if found != f"for {wanted}":
            yield f"{binary} is {found}, but Architecture is {wanted}"


def main(folder, parameters):
    wanted = json.loads(Path(parameters).read_text())["Architecture"]
    found = list(problems(Path(folder), wanted))
    if found:
        sys.exit("\n".join([*found, f"Run scripts/with-tools sam build --parameter-overrides Architecture={wanted}"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
