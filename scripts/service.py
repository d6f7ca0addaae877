"""A client of the service for scripts/smoke: requests at the pace of the rate limit, and what every answer must have."""

import http.client
import json
import re
import sys
import time
import urllib.parse

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "content-type": "application/json",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-request-id": "",
}
# Longer than the windows of most rate limits.
PATIENCE_SECONDS = 120


class Answer:
    """What came back: the status, the headers under their names in lower case, the body as JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = parsed(response.read())
        self.data = self.body.get("data", {})
        self.error = self.body.get("error", {})


def parsed(text):
    try:
        body = json.loads(text or "{}")
    except ValueError:
        body = text.decode(errors="replace")
    return body if isinstance(body, dict) else {"no object": body}


class Service:
    """The service at a base URL, asked as one user, and what was wrong with its answers."""

    def __init__(self, base, token):
        self.base = urllib.parse.urlsplit(base)
        if self.base.scheme not in ("http", "https") or not self.base.netloc:
            sys.exit(f"BASE_URL must begin with http:// or https://, unlike {base!r}")
        self.token = token
        self.surprises = 0

    def ask(self, method, path, body=None, kind=None, **headers):
        """Makes a request, and makes it again while the answer is 429: each time when that says that it may."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        sent = {name: value for name, value in sent.items() if value}
        until = time.monotonic() + PATIENCE_SECONDS
        answer = self.once(method, path, body, sent)
        while answer.status == 429 and time.monotonic() < until:
            time.sleep(int(answer.headers.get("retry-after", PATIENCE_SECONDS)))
            answer = self.once(method, path, body, sent)
        return answer

    def once(self, method, path, body, headers):
        secure = self.base.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self.base.netloc, timeout=30)
        try:
            connection.request(method, self.base.path.rstrip("/") + path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def success(self, what, answer, status, *surprises):
        """Checks the answer to a request that must succeed; what else is wrong with it, the caller has found out."""
        self.check(what, answer, "data", differs("the status", answer.status, status), *surprises)

    def refusal(self, what, answer, status, code, *surprises):
        """Checks the answer to a request that must be refused."""
        wrong = differs("the status", answer.status, status), differs("the code", answer.error.get("code"), code)
        self.check(what, answer, "error", *wrong, *surprises)

    def check(self, what, answer, key, *surprises):
        envelope = differs("the envelope", sorted(answer.body), [] if answer.status == 204 else [key])
        if not self.report(f"{what}: {answer.status}", [*surprises, envelope, *strange_headers(answer)]):
            print(f"    request {answer.headers.get('x-request-id')} was answered {json.dumps(answer.body)[:500]}")

    def report(self, what, surprises):
        """Prints what is surprising, if anything is (a surprise that is None isn't one). True if nothing is."""
        found = [surprise for surprise in surprises if surprise]
        print("\n    ".join([f"{'FAILED' if found else 'ok'}: {what}", *found]))
        self.surprises += len(found)
        return not found


def differs(what, found, wanted):
    return None if found == wanted else f"{what} should be {wanted!r} and is {found!r}"


def strange_headers(answer):
    for name, wanted in SECURITY_HEADERS.items():
        found = answer.headers.get(name)
        if answer.status == 204 and name == "content-type":
            continue
        if not found or not found.startswith(wanted):
            yield f"header {name} should be {wanted!r} and is {found!r}"


def quota(answer):
    """What is wrong with the headers that tell a known caller what is left."""
    policy = re.fullmatch(r'"default";q=(\d+);w=(\d+)', answer.headers.get("ratelimit-policy", ""))
    left = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers.get("ratelimit", ""))
    if not policy or not left:
        return "there should be RateLimit-Policy and RateLimit"
    (requests, window), (remaining, reset) = map(int, policy.groups()), map(int, left.groups())
    return None if remaining < requests and reset <= window else "RateLimit should be within RateLimit-Policy"


def challenge(answer, wanted):
    """What is wrong with the challenge of a 401, whose header API Gateway renames for some kinds of API."""
    found = answer.headers.get("www-authenticate") or answer.headers.get("x-amzn-remapped-www-authenticate")
    return differs("www-authenticate", found, wanted)
