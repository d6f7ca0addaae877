"""Checks that each route needs each of its role's permissions, and that no other route uses them.

A permission is an action in a statement of a role's own policies. Each is removed once and restored. Without it, the
role's route must return 503, as for any failed storage call, and every other route its usual status. The same must happen
under a boundary that allows none of them. If policies were not enforced, no status would change and the checks would
fail.

The function that follows the stream must report changes as failed.

A URL that a route signs is used with the permissions of its role, but signing needs none. Without one, S3 returns 403 to
the request that follows the route's response.
"""

import copy
import json
import re
from contextlib import contextmanager

STATUS_WITHOUT = r"503|\d+, then 403|failed"
# Boundary that allows no permission of a route.
NARROWER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
# Permissions that AWS requires and ministack doesn't. The rehearsal fails if ministack begins to require one.
NOT_REQUIRED = {
    "s3:ListBucket": "for the 404 of a missing object",
    "s3:PutObjectTagging": "for the tags that come in a header of PutObject",
    "sqs:SendMessage": "for changes that Lambda gives up",
}
# Permissions that a route's example doesn't need.
NOT_NEEDED = {
    ("POST /v1/orgs/{orgId}/projects/{projectId}/uploads/{uploadId}", "s3:DeleteObject"): "for bytes of another type",
}


def policies(iam, role):
    """Yields the name and the document of each inline policy of a role."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


def without_each(document):
    """Yields each permission of a policy, and the policy without it."""
    for index, statement in enumerate(document["Statement"]):
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        for action in actions:
            left = copy.deepcopy(document)
            left["Statement"][index]["Action"] = [other for other in actions if other != action]
            # A statement without actions is invalid.
            left["Statement"] = [it for it in left["Statement"] if it["Action"]]
            yield action, left


@contextmanager
def replaced(iam, role, name, document, instead):
    """Replaces a policy of the role, or deletes it if no statement is left. Restores it at the end."""
    if instead["Statement"]:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(instead))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def bounded(iam, role):
    """Replaces the role's boundary by NARROWER. Restores it at the end."""
    own = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    other = iam.create_policy(PolicyName="narrower", PolicyDocument=json.dumps(NARROWER))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=other)
    try:
        yield
    finally:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=own)
        iam.delete_policy(PolicyArn=other)


def different(expected, found):
    """Yields the routes whose status does not match the expected one."""
    for route, status in expected.items():
        if not re.fullmatch(status, found[route]):
            yield f"{route} should return {status} and returns {found[route]}"


class Removal:
    """Removal of every permission of the routes' roles."""

    def __init__(self, checks, iam, caller, roles):
        self.checks = checks
        self.iam = iam
        self.caller = caller
        self.roles = roles
        self.usual = caller.statuses(caller.requests())

    def check(self):
        """Removes each permission once."""
        for route, role in self.roles.items():
            count = sum(self.check_policy(route, role, *policy) for policy in list(policies(self.iam, role)))
            self.checks.check(f"{route}: {count} permissions", None if count else "there should be some")
            requests = self.caller.requests()
            with bounded(self.iam, role):
                self.expect(f"{route} under a boundary without them", {route: STATUS_WITHOUT}, requests)
        self.expect("every route with all its permissions again", {}, self.caller.requests())

    def check_policy(self, route, role, name, document):
        """Removes each permission of one policy. Returns their number."""
        count = 0
        for action, left in without_each(document):
            count += 1
            requests = self.caller.requests()
            with replaced(self.iam, role, name, document, left):
                if action in NOT_REQUIRED:
                    what = f"{route} without {action}, {NOT_REQUIRED[action]} (ministack does not require it)"
                    self.expect(what, {}, requests)
                elif (route, action) in NOT_NEEDED:
                    self.expect(f"{route} without {action}, {NOT_NEEDED[route, action]}", {}, requests)
                else:
                    self.expect(f"{route} without {action}", {route: STATUS_WITHOUT}, requests)
        return count

    def expect(self, what, statuses, requests):
        self.checks.check(what, *different(self.usual | statuses, self.caller.statuses(requests)))
