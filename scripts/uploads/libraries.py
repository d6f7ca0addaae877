"""Uploads files as each library's documentation does. Usage: libraries.py LIBRARY URL TOKEN FILE..."""

import asyncio
import sys

import aiohttp
import httpx
import requests

LIBRARY, URL, TOKEN, *PATHS = sys.argv[1:]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def with_requests(file):
    response = requests.post(URL, headers=HEADERS, files={"file": file}, timeout=60)
    return response.status_code, response.text


def with_httpx(file):
    response = httpx.post(URL, headers=HEADERS, files={"file": file}, timeout=60)
    return response.status_code, response.text


def with_aiohttp(file):
    async def send():
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            # By default it percent-encodes names, which no browser's form does.
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("file", file)
            async with session.post(URL, data=form) as response:
                return response.status, await response.text()

    return asyncio.run(send())


for path in PATHS:
    with open(path, "rb") as file:
        print(*globals()[f"with_{LIBRARY}"](file))
