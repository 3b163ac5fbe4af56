"""Golden signatures of S3 requests by botocore. Run: .venv-test/bin/python tests/golden/generate_s3.py
signatures.txt: name, unix seconds, region, method, bucket's host, key, query (name=value, not encoded, joined by &), session token
(- = none), the path and query as botocore writes them into the URL, the Authorization header; separated by tabs."""
import datetime
import os
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode, percent_encode_sequence

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "s3")
os.makedirs(here, exist_ok=True)
cases = [("plain", 1369353600, "us-east-1", "GET", "examplebucket.s3.us-east-1.amazonaws.com", "test.txt", [], None),
         ("deep", 1700000000, "eu-west-1", "HEAD", "b-1.s3.eu-west-1.amazonaws.com", "a.zarr/s0/c/0/1/2", [], None),
         ("space and plus", 1700000000, "us-east-1", "GET", "b.example:9000", "bucket/a b+c", [], None),
         ("signs", 951782400, "us-east-1", "GET", "127.0.0.1:5000", "bucket/~-._!*'();:@&=$,[]%25", [], None),
         ("letters", 1709164799, "ap-southeast-2", "GET", "127.0.0.1:5000", "bucket/Schnitt_ü/层/x", [], None),
         ("listing", 1709164800, "us-east-1", "GET", "127.0.0.1:5000", "bucket", [("prefix", "a b+/c~"), ("list-type", "2"), ("delimiter", "/"), ("max-keys", "1000"), ("continuation-token", "1/+=x")], None),
         ("temporary", 4102444799, "us-west-2", "GET", "b.s3.us-west-2.amazonaws.com", "x", [], "FwoGZXIvYXdzE/token+/=="),
         ]
with open(os.path.join(here, "signatures.txt"), "w") as out:
    for name, seconds, region, method, host, key, query, token in cases:
        path = "/" + percent_encode(key, safe="/~")
        url = f"https://{host}{path}" + ("?" + percent_encode_sequence(sorted(query)) if query else "")
        request = AWSRequest(method=method, url=url)
        moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        signer = auth.S3SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token), "s3", region)
        with mock.patch.object(auth, "get_current_datetime", lambda *a, **k: moment):
            signer.add_auth(request)
        assert request.context["timestamp"] == moment.strftime("%Y%m%dT%H%M%SZ"), request.context
        print(name, seconds, region, method, host, key, "&".join(f"{a}={b}" for a, b in query), token or "-", url.split(host, 1)[1], request.headers["Authorization"], sep="\t", file=out)
