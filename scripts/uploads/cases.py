"""Uploads every case of cases.json with curl, requests and httpx, and compares the answers.

Usage: cases.py URL TOKEN, where URL is that of a project's files.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import httpx
import requests

URL, TOKEN = sys.argv[1:]
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
CASES = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text("utf-8"))


def content(file):
    if "size" in file:
        return b"x" * file["size"]
    return base64.b64decode(file["base64"]) if "base64" in file else file["text"].encode()


def parts(case):
    return [("file", (file["name"], content(file), file["type"])) for file in case["files"]]


def with_requests(case):
    # Without files requests would send another media type: a field without a file name makes it a form of this one.
    texts = [(name, (None, text)) for name, text in case.get("fields", {}).items()]
    answer = requests.post(URL, headers=AUTHORIZATION, files=texts + parts(case), timeout=60)
    return answer.status_code, answer.json()


def with_httpx(case):
    texts = [(name, (None, text.encode())) for name, text in case.get("fields", {}).items()]
    answer = httpx.post(URL, headers=AUTHORIZATION, files=texts + parts(case), timeout=60)
    return answer.status_code, answer.json()


def with_curl(case):
    def quoted(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    with tempfile.TemporaryDirectory() as folder:
        command = ["curl", "--silent", "--show-error", "--max-time", "60", "--write-out", "\n%{http_code}"]
        command += ["--header", f"Authorization: Bearer {TOKEN}", URL]
        for name, text in case.get("fields", {}).items():
            command += ["--form-string", f"{name}={text}"]
        for number, file in enumerate(case["files"]):
            path = pathlib.Path(folder, str(number))
            path.write_bytes(content(file))
            command += ["--form", f"file=@{path};filename={quoted(file['name'])};type={file['type']}"]
        body, _, status = subprocess.run(command, check=True, capture_output=True).stdout.rpartition(b"\n")
    return int(status), json.loads(body)


def expected(case):
    if case["status"] != 201:
        return case["status"], case.get("code")
    sent = content(case["files"][0])
    kind = case["files"][0]["type"].split(";")[0]
    return 201, case["name"], kind, len(sent), hashlib.sha256(sent).hexdigest()


def found(status, body):
    if status != 201:
        return status, body.get("error", {}).get("code")
    return (status, *(body["data"][key] for key in ("name", "contentType", "size", "sha256")))


def main():
    surprises = 0
    for client, send in [("curl", with_curl), ("requests", with_requests), ("httpx", with_httpx)]:
        for case in CASES:
            wanted, got = expected(case), found(*send(case))
            verdict = "ok" if got == wanted else f"EXPECTED {wanted}, got {got}"
            print(f"{client}: {case['what']}: {got[:2]}: {verdict}")
            surprises += got != wanted
    sys.exit(f"{surprises} surprises" if surprises else 0)


main()
