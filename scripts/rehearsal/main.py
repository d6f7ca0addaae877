"""Rehearses one stack in one cloud, in the order in which a stack lives. scripts/rehearse calls this, and says why."""

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


def prepared(built):
    """A folder with the built template, to change, and with the built functions."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "built").mkdir(parents=True)
    for it in built.iterdir():
        if it.is_dir():
            (FOLDER / "built" / it.name).symlink_to(it)
    shutil.copy(built / "template.yaml", FOLDER / "built")


def rehearse(cloud, architecture):
    """Returns how many surprises there were."""
    rehearsal = Rehearsal(cloud, Stack(ROOT, cloud, FOLDER / "built"), architecture)
    for what, part in [
        ("a first deployment", rehearsal.first_deployment),
        ("calls", rehearsal.calls),
        ("each right taken away", rehearsal.each_right),
        ("further deployments", rehearsal.further_deployments),
        ("the end", rehearsal.end),
    ]:
        with rehearsal.checks.part(what):
            part()
    return rehearsal.checks.failures


def main(architecture):
    # So that whoever ends this ends ministack too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("FAILED: ended from outside"))
    prepared(ROOT / ".aws-sam/build")
    with clouds.running(FOLDER) as cloud:
        os.environ["SSL_CERT_FILE"] = cloud.certificate
        surprises = rehearse(cloud, architecture)
    if surprises:
        sys.exit(f"{surprises} surprises; {FOLDER}/ministack.log may tell more")
    shutil.rmtree(FOLDER)


main(*sys.argv[1:])
