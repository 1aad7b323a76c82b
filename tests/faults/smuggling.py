"""Requests that two readers of HTTP might take for different ones, by name."""

HOST = b"Host: localhost\r\n"
# What a fooled server would take for a request of its own, and answer.
SECOND = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(headers, body=b""):
    return b"POST /recommend HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


def get(headers):
    return b"GET /health HTTP/1.1\r\n" + HOST + headers + b"\r\n"


CHUNKED = b"Transfer-Encoding: chunked\r\n"
NONE = b"0\r\n\r\n"
SIX = b"Content-Length: 6\r\n"

REQUESTS = {
    # Two lengths.
    "CL.TE": post(SIX + CHUNKED, NONE + SECOND),
    "TE.CL": post(CHUNKED + SIX, NONE + SECOND),
    "CL 0 and TE": post(b"Content-Length: 0\r\n" + CHUNKED, NONE),
    "CL twice": post(SIX + b"Content-Length: 0\r\n", SECOND),
    "CL twice the same": post(SIX + SIX, b"{    }"),
    "CL list": post(b"Content-Length: 6, 6\r\n", b"{    }"),
    "CL plus": post(b"Content-Length: +6\r\n", b"{    }"),
    "CL minus": post(b"Content-Length: -6\r\n"),
    "CL hexadecimal": post(b"Content-Length: 0x6\r\n", b"{    }"),
    "CL underscore": post(b"Content-Length: 1_0\r\n", b"{        }"),
    "CL with a blank": post(b"Content-Length: 6 6\r\n", b"{    }"),
    "CL empty": post(b"Content-Length:\r\n"),
    "CL of another script": post("Content-Length: ٦\r\n".encode(), b"{    }"),
    "CL fraction": post(b"Content-Length: 6.0\r\n", b"{    }"),
    # A coding that only some know.
    "TE unknown": post(b"Transfer-Encoding: xchunked\r\n", NONE),
    "TE identity": post(b"Transfer-Encoding: identity\r\n", NONE),
    "TE not last": post(b"Transfer-Encoding: chunked, gzip\r\n", NONE),
    "TE twice": post(CHUNKED + b"Transfer-Encoding: identity\r\n", NONE),
    "TE with VT": post(b"Transfer-Encoding: \x0bchunked\r\n", NONE),
    "TE of HTTP/1.0": post(CHUNKED, NONE).replace(b"HTTP/1.1", b"HTTP/1.0"),
    # Chunks.
    "chunk not hexadecimal": post(CHUNKED, b"zz\r\n{}\r\n" + NONE),
    "chunk 0x": post(CHUNKED, b"0x2\r\n{}\r\n" + NONE),
    "chunk minus": post(CHUNKED, b"-2\r\n{}\r\n" + NONE),
    "chunk too long": post(CHUNKED, b"2\r\n{} \r\n" + NONE),
    "chunk with bare LF": post(CHUNKED, b"2\n{}\r\n" + NONE),
    "chunk length overflows": post(CHUNKED, b"ffffffffffffffff2\r\n{}\r\n" + NONE),
    # Headers.
    "folded": get(b"X-A: a\r\n b\r\n"),
    "first folded": b"GET /health HTTP/1.1\r\n X-A: a\r\n" + HOST + b"\r\n",
    "bare LF": b"GET /health HTTP/1.1\nHost: localhost\n\n",
    "bare LF in headers": b"GET /health HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n",
    "bare CR": get(b"X-A: a\rX-B: b\r\n"),
    "NUL in a value": get(b"X-A: a\x00b\r\n"),
    "NUL in a name": get(b"X\x00A: a\r\n"),
    "blank before the colon": get(b"Content-Length : 0\r\n"),
    "no colon": get(b"X-A\r\n"),
    "empty name": get(b": a\r\n"),
    "two hosts": get(HOST),
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    # The request line.
    "NUL in the path": b"GET /hea\x00lth HTTP/1.1\r\n" + HOST + b"\r\n",
    "two blanks": b"GET  /health HTTP/1.1\r\n" + HOST + b"\r\n",
}
