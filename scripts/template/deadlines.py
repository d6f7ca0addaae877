"""Compares the longest gradual deployment with the timeouts of the jobs that wait for it, and of their role's sessions.

Usage: deadlines.py, in the folder with template.yaml and .github.
"""

import re
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

TEMPLATE, BOOTSTRAP = "template.yaml", ".github/bootstrap.yaml"
WORKFLOW, ACTION = ".github/workflows/deploy.yml", ".github/actions/deploy/action.yml"
# Time for the rest of a job: tools, upload, CloudFormation, smoke test.
OTHER_MINUTES = 15
# AWS's default duration of a session.
DEFAULT_SESSION_SECONDS = 3600


def read(file):
    return yaml_parse(Path(file).read_text())


def minutes(steps):
    """Returns the duration of CodeDeploy's steps."""
    if steps == "AllAtOnce":
        return 0
    kind, percent, each = re.fullmatch(r"(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?", steps).groups()
    return int(each) * (100 // int(percent) if kind == "Linear" else 1)


def timeouts():
    """Yields each timeout of a deployment, in minutes."""
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
        for what, timeout in timeouts():
            if minutes(steps) + OTHER_MINUTES > timeout:
                yield f"{steps} takes {minutes(steps)} minutes; {what} ends after {timeout:.0f}"


def main():
    found = list(problems())
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or len(list(timeouts())) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
