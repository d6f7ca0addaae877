"""Resources in the cloud, and those that must remain after the deletion of the stack."""

from botocore.exceptions import ClientError

# Resources that outlive the stack, by their names in template.yaml, with reasons. The rehearsal fails if another resource
# remains, or if one of these doesn't.
KEPT = {
    ("table", "ProjectsTable"): "the data",
    ("bucket", "UploadsBucket"): "the files",
    ("bucket policy", "UploadsBucket"): "it denies access to the files without TLS",
    ("bucket", "UploadsAccessLog"): "the access log of the files",
    ("bucket policy", "UploadsAccessLog"): "it allows S3 to write the access log",
}

# Kinds of resources that the template declares, or that SAM, Lambda or a mistake could create. Each has its service,
# operation, key of the response's list, and key of an entry's name.
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
    "stream's mapping": ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "queue": ("sqs", "list_queues", "QueueUrls", None),
}
ARGUMENTS = {"list_policies": {"Scope": "Local"}}


def everything(cloud):
    """Returns all resources besides objects, as pairs of kind and name."""
    found = set(stacks(cloud)) | set(bucket_policies(cloud))
    for kind, (service, operation, key, name) in LISTS.items():
        response = getattr(cloud.client(service), operation)(**ARGUMENTS.get(operation, {}))
        found |= {(kind, it[name] if name else it) for it in response.get(key, [])}
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
    """Yields the name of each function, its versions, and the version of each alias."""
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
