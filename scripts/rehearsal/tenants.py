"""The command `tenant` on the deployed stack, with the permissions that docs/TENANTS.md lists and no others."""

import json
import re
import subprocess

import callers

OPERATOR = "operator"
# Organizations of which one id is the beginning of the other.
ERASED, KEPT = "leaving", "leaving2"


class Tenants:
    """The command, as a user with the documented policy."""

    def __init__(self, root, cloud, resources):
        self.root = root
        self.cloud = cloud
        self.table, self.bucket = resources["ProjectsTable"], resources["UploadsBucket"]
        self.counters = resources["RateLimitTable"]
        self.key = self.operator()

    def policy(self):
        """Returns the policy of docs/TENANTS.md, for the stack and the organization."""
        text = (self.root / "docs/TENANTS.md").read_text()
        text = re.search(r"```json\n(.*?)```", text, re.DOTALL).group(1)
        account = self.cloud.client("sts").get_caller_identity()["Account"]
        region = self.cloud.client("dynamodb").meta.region_name
        values = {"TABLE": self.table, "COUNTERS": self.counters, "BUCKET": self.bucket, "ORG": ERASED}
        values |= {"ACCOUNT": account, "REGION": region}
        # ORG# in capitals is a part of keys.
        return json.loads(re.sub(r"\b(TABLE|COUNTERS|BUCKET|ACCOUNT|REGION|ORG(?!#ORG))\b", lambda it: values[it[1]], text))

    def operator(self):
        """Creates the user. Returns its access key."""
        iam = self.cloud.client("iam")
        iam.create_user(UserName=OPERATOR)
        iam.put_user_policy(UserName=OPERATOR, PolicyName="tenant", PolicyDocument=json.dumps(self.policy()))
        return iam.create_access_key(UserName=OPERATOR)["AccessKey"]

    def run(self, command, *options):
        """Runs the command on the organization that leaves. Returns its exit code and output."""
        key = {"AWS_ACCESS_KEY_ID": self.key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": self.key["SecretAccessKey"]}
        names = ["--table", self.table, "--bucket", self.bucket, "--counters", self.counters]
        done = subprocess.run(
            [self.root / "target/debug/tenant", command, ERASED, *names, *options],
            env=self.cloud.environment | key,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def fill(self, base, secret):
        """Uploads two files for each organization, and deletes the object of one, which leaves a delete marker."""
        for org in (ERASED, KEPT):
            caller = callers.Caller(base, secret, None, org)
            _, (gone, _) = caller.file_of_its_own(), caller.file_of_its_own()
            self.cloud.client("s3").delete_object(Bucket=self.bucket, Key=f"orgs/{org}/{gone['id']}")

    def stored(self, org):
        """Counts the rows, the versions and the delete markers of an organization, without the command."""
        rows = self.cloud.client("dynamodb").scan(TableName=self.table, ConsistentRead=True)["Items"]
        rows = [row for row in rows if row["pk"]["S"].startswith(f"ORG#{org}#")]
        found = self.cloud.client("s3").list_object_versions(Bucket=self.bucket, Prefix=f"orgs/{org}/")
        return len(rows), len(found.get("Versions", [])), len(found.get("DeleteMarkers", []))

    def exported(self, folder):
        """Counts the rows and the objects of an export."""
        lists = (folder / "rows" / f"{self.table}.jsonl", folder / "objects" / f"{self.bucket}.jsonl")
        return tuple(len(it.read_text().splitlines()) for it in lists)
