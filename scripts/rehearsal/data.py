"""Stored data, read without the API: it must remain after an update and after the deletion of the stack."""

import hashlib


def missing_rows(cloud, table, wanted):
    """Lists the projects and files without a row in the table."""
    rows = cloud.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    ids = {row["id"]["S"] for row in rows if "id" in row}
    return [f"there should be a row of {it['id']}" for it in wanted if it["id"] not in ids]


def missing_files(cloud, bucket, wanted):
    """Lists the files without an object in the bucket."""
    s3 = cloud.client("s3")
    objects = s3.list_objects_v2(Bucket=bucket, Prefix="orgs/").get("Contents", [])
    contents = [s3.get_object(Bucket=bucket, Key=it["Key"])["Body"].read() for it in objects]
    hashes = {hashlib.sha256(content).hexdigest() for content in contents}
    return [f"there should be an object of {it['id']}" for it in wanted if it["sha256"] not in hashes]
