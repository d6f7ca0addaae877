"""Rehearses the life cycle of one stack in one cloud, for scripts/rehearse."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import cloud as clouds
import unsupported
from rehearsal import Rehearsal
from samtranslator.yaml_helper import yaml_parse
from stack import Stack

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "target/ci/rehearsal"


def prepare(built):
    """Creates a folder with the built functions and the built template, as far as ministack takes it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "built").mkdir(parents=True)
    for it in built.iterdir():
        if it.is_dir():
            (FOLDER / "built" / it.name).symlink_to(it)
    template = yaml_parse((built / "template.yaml").read_text())
    unsupported.leave_out_refused(template)
    (FOLDER / "built/template.yaml").write_text(json.dumps(template))


def rehearse(cloud, architecture):
    """Returns the number of failures."""
    rehearsal = Rehearsal(cloud, Stack(ROOT, cloud, FOLDER / "built"), architecture)
    for what, part in [
        ("a first deployment", rehearsal.first_deployment),
        ("calls", rehearsal.calls),
        ("each permission removed", rehearsal.each_permission),
        ("further deployments", rehearsal.further_deployments),
        ("an organization leaves", rehearsal.tenant),
        ("a restored table", rehearsal.restore),
        ("deletion", rehearsal.delete),
        ("retained data, used again", rehearsal.again),
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
