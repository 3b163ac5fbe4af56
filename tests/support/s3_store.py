"""An S3 server on 127.0.0.1 for command tests, with a bucket "bucket" that holds all files below FOLDER.
usage: s3_store.py FOLDER SETTINGS. Writes SETTINGS, a file to be sourced: AWS_ENDPOINT_URL, keys that the server knows. On SIGUSR1
it begins to check signatures (not before: it refuses right ones of listings, whose query holds a "/"), and writes SETTINGS.checked.
Ends on SIGTERM, and when the process that started it is gone."""
import json
import os
import signal
import sys
import time
import urllib.request

import boto3
from moto.server import ThreadedMotoServer

folder, settings = sys.argv[1:]
parent = os.getppid()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://%s:%s" % server.get_host_and_port()
names = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
iam, s3 = boto3.client("iam", **names), boto3.client("s3", **names)
iam.create_user(UserName="reader")
key = iam.create_access_key(UserName="reader")["AccessKey"]
iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
s3.create_bucket(Bucket="bucket")
for place, _, files in os.walk(folder):
    for file in files:
        path = os.path.join(place, file)
        s3.upload_file(path, "bucket", os.path.relpath(path, folder))


def publish(path, text):
    with open(path + ".part", "w") as out:
        out.write(text)
    os.rename(path + ".part", path)


def check_signatures(*_):
    urllib.request.urlopen(urllib.request.Request(url + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}))
    publish(settings + ".checked", "")


signal.signal(signal.SIGUSR1, check_signatures)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
publish(settings, f"export AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID={key['AccessKeyId']} AWS_SECRET_ACCESS_KEY={key['SecretAccessKey']} AWS_REGION=us-east-1\n")
while os.getppid() == parent:
    time.sleep(0.2)
os._exit(0)
