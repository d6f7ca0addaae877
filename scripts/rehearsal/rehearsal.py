"""The life cycle of a stack, from its first deployment to the resources that remain after its deletion."""

import re
import secrets
import subprocess

import callers
import clean_up
import data
import existing
import permissions
import retained
import tenants
import unsupported
from checks import Checks
from service import differs, send_once

UPDATED_LIMIT = "999/10s"
# Parameter that is set at first and left out later.
LEFT_OUT, SET_TO, BY_DEFAULT = "LatencyAlarmMs", "1234", "2000"

# Origins whose pages may use the bucket.
ORIGINS = ["https://app.example.com", "https://www.example.com"]


class Rehearsal:
    """Steps with a stack in this cloud. Each method builds on those before."""

    def __init__(self, cloud, stack, architecture):
        self.checks = Checks()
        self.cloud = cloud
        self.stack = stack
        self.secret = secrets.token_hex(32)
        self.stage = "development"
        self.parameters = {
            "Architecture": architecture,
            "AuthIssuer": callers.ISSUER,
            "AuthAudience": callers.AUDIENCE,
            "AuthJwtSecret": self.secret,
            # Fail closed, so that a failed counter is visible; and a limit that no call here reaches.
            "RateLimitOnError": "deny",
            "RateLimitTimeoutMs": "4000",
            "RateLimit": "1000/10s",
            "CorsOrigins": ", ".join(ORIGINS),
            LEFT_OUT: SET_TO,
        }

    def first_deployment(self):
        self.refused_build()
        made = self.stack.bootstrap()
        self.bucket = made["ArtifactBucket"]
        self.boundary = made["FunctionBoundary"]
        self.before = retained.everything(self.cloud)
        self.deploy("sam deploy into an empty account")
        self.template = self.stack.template()
        self.resources = self.stack.resources()
        self.bind(self.resources["FunctionBoundary"])
        self.base = unsupported.make_routes(self.cloud, self.template, self.resources)

    def bind(self, boundary):
        unsupported.bind_roles(self.cloud, self.template, self.resources, boundary)

    def refused_build(self):
        """Deploys the build of this machine as arm64, the default of template.yaml, which must fail."""
        if self.parameters["Architecture"] == "arm64":
            print("SKIPPED: no build for another architecture, because this machine is arm64, the default")
            return
        code, output = self.stack.deploy_built("default")
        why = None if code and "Architecture is arm64" in output else f"scripts/deploy exits with {code}:\n{output}"
        self.checks.check("scripts/deploy refuses a build for another architecture", why)

    def deploy(self, what):
        code, output = self.stack.deploy(self.bucket, self.parameters, self.stage)
        self.checks.check(what, code and f"sam deploy exits with {code}:\n{output}")
        if code:
            raise SystemExit(1)

    def calls(self):
        smoke = [self.stack.root / "scripts/smoke", self.base, callers.token(self.secret, "smoke"), "smoke"]
        done = subprocess.run(smoke, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        passed = len(re.findall("^ok: ", done.stdout, re.MULTILINE))
        self.checks.check(f"scripts/smoke, {passed} checks", done.returncode and done.stdout)
        follower = clean_up.CleanUp(self.cloud, self.resources)
        self.caller = callers.Caller(self.base, self.secret, follower)
        roles = [*unsupported.roles(self.template), (clean_up.CHANGES, clean_up.ROLE)]
        self.roles = {route: self.resources[role] for route, role in roles}
        self.stored = self.check_responses()
        self.checks.check("the stream deletes the file of a deleted project", *follower.left(self.caller))
        self.checks.check("pages of two origins may use the bucket", *self.refused_origins())
        if self.checks.failures:
            raise SystemExit("FAILED: the next parts need routes that respond")

    def refused_origins(self):
        """Yields the origins whose pages the bucket treats otherwise than it should."""
        url = f"{self.cloud.endpoint}/{self.resources['UploadsBucket']}/orgs/any"
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-amz-tagging"}
        for origin, status in [*((it, 200) for it in ORIGINS), ("https://app.example.org", 403)]:
            response = send_once("OPTIONS", url, None, {"Origin": origin, **asked})
            yield differs(f"the status for {origin}", response.status, status)

    def each_permission(self):
        removal = permissions.Removal(self.checks, self.cloud.client("iam"), self.caller, self.roles)
        removal.check()
        account = self.cloud.client("sts").get_caller_identity()["Account"]
        self.bind(f"arn:aws:iam::{account}:policy/{self.boundary}")
        removal.expect("every route within the deploying role's boundary", {}, self.caller.requests())

    def further_deployments(self):
        versions, before = set(retained.versions(self.cloud)), retained.everything(self.cloud)
        self.deploy("sam deploy again without a change")
        self.check_unchanged(before, versions)
        self.stage = "rehearsal"
        self.deploy("sam deploy with another tag")
        self.check_unchanged(before, versions)
        self.checks.check("the stack has the new tag", differs("stage", self.stack.tags().get("stage"), self.stage))
        self.refused_deployment()
        self.update()
        live = [dict(aliases) for _, _, aliases in retained.versions(self.cloud)]
        self.checks.check("the aliases call new versions", differs("they", live, [{"live": "2"}] * len(versions)))
        self.check_data()

    def check_unchanged(self, before, versions):
        changes = retained.everything(self.cloud) ^ before, set(retained.versions(self.cloud)) ^ versions
        self.checks.check("nothing has changed", *(differs("a change", change, set()) for change in changes))

    def refused_deployment(self):
        """Breaks one rule of the template, as an example: with two secrets no function would start."""
        code, output = self.stack.deploy(self.bucket, self.parameters | {"AuthJwtSecretId": "projects-api/jwt"}, self.stage)
        why = None if code and "Only one of AuthJwtSecret" in output else f"sam deploy exits with {code}:\n{output}"
        self.checks.check("sam deploy with two secrets is refused", why)

    def publish(self, settings):
        """Changes the functions' description, because SAM publishes a version only for a changed template."""
        template = self.stack.folder / "template.yaml"
        template.write_text(re.sub(r"settings \w+", f"settings {settings}", template.read_text()))

    def update(self):
        self.publish("rehearsed")
        self.parameters |= {"RateLimit": UPDATED_LIMIT, "PermissionsBoundary": self.boundary}
        del self.parameters[LEFT_OUT]
        self.deploy("sam deploy with another rate limit and the deploying role's boundary")
        own = differs("its own", self.stack.resources().get("FunctionBoundary"), None)
        self.checks.check("the stack's own boundary is deleted", own)
        requests, seconds = UPDATED_LIMIT.removesuffix("s").split("/")
        self.check_responses(ratelimit_policy=f'"default";q={requests};w={seconds}')
        left_out = differs(LEFT_OUT, self.stack.parameter(LEFT_OUT), BY_DEFAULT)
        self.checks.check("a parameter that is left out has its default again", left_out)

    def tenant(self):
        """Exports and erases an organization. Another, whose id begins with its id, keeps everything."""
        tenant = tenants.Tenants(self.stack.root, self.cloud, self.resources)
        tenant.fill(self.base, self.secret)
        (rows, *objects), kept = tenant.stored(tenants.ERASED), tenant.stored(tenants.KEPT)
        self.checks.check("two versions and a delete marker are stored", differs("they", objects, [2, 1]))
        folder = self.stack.folder / "export"
        self.succeeds("tenant export", *tenant.run("export", "--to", str(folder)))
        self.checks.check("the export is complete", differs("it", tenant.exported(folder), (rows, 1)))
        self.succeeds("tenant erase", *tenant.run("erase", "--confirm", tenants.ERASED, "--settle", "3"))
        self.checks.check("nothing is left", differs("it", tenant.stored(tenants.ERASED), (0, 0, 0)))
        self.checks.check("the other has everything", differs("it", tenant.stored(tenants.KEPT), kept))

    def succeeds(self, what, code, output):
        self.checks.check(what, code and f"it exits with {code}:\n{output}")

    def restore(self):
        """Lets the stack use a restored table. Its own is retained."""
        own = self.resources["ProjectsTable"]
        rows = existing.restore(self.cloud, own, existing.RESTORED)
        self.before |= {("table", existing.RESTORED)}
        self.use(f"sam deploy with a restored table of {rows} rows", existing.RESTORED)
        self.checks.check("the old table is retained", None if existing.has_table(self.cloud, own) else "it is deleted")

    def again(self):
        """Deploys a new stack that uses the table and the bucket that the deleted one has left."""
        self.parameters["ExistingUploadsBucket"] = self.resources["UploadsBucket"]
        self.use("sam deploy with the retained table and bucket", self.resources["ProjectsTable"])
        self.succeeds("sam delete", *self.stack.delete(self.bucket))
        self.check_data()

    def use(self, what, table):
        """Deploys with an existing table, and checks that its projects are there, and that its stream is followed."""
        label = existing.stream_label(self.cloud, table)
        self.parameters |= {"ExistingProjectsTable": table, "ExistingProjectsStream": label}
        self.publish(f"of{len(table)}")
        self.deploy(what)
        template, resources = self.stack.template(), self.stack.resources()
        if resources["Api"] != self.resources["Api"]:
            self.base = unsupported.make_routes(self.cloud, template, resources)
        used = resources | {"ProjectsTable": table, "UploadsBucket": self.resources["UploadsBucket"]}
        caller = callers.Caller(self.base, self.secret, clean_up.CleanUp(self.cloud, used))
        self.checks.check("its projects are there", *existing.lost(caller, self.stored))
        self.checks.check("its stream is followed", *caller.clean_up.left(caller))

    def delete(self):
        code, output = self.stack.delete(self.bucket)
        self.checks.check("sam delete", code and f"sam delete exits with {code}:\n{output}")
        kept = {(kind, self.resources[name]): why for (kind, name), why in retained.KEPT.items()}
        left = retained.everything(self.cloud) - self.before
        for kind, name in sorted(left - set(kept)):
            self.checks.check(f"retained: {kind} {name}", "retained.py has no reason for it")
        for (kind, name), why in kept.items():
            self.checks.check(f"retained: {kind} {name}, {why}", None if (kind, name) in left else "it is deleted")
        if set(kept) <= left:
            self.check_data()

    def check_responses(self, **headers):
        """Checks the example of every route, and these headers of those that take a token. Returns the created items."""
        created = []
        for route, request, response, _, then in self.caller.responses(self.caller.requests()):
            wanted = {} if route in self.caller.public else headers
            others = (differs(name, response.headers.get(name.replace("_", "-")), it) for name, it in wanted.items())
            self.checks.check(f"{route} returns its example's response", *request.differences(response), *others, then)
            created += [response.data] if "location" in response.headers and response.status == 201 else []
        return created

    def check_data(self):
        """Checks the data of the first deployment, without the API."""
        rows = data.missing_rows(self.cloud, self.resources["ProjectsTable"], self.stored)
        self.checks.check("the rows of the first deployment are there", *rows)
        files = [it for it in self.stored if "sha256" in it]
        files = data.missing_files(self.cloud, self.resources["UploadsBucket"], files)
        self.checks.check("its files are there", *files)
