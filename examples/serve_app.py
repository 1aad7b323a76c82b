"""Serves recommendations over HTTP, with any WSGI or ASGI server.

Start it with `gunicorn --chdir examples serve_app:app`, or without this file with
`eventkit serve`. Run as a program, it sends one request to the application itself.

$ python examples/serve_app.py
200 OK
['Opening: What Ten Years of Running Agents Taught Us']
"""

import io
import json
from wsgiref.util import setup_testing_defaults

from eventkit import create_wsgi_app

app = create_wsgi_app()

if __name__ == "__main__":
    environ = {
        "PATH_INFO": "/recommend",
        "QUERY_STRING": "interests=ai&top=1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    body = b"".join(app(environ, lambda status, headers, *_: print(status)))
    print([session["title"] for session in json.loads(body)["sessions"]])
