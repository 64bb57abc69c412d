#!/usr/bin/python3
"""The two commands of MinIO's client that the stack uses: `mc ready local`, `mc mb --ignore-existing lake/BUCKET`."""

import base64
import hmac
import http.client
import os
import sys
from email.utils import formatdate
from urllib.parse import urlsplit

if sys.argv[1] == "ready":
    http.client.HTTPConnection("127.0.0.1", 9000, timeout=3).request("GET", "/")
    sys.exit()

bucket = sys.argv[-1].removeprefix("lake/")
server = urlsplit(os.environ["MC_HOST_lake"])  # noqa: SIM112  mc calls it so
date = formatdate(usegmt=True)
# Signature version 2: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
signed = hmac.digest(server.password.encode(), f"PUT\n\n\n{date}\n/{bucket}".encode(), "sha1")
login = f"AWS {server.username}:{base64.b64encode(signed).decode()}"
connection = http.client.HTTPConnection(server.hostname, server.port, timeout=10)
connection.request("PUT", f"/{bucket}", headers={"Date": date, "Authorization": login})
status = connection.getresponse().status
print(f"bucket {bucket}: {'made' if status == 200 else 'there' if status == 409 else f'HTTP {status}'}")
sys.exit(status not in (200, 409))
