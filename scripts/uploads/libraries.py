"""Uploads files as each library's documentation does. Usage: libraries.py LIBRARY URL TOKEN FILE..."""

import asyncio
import sys

import aiohttp
import httpx
import requests

LIBRARY, URL, TOKEN, *PATHS = sys.argv[1:]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def with_requests(file):
    answer = requests.post(URL, headers=HEADERS, files={"file": file}, timeout=60)
    return answer.status_code, answer.text


def with_httpx(file):
    answer = httpx.post(URL, headers=HEADERS, files={"file": file}, timeout=60)
    return answer.status_code, answer.text


def with_aiohttp(file):
    async def send():
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            # It would send names in percent-encoding, which no form of a browser does.
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("file", file)
            async with session.post(URL, data=form) as answer:
                return answer.status, await answer.text()

    return asyncio.run(send())


for path in PATHS:
    with open(path, "rb") as file:
        print(*globals()[f"with_{LIBRARY}"](file))
