"""Tables and buckets that a stack doesn't create: a restored table, and what another stack has left."""

from botocore.exceptions import ClientError

# Restored names begin with the stack's, because permissions do.
RESTORED = "projects-api-ProjectsTable-restored"
BATCH = 25


def stream_label(cloud, table):
    """Returns the label of a table's stream, for the parameter ExistingProjectsStream."""
    return cloud.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamLabel"]


def restore(cloud, source, name):
    """Creates a copy of a table, as a restore from point-in-time recovery does, and adds a stream, as DEPLOY.md says.

    ministack accepts a restore, but this copies the rows itself, so that the rehearsal is about the stack alone.
    """
    dynamodb = cloud.client("dynamodb")
    found = dynamodb.describe_table(TableName=source)["Table"]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=found["AttributeDefinitions"],
        KeySchema=found["KeySchema"],
    )
    rows = dynamodb.scan(TableName=source, ConsistentRead=True)["Items"]
    for start in range(0, len(rows), BATCH):
        puts = [{"PutRequest": {"Item": row}} for row in rows[start : start + BATCH]]
        dynamodb.batch_write_item(RequestItems={name: puts})
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=name, StreamSpecification=stream)
    return len(rows)


def lost(caller, created):
    """Yields the created projects that the API does not return."""
    for item in created:
        if "projectId" not in item:
            path = f"/v1/orgs/{item['orgId']}/projects/{item['id']}"
            status = caller.examples.service.send("GET", path).status
            if status != 200:
                yield f"{path} returns {status}"


def has_table(cloud, name):
    try:
        return bool(cloud.client("dynamodb").describe_table(TableName=name))
    except ClientError:
        return False
