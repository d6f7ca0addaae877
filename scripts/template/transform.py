"""Transforms a SAM template as CloudFormation would, once for each environment of samconfig.toml, with its parameters.

Usage: transform.py TEMPLATE SAMCONFIG FOLDER. Writes FOLDER/<environment>.json. Fails if

- an environment sets an undeclared parameter or a value that is not allowed, or leaves out one without a default
- two environments accept the same tokens
- the functions' description lacks the hash of all values, without which changed ones would publish no new versions
- SAM loses a part of the API's CORS
- a function has tags of its own, or an environment's stack lacks a tag
- a function has another role than SAM's, or its role has other managed policies than SAM's for logs, traces and its
  stream, another boundary or too long a name
- SAM would cache its builds
"""

import hashlib
import json
import logging
import math
import os
import re
import sys
from itertools import combinations
from pathlib import Path

from parameters import complete, environments, overrides
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

# SAM requires a region, and only looks up the name of its partition.
ANY_REGION = "us-east-1"
# Tags of a stack, which CloudFormation adds to all its resources.
STACK_TAGS = {"service", "stage"}
# Managed policies that SAM attaches to each function's role, and to the role of a function that a stream feeds. The
# boundary narrows them.
MANAGED_POLICIES = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}
STREAM_POLICY = "AWSLambdaDynamoDBExecutionRole"
# Maximum characters of a role's logical id; .github/bootstrap.yaml has the reason.
LONGEST_ROLE = 20
# SAM's own tag, which never changes.
FUNCTION_TAGS = {"lambda:createdBy"}


class NoManagedPolicies:
    """Empty list of AWS's managed policies, which SAM would read from an account. The template names none."""

    def load(self):
        return {}


def in_bounds(value, rules):
    try:
        return rules.get("MinValue", -math.inf) <= float(value) <= rules.get("MaxValue", math.inf)
    except ValueError:
        return False


def problems(declared, given):
    """Yields CloudFormation's objections to these parameters."""
    for name, value in given.items():
        rules = declared.get(name)
        if rules is None:
            yield f"{name} is not a parameter of the template"
        elif value not in map(str, rules.get("AllowedValues", [value])):
            yield f"{name}={value} is not one of {rules['AllowedValues']}"
        elif not re.fullmatch(rules.get("AllowedPattern", ".*"), value):
            yield f"{name}={value} does not match {rules['AllowedPattern']}"
        elif rules["Type"] == "Number" and not in_bounds(value, rules):
            yield f"{name}={value} is too small, too large or not a number"
    for name, rules in declared.items():
        if "Default" not in rules and name not in given:
            yield f"{name} has neither a default nor a value"


def token_problems(all_environments):
    """Yields the pairs of environments of one issuer that have an audience in common, or accept any."""
    for (one, its), (other, others) in combinations(all_environments.items(), 2):
        (issuer, audiences), (other_issuer, other_audiences) = map(accepted_tokens, (its, others))
        if issuer == other_issuer and ("*" in audiences | other_audiences or audiences & other_audiences):
            yield f"{one} and {other} accept the same tokens: give them different audiences or issuers"


def accepted_tokens(environment):
    """Returns the issuer and the audiences of an environment."""
    given = overrides(environment)
    audiences = {audience.strip() for audience in given.get("AuthAudience", "").split(",")}
    return given.get("AuthIssuer"), audiences


def fingerprint(declared, all_environments):
    """Returns a hash of all parameters' values and defaults."""
    values = [{name: rules.get("Default") for name, rules in declared.items()}]
    values += [overrides(environment) for environment in all_environments.values()]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]


def transformed(text, parameters):
    """Returns the template with these parameters as CloudFormation receives it from SAM, after the upload of the code."""
    template = yaml_parse(text)
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    return transform(template, parameters, NoManagedPolicies())


