"""Uploads a file of each kind, some with special names, by each client, and compares the stored files. Each client is a
program that takes URL TOKEN FILE... and prints a line for each file: the status, a space, and the body of the response.

Usage: matrix.py URL TOKEN, with the URL of a project's files, in a folder in which `npm ci` has run.
"""

import base64
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

FILES = {
    "pixel.png": ("image/png", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="),
    "photo.jpg": ("image/jpeg", "/9j/4AAQSkZJRgABAQAAAQABAAD/2Q=="),
    "table.csv": ("text/csv", base64.b64encode("Name;Straße\r\nAda;Weg 5\r\n".encode("cp1252"))),
    "note.txt": ("text/plain", base64.b64encode("<alice> grüße\n".encode())),
    "paper.pdf": ("application/pdf", base64.b64encode(b"%PDF-1.4\n%%EOF\n")),
    # Line ends and boundaries, names that are not ASCII, with quotes and with signs.
    "grüße 日本 👩‍💻.txt": ("text/plain", base64.b64encode(b"\r\n--\r\n--b--\r\n\n\r\n")),
    'a "b".csv': ("text/csv", base64.b64encode(b"a,b\n1,2\n")),
    "100%, a;b=c 'd'.txt": ("text/plain", base64.b64encode(b"hello")),
}

JARS = [f"/usr/share/java/{name}.jar" for name in ("httpclient", "httpcore", "httpmime", "commons-logging", "okhttp", "okio")]
BROWSERS = ("chromium", "google-chrome", "chromium-browser")


def lacks_program(command):
    return None if shutil.which(command[0]) else f"there is no {command[0]}"


def lacks_node(command):
    version = shutil.which("node") and subprocess.check_output(["node", "--version"], text=True)
    return None if version and int(version[1:].split(".")[0]) >= 20 else "there is no Node.js 20"


def lacks_browser(command):
    return lacks_node(command) or (None if command[-1] else f"there is none of {', '.join(BROWSERS)}")


def lacks_extension(command):
    loaded = ["php", "-r", 'exit(extension_loaded("curl") ? 0 : 1);']
    return lacks_program(command) or (subprocess.call(loaded) and "PHP lacks its extension curl") or None


def lacks_jars(command):
    missing = [jar for jar in JARS if not pathlib.Path(jar).exists()]
    return lacks_program(command) or (f"there is no {missing[0]}: libhttpmime-java and libokhttp-java bring it" if missing else None)


JAVA = ["java", "-cp", ":".join(JARS), "Upload.java"]
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), "")
CLIENTS = [
    ("curl", ["sh", "curl.sh"], lacks_program),
    ("requests", [sys.executable, "libraries.py", "requests"], lacks_program),
    ("httpx", [sys.executable, "libraries.py", "httpx"], lacks_program),
    ("aiohttp", [sys.executable, "libraries.py", "aiohttp"], lacks_program),
    ("fetch, File", ["node", "libraries.mjs", "file"], lacks_node),
    ("fetch, Blob without a type", ["node", "libraries.mjs", "blob"], lacks_node),
    ("axios", ["node", "libraries.mjs", "axios"], lacks_node),
    ("superagent", ["node", "libraries.mjs", "superagent"], lacks_node),
    ("Go's net/http", ["go", "run", "upload.go"], lacks_program),
    ("PHP's CURLFile", ["php", "upload.php"], lacks_extension),
    ("Ruby's Net::HTTP", ["ruby", "upload.rb"], lacks_program),
    ("Java's Apache HttpClient", [*JAVA, "apache"], lacks_jars),
    ("Java's OkHttp", [*JAVA, "okhttp"], lacks_jars),
    ("a form in Chromium", ["node", "browser.mjs", BROWSER], lacks_browser),
]


def responses(command, arguments):
    ran = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300)
    lines = [line.partition(" ") for line in ran.stdout.splitlines()]
    if ran.returncode or len(lines) != len(FILES):
        return None, f"exit status {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return [(int(status), json.loads(body)) for status, _, body in lines], None


def differences(client, command, arguments):
    found, failure = responses(command, arguments)
    if failure:
        yield f"{client} failed: {failure}"
    for (name, (kind, content)), (status, body) in zip(FILES.items(), found or []):
        data = body.get("data", {})
        stored = (status, data.get("name"), data.get("contentType"), data.get("sha256"))
        if stored == (201, name, kind, hashlib.sha256(base64.b64decode(content)).hexdigest()):
            print(f"{client}: {name}: {kind}: ok")
        else:
            yield f"{client}: {name}: EXPECTED 201 and {kind}, got {status} {json.dumps(body)[:300]}"


def main(url, token):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in FILES]
        for path, (_, content) in zip(paths, FILES.values()):
            path.write_bytes(base64.b64decode(content))
        lacks = {client: lacking(command) for client, command, lacking in CLIENTS}
        wrong = []
        for client, command, _ in CLIENTS:
            if not lacks[client]:
                wrong += differences(client, command, [url, token, *map(str, paths)])
    for client, lack in lacks.items():
        if lack:
            print(f"!! SKIPPED {client}: {lack}", file=sys.stderr)
    sys.exit("\n".join(wrong) if wrong else 0)


main(*sys.argv[1:])
