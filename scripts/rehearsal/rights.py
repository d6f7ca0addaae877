"""Does each route have the rights that it needs, and no other route the use of them?

A right is an action in a statement of a role's own policies. Each is taken away once, and given back. Without it the
route of that role must answer 503, as whenever storage can't be asked, and every other route as before. The same must
happen once under a boundary that allows none of it. Were policies not enforced, nothing would change, and all of these
checks would fail.

A URL that a route signs is used with the rights of its role, and signing asks for none: the route's call in callers.py
must follow the URL, and what S3 answers without the right has its place beside WITHOUT_A_RIGHT.
"""

import copy
import json
from contextlib import contextmanager

WITHOUT_A_RIGHT = 503
# A boundary without any of them.
NARROWER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
# Rights that AWS asks for and ministack doesn't, so that nothing changes without them. That is checked too, so this
# list can't grow old.
NOT_ASKED_FOR = {
    "s3:PutObjectTagging": "for the tags that come in a header of PutObject",
}


def policies(iam, role):
    """The name and the document of each policy that is the role's own."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


def without_each_right(document):
    """Each right of a policy, and what is left of the policy without it."""
    for index, statement in enumerate(document["Statement"]):
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        for action in actions:
            left = copy.deepcopy(document)
            left["Statement"][index]["Action"] = [other for other in actions if other != action]
            # A policy may have no statement without actions.
            left["Statement"] = [it for it in left["Statement"] if it["Action"]]
            yield action, left


@contextmanager
def replaced(iam, role, name, document, instead):
    """The role has another document in the place of this one, or none if no statement is left."""
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
    """The role is bounded by NARROWER in the place of its own boundary."""
    own = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    other = iam.create_policy(PolicyName="narrower", PolicyDocument=json.dumps(NARROWER))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=other)
    try:
        yield
    finally:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=own)
        iam.delete_policy(PolicyArn=other)


def different(expected, found):
    """Where routes answer otherwise than expected."""
    for route, status in expected.items():
        if found[route] != status:
            yield f"{route} should answer {status} and answers {found[route]}"


class Rights:
    """The rights of every route, of which roles says in whose role it runs."""

    def __init__(self, checks, iam, caller, roles):
        self.checks = checks
        self.iam = iam
        self.caller = caller
        self.roles = roles
        self.usual = caller.statuses()

    def check(self):
        """Takes each right away."""
        for route, role in self.roles.items():
            count = sum(self.check_policy(route, role, *policy) for policy in list(policies(self.iam, role)))
            self.checks.check(f"{route}: {count} rights", None if count else "there should be some")
            with bounded(self.iam, role):
                self.expect(f"{route} under a boundary without them", {route: WITHOUT_A_RIGHT})
        self.expect("every route with all its rights again", {})

    def check_policy(self, route, role, name, document):
        """Takes each right of one policy away, and returns how many there are."""
        count = 0
        for action, left in without_each_right(document):
            count += 1
            with replaced(self.iam, role, name, document, left):
                if action in NOT_ASKED_FOR:
                    self.expect(f"{route} without {action}, {NOT_ASKED_FOR[action]} (ministack does not ask)", {})
                else:
                    self.expect(f"{route} without {action}", {route: WITHOUT_A_RIGHT})
        return count

    def expect(self, what, statuses):
        self.checks.check(what, *different(self.usual | statuses, self.caller.statuses()))
