"""Serves the files below FOLDER on 127.0.0.1 as Python's own web server does: whole files, no ranges. usage: web_server.py FOLDER
PORT_FILE [CERTIFICATE] (with its key in one file: https). Ends on SIGTERM, and when the process that started it is gone."""
import functools
import http.server
import os
import ssl
import sys
import threading
import time

folder, port_file, *certificate = sys.argv[1:]
parent = os.getppid()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder))
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[0])
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(port_file + ".part", "w") as out:
    out.write(str(server.server_address[1]))
os.rename(port_file + ".part", port_file)
while os.getppid() == parent:
    time.sleep(0.2)
