"""May CloudFormation do all that it does to the resources of the stack, as the role of .github/bootstrap.yaml?

Usage: cfn_permissions.py BOOTSTRAP FOLDER, for the transformed templates in FOLDER. CloudFormation changes a resource by the
handlers of its type, and gives it the stack's tags. AWS publishes which rights that takes, and cfn-lint brings that
along. A right that CloudFormationRole hasn't is a failure here and not in the middle of a deployment, unless NEVER_USED
says why nobody misses it. It looks at actions only, not at the resources that they are allowed for.
"""

import fnmatch
import json
import sys
from pathlib import Path

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samtranslator.yaml_helper import yaml_parse

HANDLERS = ["create", "read", "update", "delete"]
# Rights that the role hasn't, some with a star, and why a deployment gets on without them. What no handler misses any
# more must go, so this list can't grow old. No star may stand for a right to look at the stack's own resources: handlers
# look for all that a resource could have, whether it has it or not.
NEVER_USED = {
    "codedeploy:RegisterOnPremisesInstance": "functions run on no instances",
    "dynamodb:*Item": "for imported data; who deploys reads and writes none",
    "dynamodb:*KinesisStreamingDestination": "no table is streamed",
    "dynamodb:*TableReplica": "no table is global",
    "dynamodb:DeleteResourcePolicy": "no table has a policy of its own",
    "dynamodb:ImportTable": "no table begins with data",
    "dynamodb:PutResourcePolicy": "no table has a policy of its own",
    "dynamodb:Query": "for imported data",
    "dynamodb:Scan": "for imported data",
    "dynamodb:UpdateContributorInsights": "not asked for",
    "ec2:*": "no function is in a VPC",
    "elasticfilesystem:*": "no function has a file system",
    "firehose:*": "no log goes there",
    "iam:*GroupPolicy": "policies are for roles",
    "iam:*UserPolicy": "policies are for roles",
    "iam:DeleteRolePermissionsBoundary": "nothing may take the boundary away",
    "kinesis:*": "no table is streamed",
    "kms:*": "the keys are AWS's own, which let their users use them",
    "lambda:AssociateRuntimeAlias": "the runtime is the one that Lambda chooses",
    "lambda:DeleteFunctionCodeSigningConfig": "code is not signed",
    "lambda:DeleteProvisionedConcurrencyConfig": "no environments are kept ready",
    "lambda:GetCodeSigningConfig": "code is not signed",
    "lambda:GetLayerVersion": "no function has layers",
    "lambda:PassCapacityProvider": "functions run on no instances",
    "lambda:PutFunctionCodeSigningConfig": "code is not signed",
    "lambda:PutFunctionRecursionConfig": "not asked for",
    "lambda:PutFunctionScalingConfig": "not asked for",
    "lambda:PutProvisionedConcurrencyConfig": "no environments are kept ready",
    "logs:*KmsKey": "logs are encrypted with AWS's own key",
    "logs:CreateLogStream": "for imported data of tables",
    "logs:DeleteDataProtectionPolicy": "no log has one; asking whether is allowed",
    "logs:DeleteIndexPolicy": "no log has one",
    "logs:DeleteResourcePolicy": "the account's policy of logs is not only this stack's",
    "logs:DescribeLogStreams": "for imported data of tables",
    "logs:PutBearerTokenAuthentication": "not asked for",
    "logs:PutDataProtectionPolicy": "no log has one; asking whether is allowed",
    "logs:PutIndexPolicy": "no log has one",
    "logs:PutLogEvents": "for imported data of tables",
    "logs:PutLogGroupDeletionProtection": "not asked for",
    "s3:CreateBucketMetadataTableConfiguration": "no bucket has one",
    "s3:DeleteBucket": "a bucket with data outlives its stack",
    "s3:DeleteBucketAnalyticsConfiguration": "no bucket has one",
    "s3:DeleteBucketCORS": "browsers don't come to the bucket",
    "s3:DeleteBucketEncryption": "buckets stay encrypted",
    "s3:DeleteBucketLifecycle": "IAM's name for it is PutLifecycleConfiguration, which is allowed",
    "s3:DeleteBucketMetadataTableConfiguration": "no bucket has one",
    "s3:DeleteBucketMetricsConfiguration": "no bucket has one",
    "s3:DeleteBucketReplication": "no bucket is replicated",
    "s3:DeleteBucketWebsite": "no bucket is a website",
    "s3:DeleteBucketTagging": "IAM's name for it is PutBucketTagging, which is allowed",
    "s3:DeleteObject": "who deploys has nothing to do with objects",
    "s3:GetObjectMetadata": "who deploys has nothing to do with objects",
    "s3:PutAccelerateConfiguration": "not asked for",
    "s3:PutAnalyticsConfiguration": "no bucket has one",
    "s3:PutBucketAbac": "not asked for",
    "s3:PutBucketAcl": "lists of who may what are off; there are policies",
    "s3:PutBucketCORS": "browsers don't come to the bucket",
    "s3:PutBucketNotification": "nothing is told of objects",
    "s3:PutBucketObjectLockConfiguration": "who deploys has nothing to do with objects",
    "s3:PutBucketReplication": "no bucket is replicated",
    "s3:PutBucketWebsite": "no bucket is a website",
    "s3:PutIntelligentTieringConfiguration": "no bucket has one",
    "s3:PutInventoryConfiguration": "no bucket has one",
    "s3:PutMetricsConfiguration": "no bucket has one",
    "s3:PutObject*": "who deploys has nothing to do with objects",
    "s3:PutReplicationConfiguration": "no bucket is replicated",
    "s3:REST.PUT.OBJECT": "no action that IAM knows",
    "s3:UpdateBucketMetadata*": "no bucket has one",
    "s3files:*": "no function has a file system",
    "s3tables:*": "no bucket has tables",
}


def needed(templates):
    """Each right that a handler uses for a resource of these templates, and the types that it is for."""
    rights = {}
    for kind in sorted({it["Type"] for template in templates for it in template["Resources"].values()}):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        parts = [schema["handlers"].get(handler, {}) for handler in HANDLERS] + [schema.get("tagging", {})]
        for right in (right for part in parts for right in part.get("permissions", [])):
            rights.setdefault(right, set()).add(kind)
    return rights


def allowed(bootstrap):
    """The actions of the policies that CloudFormationRole has, some with a star."""
    resources = bootstrap["Resources"]
    for policy in resources["CloudFormationRole"]["Properties"]["ManagedPolicyArns"]:
        for statement in resources[policy["Ref"]]["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                yield from [actions] if isinstance(actions, str) else actions


def covers(patterns, right):
    """IAM doesn't tell upper from lower case."""
    return any(fnmatch.fnmatchcase(right.lower(), pattern.lower()) for pattern in patterns)


def problems(rights, has):
    for right, kinds in sorted(rights.items()):
        if not covers(has, right) and not covers(NEVER_USED, right):
            yield f"CloudFormationRole lacks {right}, for {', '.join(sorted(kinds))}"
    for pattern in NEVER_USED:
        if not any(covers([pattern], right) and not covers(has, right) for right in rights):
            yield f"cfn_permissions.py explains why {pattern} is missing, which is not missed"


def main(bootstrap, folder):
    templates = [json.loads(path.read_text()) for path in Path(folder).glob("*.json")]
    rights = needed(templates)
    found = list(problems(rights, list(allowed(yaml_parse(Path(bootstrap).read_text())))))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or not rights else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
