"""Checks that the role of .github/bootstrap.yaml has all permissions that CloudFormation needs for the stack's resources.

Usage: cfn_permissions.py BOOTSTRAP FOLDER, for the transformed templates in FOLDER. CloudFormation changes a resource by
the handlers of its type, and tags it. AWS publishes the permissions of the handlers, and cfn-lint contains them. A
permission that CloudFormationRole lacks fails here, not during a deployment, unless NEVER_USED has a reason. This checks
actions only, not their resources.
"""

import fnmatch
import json
import sys
from pathlib import Path

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samtranslator.yaml_helper import yaml_parse

HANDLERS = ["create", "read", "update", "delete"]
# Permissions that the role lacks, some with a star, and the reasons why no deployment needs them. An entry that no handler
# lacks is a failure. A star must not match a permission to read the stack's own resources, because handlers read all
# properties that a resource could have.
NEVER_USED = {
    "application-autoscaling:De[lr]*": "capacity is on demand",
    "application-autoscaling:Put*": "capacity is on demand",
    "application-autoscaling:Register*": "capacity is on demand",
    "cloudwatch:PutMetricData": "capacity is on demand",
    "codedeploy:RegisterOnPremisesInstance": "functions run on no servers",
    "dynamodb:*Item": "for imported data; a deployment reads and writes none",
    "dynamodb:*KinesisStreamingDestination": "no table is streamed to Kinesis",
    "dynamodb:*TableReplica": "the global table has one replica; add these for a second region",
    "dynamodb:DeleteResourcePolicy": "no table has a policy of its own",
    "dynamodb:ImportTable": "no table begins with data",
    "dynamodb:PutResourcePolicy": "no table has a policy of its own",
    "dynamodb:Query": "for imported data",
    "dynamodb:Scan": "for imported data",
    "dynamodb:UpdateContributorInsights": "not configured",
    "dynamodb:UpdateTableReplicaAutoScaling": "capacity is on demand",
    "ec2:*": "no function is in a VPC",
    "elasticfilesystem:*": "no function has a file system",
    "firehose:*": "no log goes there",
    "iam:*GroupPolicy": "policies are for roles",
    "iam:*UserPolicy": "policies are for roles",
    "iam:DeleteRolePermissionsBoundary": "nothing may take the boundary away",
    "kinesis:*": "no table is streamed to Kinesis",
    "kms:*": "the keys are AWS's own, and need no permission",
    "lambda:AssociateRuntimeAlias": "the runtime is the one that Lambda chooses",
    "lambda:DeleteFunctionCodeSigningConfig": "code is not signed",
    "lambda:DeleteProvisionedConcurrencyConfig": "no provisioned concurrency",
    "lambda:GetCodeSigningConfig": "code is not signed",
    "lambda:GetLayerVersion": "no function has layers",
    "lambda:PassCapacityProvider": "functions run on no servers",
    "lambda:PutFunctionCodeSigningConfig": "code is not signed",
    "lambda:PutFunctionRecursionConfig": "not configured",
    "lambda:PutFunctionScalingConfig": "not configured",
    "lambda:PutProvisionedConcurrencyConfig": "no provisioned concurrency",
    "logs:*KmsKey": "logs are encrypted with AWS's own key",
    "logs:CreateLogStream": "for imported data of tables",
    "logs:DeleteDataProtectionPolicy": "no log has one; reading it is allowed",
    "logs:DeleteIndexPolicy": "no log has one",
    "logs:DeleteResourcePolicy": "other stacks share the account's policy of logs",
    "logs:DescribeLogStreams": "for imported data of tables",
    "logs:PutBearerTokenAuthentication": "not configured",
    "logs:PutDataProtectionPolicy": "no log has one; reading it is allowed",
    "logs:PutIndexPolicy": "no log has one",
    "logs:PutLogEvents": "for imported data of tables",
    "logs:PutLogGroupDeletionProtection": "not configured",
    "s3:CreateBucketMetadataTableConfiguration": "no bucket has one",
    "s3:DeleteBucket": "a bucket with data outlives its stack",
    "s3:DeleteBucketAnalyticsConfiguration": "no bucket has one",
    "s3:DeleteBucketCORS": "IAM's name for it is PutBucketCORS, which is allowed",
    "s3:DeleteBucketEncryption": "buckets stay encrypted",
    "s3:DeleteBucketLifecycle": "IAM's name for it is PutLifecycleConfiguration, which is allowed",
    "s3:DeleteBucketMetadataTableConfiguration": "no bucket has one",
    "s3:DeleteBucketMetricsConfiguration": "no bucket has one",
    "s3:DeleteBucketReplication": "no bucket is replicated",
    "s3:DeleteBucketWebsite": "no bucket is a website",
    "s3:DeleteBucketTagging": "IAM's name for it is PutBucketTagging, which is allowed",
    "s3:DeleteObject": "a deployment touches no objects",
    "s3:GetObjectMetadata": "a deployment touches no objects",
    "s3:PutAccelerateConfiguration": "not configured",
    "s3:PutAnalyticsConfiguration": "no bucket has one",
    "s3:PutBucketAbac": "not configured",
    "s3:PutBucketAcl": "ACLs are disabled; there are policies",
    "s3:PutBucketNotification": "no bucket has notifications",
    "s3:PutBucketObjectLockConfiguration": "a deployment touches no objects",
    "s3:PutBucketReplication": "no bucket is replicated",
    "s3:PutBucketWebsite": "no bucket is a website",
    "s3:PutIntelligentTieringConfiguration": "no bucket has one",
    "s3:PutInventoryConfiguration": "no bucket has one",
    "s3:PutMetricsConfiguration": "no bucket has one",
    "s3:PutObject*": "a deployment touches no objects",
    "s3:PutReplicationConfiguration": "no bucket is replicated",
    "s3:REST.PUT.OBJECT": "not an IAM action",
    "s3:UpdateBucketMetadata*": "no bucket has one",
    "s3files:*": "no function has a file system",
    "s3tables:*": "no bucket has tables",
}


