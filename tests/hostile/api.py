"""The Step Functions API by hand: requests as bytes, so that a test can send what no SDK would, at a time of its own."""

import datetime
import hashlib
import hmac
import http.client
import json
import socket
import urllib.parse


class Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body
        self.code = str(body.get("__type", "")).rsplit("#", 1)[-1] if isinstance(body, dict) else ""


class Api:
    """Speaks to a server with the keys of `escapement env`. `clock_offset` (a timedelta) moves the time of signatures."""

    def __init__(self, variables):
        self.variables = variables
        address = urllib.parse.urlsplit(variables["AWS_ENDPOINT_URL"])
        self.host, self.port = address.hostname, address.port
        self.clock_offset = datetime.timedelta(0)
        self.connection = None

    def signed(self, operation, body, at=None, headers=None):
        """The whole request as bytes; `body` is a value for JSON, or bytes as they are."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        at = at or datetime.datetime.now(datetime.timezone.utc) + self.clock_offset
        date = at.strftime("%Y%m%dT%H%M%SZ")
        day, region = date[:8], self.variables["AWS_REGION"]
        lines = {"host": f"{self.host}:{self.port}", "x-amz-date": date, "x-amz-target": f"AWSStepFunctions.{operation}"}
        canonical = "POST\n/\n\n" + "".join(f"{k}:{v}\n" for k, v in lines.items()) + "\n" + ";".join(lines) + "\n" + hashlib.sha256(body).hexdigest()
        scope = f"{day}/{region}/states/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = ("AWS4" + self.variables["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in (day, region, "states", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        lines["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.variables['AWS_ACCESS_KEY_ID']}/{scope}, "
                                  f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}")
        lines["content-type"] = "application/x-amz-json-1.0"
        lines["content-length"] = str(len(body))
        lines |= headers or {}
        return ("POST / HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n").encode() + body

    def connect(self, timeout=20):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def send(self, request, timeout=20):
        """(status, body) of one request on a connection of its own; body parsed if it is JSON."""
        with self.connect(timeout) as connection:
            connection.sendall(request)
            return read_answer(connection)

    def call(self, operation, timeout=20, **members):
        """On a connection that is kept. Raises Refused."""
        if self.connection is None:
            self.connection = self.connect(timeout)
        try:
            self.connection.sendall(self.signed(operation, members))
            status, body = read_answer(self.connection)
        except OSError:
            self.close()
            raise
        if status != 200:
            raise Refused(status, body)
        return body

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def get(self, path):
        """(status, text) of a page such as /health."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"there is no metric {name}")


def read_answer(connection):
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    text = answer.read().decode()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
