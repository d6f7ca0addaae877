"""Values of all parameters of template.yaml in an environment of samconfig.toml: the value there, or the default.

Usage: parameters.py TEMPLATE SAMCONFIG ENVIRONMENT, which prints them as JSON. SAM passes only those of samconfig.toml,
and CloudFormation keeps the others as they are in the stack. So neither a removed line nor a changed default would ever
reach an existing stack.
"""

import json
import sys
import tomllib
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse


def environments(samconfig):
    """Returns the environments of samconfig.toml, by name."""
    found = tomllib.loads(Path(samconfig).read_text())
    found.pop("version")
    return found


def overrides(environment):
    """Returns the parameters of an environment, which samconfig.toml lists as NAME=VALUE."""
    listed = environment.get("deploy", {}).get("parameters", {}).get("parameter_overrides", [])
    return dict(pair.split("=", 1) for pair in listed)


def complete(declared, given):
    """Returns the given parameters, and the defaults of all others that the template declares."""
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