def needed(templates):
    """Returns the permissions that handlers use for resources of these templates, with the resources' types."""
    permissions = {}
    for kind in sorted({it["Type"] for template in templates for it in template["Resources"].values()}):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        parts = [schema["handlers"].get(handler, {}) for handler in HANDLERS] + [schema.get("tagging", {})]
        for permission in (permission for part in parts for permission in part.get("permissions", [])):
            permissions.setdefault(permission, set()).add(kind)
    return permissions


def allowed(bootstrap):
    """Yields the actions of CloudFormationRole's policies, some with a star."""
    resources = bootstrap["Resources"]
    for policy in resources["CloudFormationRole"]["Properties"]["ManagedPolicyArns"]:
        for statement in resources[policy["Ref"]]["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                yield from [actions] if isinstance(actions, str) else actions


def covers(patterns, permission):
    """Returns True if a pattern matches, regardless of case, as in IAM."""
    return any(fnmatch.fnmatchcase(permission.lower(), pattern.lower()) for pattern in patterns)


def problems(permissions, has):
    for permission, kinds in sorted(permissions.items()):
        if not covers(has, permission) and not covers(NEVER_USED, permission):
            yield f"CloudFormationRole lacks {permission}, for {', '.join(sorted(kinds))}"
    for pattern in NEVER_USED:
        if not any(covers([pattern], permission) and not covers(has, permission) for permission in permissions):
            yield f"cfn_permissions.py has a reason for the lack of {pattern}, but no handler lacks it"


def main(bootstrap, folder):
    templates = [json.loads(path.read_text()) for path in Path(folder).glob("*.json")]
    permissions = needed(templates)
    found = list(problems(permissions, list(allowed(yaml_parse(Path(bootstrap).read_text())))))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or not permissions else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
