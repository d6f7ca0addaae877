"""The value of every parameter of template.yaml in an environment of samconfig.toml: what it says there, or the default.

Usage: parameters.py TEMPLATE SAMCONFIG ENVIRONMENT, which prints them as JSON. SAM itself hands over those of
samconfig.toml alone, and CloudFormation then leaves the others as they are in the stack, so neither a line that was
taken out nor a changed default would ever reach a stack that is there.
"""

import json
import sys
import tomllib
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse


def environments(samconfig):
    """The environments of samconfig.toml, by name."""
    found = tomllib.loads(Path(samconfig).read_text())
    found.pop("version")
    return found


def overrides(environment):
    """The parameters of an environment, which samconfig.toml lists as NAME=VALUE."""
    listed = environment.get("deploy", {}).get("parameters", {}).get("parameter_overrides", [])
    return dict(pair.split("=", 1) for pair in listed)


def complete(declared, given):
    """Those that are given, and the defaults of all others that the template declares."""
    defaults = {name: str(rules["Default"]) for name, rules in declared.items() if "Default" in rules}
    return defaults | given


def main(template, samconfig, environment):
    declared = yaml_parse(Path(template).read_text())["Parameters"]
    known = environments(samconfig)
    if environment not in known:
        raise SystemExit(f"{samconfig} has no environment {environment}, but {', '.join(known)}")
    print(json.dumps(complete(declared, overrides(known[environment])), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