def cors_problems(api):
    """Yields the parts of the API's CorsConfiguration that SAM has lost. Beside an intrinsic function in AllowOrigins it
    loses all; inside of one it checks no name."""
    cors = api["Properties"]["Body"].get("x-amazon-apigateway-cors", {})
    settings = cors.get("Fn::If", ["", cors])[1]
    for name in ("allowOrigins", "allowCredentials", "allowMethods", "allowHeaders", "exposeHeaders"):
        if name not in settings:
            yield f"template.yaml: the deployed API's CORS has no {name}"


def settings_problems(environment):
    """Yields objections to the other settings of an environment."""
    tags = {pair.split("=")[0] for pair in environment["deploy"]["parameters"].get("tags", [])}
    if missing := STACK_TAGS - tags:
        yield f"the stack lacks the tags {', '.join(sorted(missing))}"
    if environment["build"]["parameters"].get("cached"):
        yield "with cached = true SAM hashes target/ too"


def tag_problems(result):
    """Yields the functions with tags. SAM includes them in a version's name, but Lambda publishes no version for new ones."""
    functions = {name: it for name, it in result["Resources"].items() if it["Type"] == "AWS::Lambda::Function"}
    for name, function in functions.items():
        if {tag["Key"] for tag in function["Properties"].get("Tags", [])} - FUNCTION_TAGS:
            yield f"{name} has tags, and the next deployment fails when they change: give them to the stack"


def fed_functions(resources):
    """Yields the functions that a stream feeds, by way of their aliases."""
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            yield resources[resource["Properties"]["FunctionName"]["Ref"]]["Properties"]["FunctionName"]["Ref"]


def role_problems(template, result):
    """Yields permissions of functions besides their own statements. A test compares those with the functions' calls."""
    boundary = template["Globals"]["Function"]["PermissionsBoundary"]
    fed = {f"{function}Role" for function in fed_functions(result["Resources"])}
    for name, resource in result["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::Lambda::Function" and properties["Role"] != {"Fn::GetAtt": [f"{name}Role", "Arn"]}:
            yield f"{name} has another role than SAM makes for it"
        if kind == "AWS::IAM::ManagedPolicy" and name not in template["Resources"]:
            yield f"SAM makes the policy {name}"
        if kind != "AWS::IAM::Role":
            continue
        managed = {arn.rpartition("/")[2] for arn in properties.get("ManagedPolicyArns", [])}
        if strange := managed - MANAGED_POLICIES - ({STREAM_POLICY} if name in fed else set()):
            yield f"{name} has {', '.join(sorted(strange))}"
        if len(name) > LONGEST_ROLE:
            yield f"{name} is too long: with the stack's name, CloudFormation would truncate it"
        if properties.get("PermissionsBoundary") != boundary:
            yield f"{name} has another boundary"


def all_problems(template, all_environments):
    """Yields objections to all parameters and settings, each with its place."""
    declared = template["Parameters"]
    for name, environment in all_environments.items():
        for problem in [*problems(declared, overrides(environment)), *settings_problems(environment)]:
            yield f"samconfig.toml, {name}: {problem}"
    yield from (f"samconfig.toml: {problem}" for problem in token_problems(all_environments))
    settings = f"settings {fingerprint(declared, all_environments)}"
    if settings not in template["Globals"]["Function"]["Description"]:
        yield f"template.yaml: parameters have changed, so the functions' Description must say: {settings}"


def main(template, samconfig, folder):
    logging.disable(logging.WARNING)
    os.environ.setdefault("AWS_DEFAULT_REGION", ANY_REGION)
    text, all_environments = Path(template).read_text(), environments(samconfig)
    declared = yaml_parse(text)["Parameters"]
    for name, environment in all_environments.items():
        result = transformed(text, complete(declared, overrides(environment)))
        Path(folder, f"{name}.json").write_text(json.dumps(result, indent=2))
    # The same in all environments.
    found = [*tag_problems(result), *role_problems(yaml_parse(text), result)]
    found = [f"template.yaml: {problem}" for problem in found]
    found += [*all_problems(yaml_parse(text), all_environments), *cors_problems(result["Resources"]["Api"])]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
