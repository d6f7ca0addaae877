"""CleanUp, the function that follows the stream of the projects table, and the changes of rows that it handles.

ministack delivers a stream's records, filtered. It reads the stream and the queue without the role's permissions, and takes
records that the function reports as failed for handled. So permissions are tried with records that are sent to the function
directly, and the stream with the deletion of a project.
"""

import json
import time

from botocore.exceptions import ClientError

FUNCTION, TABLE, BUCKET = "CleanUp", "ProjectsTable", "UploadsBucket"
CHANGES = f"changes to {FUNCTION}"
ROLE = f"{FUNCTION}Role"
# Rows that the API has not created.
ORG = "clean-up"
PROJECT, FILE, GONE, KEPT, KEPT_FILE = (f"01900000-0000-7000-8000-00000000000{digit}" for digit in "abcde")
# ministack reads all streams in one thread, which an invocation that `sam delete` cut off holds up for CleanUp's 60 s.
PATIENCE_SECONDS = 150


def key(partition, sort):
    return {"pk": {"S": f"ORG#{ORG}#{partition}"}, "sk": {"S": sort}}


def record(number, event, image, row):
    return {"eventName": event, "dynamodb": {"SequenceNumber": str(number), "Keys": row, image: row}}


FILE_ROW, LATE_ROW, KEPT_ROW = key(f"FILE#{PROJECT}", FILE), key(f"FILE#{GONE}", FILE), key(f"FILE#{KEPT}", KEPT_FILE)
ROWS = [FILE_ROW, LATE_ROW, key("PROJECT", KEPT), KEPT_ROW]
# A project and a file were deleted, and files were uploaded: one of them to a project that was deleted meanwhile.
RECORDS = [
    record(1, "REMOVE", "OldImage", key("PROJECT", PROJECT)),
    record(2, "REMOVE", "OldImage", FILE_ROW),
    record(3, "INSERT", "NewImage", LATE_ROW),
    record(4, "INSERT", "NewImage", KEPT_ROW),
]


class CleanUp:
    """The deployed function, with its table and its bucket."""

    def __init__(self, cloud, resources):
        self.cloud = cloud
        self.resources = resources

    def status(self):
        """Sends a change of each kind to the function. Returns "handled", or "failed" if one or all of them failed."""
        # The stream's filter ignores the rows, because they have no kind.
        for row in ROWS:
            self.cloud.client("dynamodb").put_item(TableName=self.resources[TABLE], Item=row)
        self.cloud.client("s3").put_object(Bucket=self.resources[BUCKET], Key=f"orgs/{ORG}/{KEPT_FILE}", Body=b"kept")
        found = self.cloud.client("lambda").invoke(
            FunctionName=f"{self.resources[FUNCTION]}:live", Payload=json.dumps({"Records": RECORDS})
        )
        result = json.loads(found["Payload"].read())
        return "handled" if result == {"batchItemFailures": []} else "failed"

    def left(self, caller):
        """Deletes a project with a file by the API. Yields what is left of it when the stream's records should be handled."""
        file, project = caller.file_of_its_own()
        if not self.has_object(file):
            yield "there should be an object at first"
        caller.delete(project)
        until = time.monotonic() + PATIENCE_SECONDS
        while (self.has_row(file) or self.has_object(file)) and time.monotonic() < until:
            time.sleep(0.5)
        if self.has_row(file):
            yield f"the file's row is left after {PATIENCE_SECONDS} s"
        if self.has_object(file):
            yield f"the file's object is left after {PATIENCE_SECONDS} s"

    def has_row(self, file):
        row = {"pk": {"S": f"ORG#{file['orgId']}#FILE#{file['projectId']}"}, "sk": {"S": file["id"]}}
        found = self.cloud.client("dynamodb").get_item(TableName=self.resources[TABLE], Key=row, ConsistentRead=True)
        return "Item" in found

    def has_object(self, file):
        try:
            self.cloud.client("s3").head_object(Bucket=self.resources[BUCKET], Key=f"orgs/{file['orgId']}/{file['id']}")
            return True
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            return False
