"""Rehearses the life cycle of one stack in one cloud, for scripts/rehearse."""

import os
import shutil
import signal
import sys
from pathlib import Path

import cloud as clouds
from rehearsal import Rehearsal
from stack import Stack

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "target/ci/rehearsal"


def prepare(built):
    """Creates a folder with a copy of the built template and with the built functions."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "built").mkdir(parents=True)
    for it in built.iterdir():
        if it.is_dir():
            (FOLDER / "built" / it.name).symlink_to(it)
    shutil.copy(built / "template.yaml", FOLDER / "built")


def rehearse(cloud, architecture):
    """Returns the number of failures."""
    rehearsal = Rehearsal(cloud, Stack(ROOT, cloud, FOLDER / "built"), architecture)
    for what, part in [
        ("a first deployment", rehearsal.first_deployment),
        ("calls", rehearsal.calls),
        ("each permission removed", rehearsal.each_permission),
        ("further deployments", rehearsal.further_deployments),
        ("deletion", rehearsal.delete),
    ]:
        with rehearsal.checks.part(what):
            part()
    return rehearsal.checks.failures


def main(architecture):
    # So that SIGTERM ends ministack too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("FAILED: ended from outside"))
    prepare(ROOT / ".aws-sam/build")
    with clouds.running(FOLDER) as cloud:
        os.environ["SSL_CERT_FILE"] = cloud.certificate
        failures = rehearse(cloud, architecture)
    if failures:
        sys.exit(f"{failures} failures; see {FOLDER}/ministack.log")
    shutil.rmtree(FOLDER)


main(*sys.argv[1:])
