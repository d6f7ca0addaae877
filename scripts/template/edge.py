"""Checks in edge.yaml what neither cfn-lint nor checkov can see, and what a caller would be let in or misled by.

Usage: edge.py EDGE.
"""

import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

# AWS's policies CachingDisabled and AllViewerExceptHostHeader.
NO_CACHE, ALL_BUT_HOST = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b689b0a8-53d0-40ab-baf2-68738e2966ac"
# Statuses that CloudFront can be told about. It keeps most of them for ten seconds otherwise.
ERRORS = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


def distribution_problems(config):
    behavior, (origin,) = config["DefaultCacheBehavior"], config["Origins"]
    if behavior["CachePolicyId"] != NO_CACHE:
        yield "a response could be cached for another caller"
    if forgotten := ERRORS - {it["ErrorCode"] for it in config["CustomErrorResponses"] if not it["ErrorCachingMinTTL"]}:
        yield f"errors are cached: {', '.join(map(str, sorted(forgotten)))}"
    if behavior["OriginRequestPolicyId"] != ALL_BUT_HOST:
        yield "the API does not get the caller's address and headers"
    if missing := METHODS - set(behavior["AllowedMethods"]):
        yield f"methods are missing: {', '.join(sorted(missing))}"
    if config["ViewerCertificate"]["Fn::If"][1]["MinimumProtocolVersion"] < "TLSv1.2_2021":
        yield "TLS older than 1.2 is accepted"
    if config["IPV6Enabled"]:
        yield "a subscriber of IPv6 has more addresses than the firewall can count"
    (secret,) = origin["OriginCustomHeaders"]
    if secret["HeaderName"] != "x-origin-secret" or "resolve:secretsmanager" not in secret["HeaderValue"]["Fn::Sub"]:
        yield "CloudFront does not prove itself by a secret of Secrets Manager"


def firewall_problems(firewall):
    rates = [rule["Statement"]["RateBasedStatement"] for rule in firewall["Rules"] if "Block" in rule.get("Action", {})]
    if [rate["AggregateKeyType"] for rate in rates] != ["IP"]:
        yield "the firewall blocks no address that sends too much"


def main(path):
    resources = yaml_parse(Path(path).read_text())["Resources"]
    found = [*distribution_problems(resources["Distribution"]["Properties"]["DistributionConfig"])]
    found += firewall_problems(resources["Firewall"]["Properties"])
    print(*(f"{path}: {problem}" for problem in found), sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
