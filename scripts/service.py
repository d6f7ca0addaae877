"""Client of the service for scripts/smoke: requests at the pace of the rate limit, and the rules for all responses."""

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


class Response:
    """Response: the status, the headers by their names in lower case, the body as bytes and as JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.content = response.read()
        self.body = parsed(self.content)
        self.data = self.body.get("data", {})
        self.error = self.body.get("error", {})


def parsed(text):
    try:
        body = json.loads(text or "{}")
    except ValueError:
        body = text.decode(errors="replace")
    return body if isinstance(body, dict) else {"not an object": body}


def send_once(method, url, body, headers):
    """Sends a request. The response may be a redirect, which nobody follows."""
    parts = urllib.parse.urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=30)
    try:
        connection.request(method, url.split(parts.netloc, 1)[1], body, headers)
        return Response(connection.getresponse())
    finally:
        connection.close()


class Service:
    """Service at a base URL, called as one user, and the number of differences in its responses."""

    def __init__(self, base, token):
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            sys.exit(f"BASE_URL must begin with http:// or https://, unlike {base!r}")
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self.token = token
        self.differences = 0

    def send(self, method, path, body=None, kind=None, **headers):
        """Sends a request, and repeats it after Retry-After while the response is 429."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        sent = {name: value for name, value in sent.items() if value}
        until = time.monotonic() + PATIENCE_SECONDS
        response = send_once(method, self.base + path, body, sent)
        while response.status == 429 and time.monotonic() < until:
            time.sleep(int(response.headers.get("retry-after", PATIENCE_SECONDS)))
            response = send_once(method, self.base + path, body, sent)
        return response

    def success(self, what, response, status, *differences):
        """Checks the response to a request that must succeed. The caller may add differences that it has found."""
        self.check(what, response, "data", differs("the status", response.status, status), *differences)

    def refusal(self, what, response, status, code, *differences):
        """Checks the response to a request that must be refused."""
        wrong = differs("the status", response.status, status), differs("the code", response.error.get("code"), code)
        self.check(what, response, "error", *wrong, *differences)

    def check(self, what, response, key, *differences):
        envelope = differs("the envelope", sorted(response.body), [] if response.status == 204 else [key])
        if not self.report(f"{what}: {response.status}", [*differences, envelope, *strange_headers(response)]):
            print(f"    request {response.headers.get('x-request-id')} returned {json.dumps(response.body)[:500]}")

    def report(self, what, differences):
        """Prints the differences that are not None. Returns True if there are none."""
        found = [difference for difference in differences if difference]
        print("\n    ".join([f"{'FAILED' if found else 'ok'}: {what}", *found]))
        self.differences += len(found)
        return not found


def differs(what, found, wanted):
    return None if found == wanted else f"{what} should be {wanted!r} and is {found!r}"


def strange_headers(response):
    for name, wanted in SECURITY_HEADERS.items():
        found = response.headers.get(name)
        if response.status == 204 and name == "content-type":
            continue
        if not found or not found.startswith(wanted):
            yield f"header {name} should be {wanted!r} and is {found!r}"


def rate_limit(response):
    """Returns the difference in the RateLimit headers of a known caller, or None."""
    policy = re.fullmatch(r'"default";q=(\d+);w=(\d+)', response.headers.get("ratelimit-policy", ""))
    left = re.fullmatch(r'"default";r=(\d+);t=(\d+)', response.headers.get("ratelimit", ""))
    if not policy or not left:
        return "there should be RateLimit-Policy and RateLimit"
    (requests, window), (remaining, reset) = map(int, policy.groups()), map(int, left.groups())
    return None if remaining < requests and reset <= window else "RateLimit should be within RateLimit-Policy"


def challenge(response, wanted):
    """Returns the difference in the challenge of a 401, or None. API Gateway renames its header for some kinds of API."""
    found = response.headers.get("www-authenticate") or response.headers.get("x-amzn-remapped-www-authenticate")
    return differs("www-authenticate", found, wanted)
