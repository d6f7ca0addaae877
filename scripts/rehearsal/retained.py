"""What there is in the cloud, and what must be left of it without the stack."""

from botocore.exceptions import ClientError

# What of the stack outlives it, by the names of template.yaml. Whoever retains more says why here: what is left without
# standing here fails the rehearsal, and what stands here without being left.
KEPT = {
    ("table", "ProjectsTable"): "the data",
    ("bucket", "UploadsBucket"): "the files",
    ("bucket policy", "UploadsBucket"): "without it the files could be had without TLS",
    ("bucket", "UploadsAccessLog"): "who read or wrote the files",
    ("bucket policy", "UploadsAccessLog"): "without it their log would end",
}

# What the template declares, and what SAM, Lambda or a mistake could make besides. An answer's list, and what in each
# of its entries is the name.
LISTS = {
    "table": ("dynamodb", "list_tables", "TableNames", None),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "policy": ("iam", "list_policies", "Policies", "PolicyName"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "metric filter": ("logs", "describe_metric_filters", "metricFilters", "filterName"),
    "API": ("apigatewayv2", "get_apis", "Items", "Name"),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "secret": ("secretsmanager", "list_secrets", "SecretList", "Name"),
    "key": ("kms", "list_keys", "Keys", "KeyId"),
    "rule": ("events", "list_rules", "Rules", "Name"),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "queue": ("sqs", "list_queues", "QueueUrls", None),
}
ARGUMENTS = {"list_policies": {"Scope": "Local"}}


def everything(cloud):
    """All that there is but for files, as pairs of kind and name."""
    found = set(stacks(cloud)) | set(bucket_policies(cloud))
    for kind, (service, operation, key, name) in LISTS.items():
        answer = getattr(cloud.client(service), operation)(**ARGUMENTS.get(operation, {}))
        found |= {(kind, it[name] if name else it) for it in answer.get(key, [])}
    return found


def stacks(cloud):
    for stack in cloud.client("cloudformation").list_stacks()["StackSummaries"]:
        if stack["StackStatus"] != "DELETE_COMPLETE":
            yield "stack", stack["StackName"]


def bucket_policies(cloud):
    s3 = cloud.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        try:
            s3.get_bucket_policy(Bucket=bucket["Name"])
            yield "bucket policy", bucket["Name"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise


def versions(cloud):
    """The versions of each function, and which of them its alias calls."""
    client = cloud.client("lambda")
    for function in client.list_functions()["Functions"]:
        name = function["FunctionName"]
        published = client.list_versions_by_function(FunctionName=name)["Versions"]
        aliases = client.list_aliases(FunctionName=name)["Aliases"]
        yield (
            name,
            tuple((version["Version"], version["CodeSha256"]) for version in published),
            tuple((alias["Name"], alias["FunctionVersion"]) for alias in aliases),
        )
