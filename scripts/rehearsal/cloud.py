"""An emulated AWS for the time of a rehearsal: ministack, empty, with enforced policies and TLS only."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
START_SECONDS = 60


class Cloud:
    """Endpoint of ministack, and the variables of its clients here and in the functions."""

    def __init__(self, folder, port):
        self.endpoint = f"https://127.0.0.1:{port}"
        self.certificate = str(folder / "tmp/ministack-tls/server.crt")
        # Without the user's profile and credentials, and with a home that is deleted afterwards.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CA_BUNDLE": self.certificate,
            "SAM_CLI_TELEMETRY": "0",
        }

    def client(self, service):
        """Returns a client of one of its services, as an administrator."""
        return boto3.client(
            service,
            REGION,
            endpoint_url=self.endpoint,
            verify=self.certificate,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def is_ready(self):
        if not Path(self.certificate).exists():
            return False
        try:
            return bool(self.client("sts").get_caller_identity())
        except (BotoCoreError, ClientError):
            return False


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running(folder):
    """Starts ministack below the folder, and ends it together with the functions that it has started."""
    port = free_port()
    cloud = Cloud(folder, port)
    (folder / "tmp").mkdir(parents=True)
    options = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "USE_SSL": "1", "AUTH": "true"}
    places = {name: str(folder / "tmp" / name) for name in ("STATE_DIR", "S3_DATA_DIR")}
    command = Path(sys.executable).with_name("ministack")
    with open(folder / "ministack.log", "wb") as log:
        # The functions inherit its environment.
        process = subprocess.Popen(
            [command], env=cloud.environment | options | places, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(process, cloud)
        yield cloud
    finally:
        end(process)


def wait_for(process, cloud):
    until = time.monotonic() + START_SECONDS
    while not cloud.is_ready():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit("FAILED: ministack does not start")
        time.sleep(0.2)


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
