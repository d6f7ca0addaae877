"""The rehearsal itself, in the order in which a stack lives. .ci/rehearse starts it, and says what it is for."""

import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import callers
import cloud as clouds
import omitted
import remains
import rights
from checks import Checks
from service import differs
from stack import Stack

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "target/ci/rehearsal"
SUCCESSES = {"GET": 200, "POST": 201}
UPDATED_LIMIT = "999/10s"


class Rehearsal:
    """One stack from its first deployment to what is left of it."""

    def __init__(self, cloud, architecture):
        self.checks = Checks()
        self.cloud = cloud
        self.stack = Stack(ROOT, cloud, FOLDER / "built")
        self.secret = secrets.token_hex(32)
        self.parameters = {
            "Architecture": architecture,
            "AuthIssuer": callers.ISSUER,
            "AuthAudience": callers.AUDIENCE,
            "AuthJwtSecret": self.secret,
            # So that a counter that can't be asked shows, and that nothing here has to wait.
            "RateLimitOnError": "deny",
            "RateLimit": "1000/10s",
        }

    def first_deployment(self):
        made = self.stack.bootstrap()
        self.bucket = made["ArtifactBucket"]
        self.parameters["PermissionsBoundary"] = made["FunctionBoundary"]
        self.before = remains.everything(self.cloud)
        self.deploy("sam deploy into an empty account")
        self.template = self.stack.template()
        self.resources = self.stack.resources()
        omitted.bind_roles(self.cloud, self.template, self.resources, made["FunctionBoundary"])
        self.base = omitted.make_routes(self.cloud, self.template, self.resources)

    def deploy(self, what):
        code, output = self.stack.deploy(self.bucket, self.parameters)
        self.checks.check(what, code and f"sam deploy exits with {code}:\n{output}")
        if code:
            raise SystemExit(1)
        return output

    def calls(self):
        smoke = [ROOT / ".ci/smoke", self.base, callers.token(self.secret, "smoke"), "smoke"]
        done = subprocess.run(smoke, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        asked = len(re.findall("^ok: ", done.stdout, re.MULTILINE))
        self.checks.check(f".ci/smoke, {asked} checks", done.returncode and done.stdout)
        self.caller = callers.Caller(self.base, self.secret)
        self.roles = {route: self.resources[role] for route, role in omitted.roles(self.template)}
        self.checks.check("each route has a call here", differs("they", sorted(self.caller.calls), sorted(self.roles)))
        expected = {route: SUCCESSES[route.split()[0]] for route in self.caller.calls}
        self.checks.check("each route answers", *rights.different(expected, self.caller.statuses()))
        self.file = self.caller.upload().data

    def each_right(self):
        all_of_them = rights.Rights(self.checks, self.cloud.client("iam"), self.caller, self.roles)
        all_of_them.check(narrower=self.resources["Reporting"])

    def update(self):
        versions, there = set(remains.versions(self.cloud)), remains.everything(self.cloud)
        self.deploy("sam deploy again without a change")
        same = differs("what there is", remains.everything(self.cloud) ^ there, set())
        self.checks.check("nothing has changed", same, differs("the versions", set(remains.versions(self.cloud)), versions))
        self.parameters["RateLimit"] = UPDATED_LIMIT
        template = self.stack.folder / "template.yaml"
        # As whoever changes a setting must: SAM makes a new version only for a template that has changed.
        changed = re.sub(r"settings [0-9a-f]+", "settings rehearsed", template.read_text())
        template.write_text(changed)
        self.deploy("sam deploy with another rate limit")
        self.updated(len(versions))

    def updated(self, functions):
        answer = self.caller.list()
        policy = answer.headers.get("ratelimit-policy")
        quota, seconds = UPDATED_LIMIT.removesuffix("s").split("/")
        self.checks.check("answers have the new limit", differs("it", policy, f'"default";q={quota};w={seconds}'))
        live = [dict(aliases) for _, _, aliases in remains.versions(self.cloud)]
        self.checks.check("the aliases call new versions", differs("they", live, [{"live": "2"}] * functions))
        known = self.caller.project in answer.data.get("projects", [])
        self.checks.check("projects of the first deployment are there", None if known else "there should be the first one")
        self.kept()

    def kept(self):
        """The data, asked for past the API."""
        table = self.cloud.client("dynamodb")
        rows = table.scan(TableName=self.resources["ProjectsTable"], ConsistentRead=True)["Items"]
        ids = {row["id"]["S"] for row in rows if "id" in row}
        missing = [it["id"] for it in (self.caller.project, self.file) if it["id"] not in ids]
        self.checks.check("the rows of the first deployment are there", differs("missing", missing, []))
        s3, bucket = self.cloud.client("s3"), self.resources["UploadsBucket"]
        hashes = set()
        for it in s3.list_objects_v2(Bucket=bucket, Prefix=f"orgs/{callers.ORG}/").get("Contents", []):
            content = s3.get_object(Bucket=bucket, Key=it["Key"])["Body"].read()
            hashes.add(hashlib.sha256(content).hexdigest())
        self.checks.check("its files are there", differs("their hashes", hashes, {self.file["sha256"]}))

    def end(self):
        code, output = self.stack.delete(self.bucket)
        self.checks.check("sam delete", code and f"sam delete exits with {code}:\n{output}")
        left = remains.everything(self.cloud) - self.before
        kept = {(kind, self.resources[name]): why for (kind, name), why in remains.KEPT.items()}
        for kind, name in sorted(left | set(kept)):
            why = kept.get((kind, name))
            unexpected = None if why else "nothing says why it should be left"
            gone = None if (kind, name) in left else "it is gone"
            self.checks.check(f"left: {kind} {name}, {why}", unexpected, gone)
        self.kept()


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
    rehearsal = Rehearsal(cloud, architecture)
    for what, part in [
        ("a first deployment", rehearsal.first_deployment),
        ("calls", rehearsal.calls),
        ("each right taken away", rehearsal.each_right),
        ("further deployments", rehearsal.update),
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
