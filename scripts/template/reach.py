"""Checks that roles are out of reach of other accounts, and other stacks out of reach of CloudFormationRole.

Usage: reach.py BOOTSTRAP TEMPLATE..., for .github/bootstrap.yaml and templates as CloudFormation receives them. Fails if

- a role trusts a service regardless of the account that the service acts for (aws:SourceAccount)
- CloudFormationRole may change any API of the account, or use a resource whose name merely begins with the stack's name
"""

import re
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

ACCOUNT = {"Ref": "AWS::AccountId"}
OPERATORS = ("StringEquals", "StringEqualsIfExists")
ANY_API = re.compile(r"/apis(/\*)?$")
# Without a dash or a slash in between, projects-api* is projects-api-staging too.
BARE_PREFIX = re.compile(r"\$\{StackName\}\*")


def listed(value):
    return value if isinstance(value, list) else [value]


def trusts_own_account(statement):
    conditions = statement.get("Condition", {})
    return any(conditions.get(operator, {}).get("aws:SourceAccount") == ACCOUNT for operator in OPERATORS)


def open_trusts(template):
    """Yields each role that trusts a service on behalf of any account."""
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for statement in listed(resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]):
            if service := statement["Principal"].get("Service"):
                if not trusts_own_account(statement):
                    yield f"{name} trusts {', '.join(listed(service))} on behalf of any account"


def foreign_resources(bootstrap):
    """Yields the resources of CloudFormationRole's policies that are other stacks', too."""
    resources = bootstrap["Resources"]
    for policy in resources["CloudFormationRole"]["Properties"]["ManagedPolicyArns"]:
        for statement in resources[policy["Ref"]]["Properties"]["PolicyDocument"]["Statement"]:
            for resource in listed(statement["Resource"]):
                arn = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
                if ANY_API.search(arn) or BARE_PREFIX.search(arn):
                    yield f"CloudFormationRole, {statement['Sid']}: {arn} covers other stacks"


def main(*paths):
    templates = {path: yaml_parse(Path(path).read_text()) for path in paths}
    found = [f"{path}: {problem}" for path, template in templates.items() for problem in open_trusts(template)]
    found += [f"{paths[0]}: {problem}" for problem in foreign_resources(templates[paths[0]])]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
