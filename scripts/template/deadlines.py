"""Compares the longest gradual deployment with the jobs that wait for it, and with the sessions of their role.

Usage: deadlines.py, in the folder with template.yaml and .github.
"""

import re
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

TEMPLATE, BOOTSTRAP = "template.yaml", ".github/bootstrap.yaml"
WORKFLOW, ACTION = ".github/workflows/deploy.yml", ".github/actions/deploy/action.yml"
# For the rest of a job: tools, upload, CloudFormation, smoke test.
OTHER_MINUTES = 15
# What AWS gives a session that asks for no other time.
DEFAULT_SESSION_SECONDS = 3600


def read(file):
    return yaml_parse(Path(file).read_text())


def minutes(steps):
    """The time that CodeDeploy takes for these steps."""
    if steps == "AllAtOnce":
        return 0
    kind, percent, each = re.fullmatch(r"(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?", steps).groups()
    return int(each) * (100 // int(percent) if kind == "Linear" else 1)


def bounds():
    """What ends a deployment, with its minutes."""
    for name, job in read(WORKFLOW)["jobs"].items():
        if any("actions/deploy" in step.get("uses", "") for step in job.get("steps", [])):
            yield f"{WORKFLOW}, job {name}", job["timeout-minutes"]
    for step in read(ACTION)["runs"]["steps"]:
        if "configure-aws-credentials" in step.get("uses", ""):
            seconds = step["with"].get("role-duration-seconds", DEFAULT_SESSION_SECONDS)
            yield f"{ACTION}, the session", int(seconds) / 60
    seconds = read(BOOTSTRAP)["Resources"]["DeployRole"]["Properties"]["MaxSessionDuration"]
    yield f"{BOOTSTRAP}, DeployRole", seconds / 60


def problems():
    for steps in read(TEMPLATE)["Parameters"]["DeploymentSteps"]["AllowedValues"]:
        for what, bound in bounds():
            if minutes(steps) + OTHER_MINUTES > bound:
                yield f"{steps} takes {minutes(steps)} minutes; {what} ends after {bound:.0f}"


def main():
    found = list(problems())
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or len(list(bounds())) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
