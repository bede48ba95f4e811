"""The Python bootstrap. See ../README.md for its place and ../../frame.h for the frames."""

import importlib
import importlib.util
import json
import logging
import os
import socket
import struct
import sys
import time
import traceback

CONTROL_FD = 3
RESPONSE_BYTES_MAX = 6291556
INVOKE, READY, FAILED, RESULT, ERROR, LOG = b"I", b"R", b"F", b"O", b"E", b"L"

control = socket.socket(fileno=CONTROL_FD)
os.set_inheritable(CONTROL_FD, False)
environment = os.environ


# ---- frames


def send_frame(kind, text):
    body = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    try:
        control.sendall(struct.pack("<I", len(body) + 1) + kind + body)
    except OSError:
        os._exit(0)


class Input:
    """Bytes from the server; read() blocks and gives None at the end of the stream."""

    def __init__(self):
        self.buffer = bytearray()

    def read(self, size):
        while len(self.buffer) < size:
            try:
                chunk = control.recv(max(65536, size - len(self.buffer)))
            except OSError:
                return None
            if not chunk:
                return None
            self.buffer += chunk
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken


class Invocation:
    def __init__(self, body):
        timeout = struct.unpack_from("<I", body, 1)[0]
        self.deadline = time.time() + timeout / 1000
        texts = []
        at = 5
        for _ in range(5):
            size = struct.unpack_from("<I", body, at)[0]
            texts.append(body[at + 4 : at + 4 + size])
            at += 4 + size
        self.request_id, self.arn, self.client_context, self.trace_id = (part.decode() for part in texts[:4])
        self.payload = texts[4]


stream = Input()


def read_invocation():
    header = stream.read(4)
    if header is None:
        return None
    body = stream.read(struct.unpack("<I", header)[0])
    return None if body is None else Invocation(body)


# ---- logs


class LogStream:
    """sys.stdout and sys.stderr: whole writes become log events in their order among the answers."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, fd):
        self.fd = fd
        self.pending = ""

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        self.pending += text
        if "\n" in self.pending:
            whole, self.pending = self.pending.rsplit("\n", 1)
            send_frame(LOG, whole + "\n")
        elif len(self.pending) > 65536:
            self.flush()
        return len(text)

    def flush(self):
        if self.pending:
            text, self.pending = self.pending, ""
            send_frame(LOG, text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False

    def fileno(self):
        return self.fd

    def close(self):
        self.flush()

    @property
    def closed(self):
        return False

    @property
    def buffer(self):
        return open(os.dup(self.fd), "wb", 0)


current_request_id = ""
json_logs = environment.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"


class RequestIdFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = current_request_id
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            entry["errorType"] = record.exc_info[0].__name__
            entry["errorMessage"] = str(record.exc_info[1])
            entry["stackTrace"] = traceback.format_tb(record.exc_info[2])
        if current_request_id:
            entry["requestId"] = current_request_id
        return json.dumps(entry, default=str, ensure_ascii=False)


class FrameHandler(logging.Handler):
    def emit(self, record):
        send_frame(LOG, self.format(record) + "\n")


def set_up_logging():
    logging.Formatter.converter = time.gmtime
    root = logging.getLogger()
    handler = FrameHandler()
    if json_logs:
        handler.setFormatter(JsonFormatter())
        level = environment.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
        root.setLevel({"TRACE": "NOTSET", "FATAL": "CRITICAL", "WARN": "WARNING"}.get(level, level))
    else:
        handler.setFormatter(
            logging.Formatter(
                "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
            )
        )
    handler.addFilter(RequestIdFilter())
    root.addHandler(handler)


# ---- errors


class InitialisationError(Exception):
    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.shape = {"errorMessage": message, "errorType": error_type, "requestId": "", "stackTrace": list(trace)}


def to_json(value):
    return json.dumps(value, default=serialise_other, ensure_ascii=False)


def serialise_other(value):
    import decimal

    if isinstance(value, decimal.Decimal):
        if value.is_nan():
            return float("nan")
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def error_shape(error, request_id, frames):
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }


def log_error(shape):
    if json_logs:
        send_frame(
            LOG,
            json.dumps(
                {
                    "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                    "log_level": "ERROR",
                    **{key: shape[key] for key in ("errorMessage", "errorType", "requestId", "stackTrace") if key in shape},
                },
                ensure_ascii=False,
            ),
        )
        return
    text = "[ERROR]"
    if shape.get("errorType") and shape.get("errorMessage"):
        text += " %s: %s" % (shape["errorType"], shape["errorMessage"])
    elif shape.get("errorType") or shape.get("errorMessage"):
        text += " " + (shape.get("errorType") or shape["errorMessage"])
    if shape.get("stackTrace"):
        text += "\nTraceback (most recent call last):"
        for entry in shape["stackTrace"]:
            # Leading blanks become no-break blanks, so that log viewers keep the indentation.
            for line in entry.rstrip("\n").split("\n"):
                bare = line.lstrip(" ")
                text += "\n" + "\u00a0" * (len(line) - len(bare)) + bare
    send_frame(LOG, text)


# ---- the SDK


class EndpointHook:
    """Teaches a botocore that is older than AWS_ENDPOINT_URL (1.31) to heed it, when a handler imports it."""

    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_patch(module):
            execute(module)
            patch_botocore(module)

        spec.loader.exec_module = execute_and_patch
        return spec


def patch_botocore(module):
    import botocore

    version = tuple(int(part) for part in botocore.__version__.split(".")[:2])
    if version >= (1, 31):
        return
    create = module.Session.create_client

    def create_client(self, service_name, *args, **options):
        # endpoint_url is the sixth argument; nearly everybody names it.
        if len(args) < 5 and options.get("endpoint_url") is None:
            own = "AWS_ENDPOINT_URL_" + service_name.upper().replace("-", "_")
            options["endpoint_url"] = environment.get(own) or environment.get("AWS_ENDPOINT_URL")
        return create(self, service_name, *args, **options)

    module.Session.create_client = create_client


# ---- the handler


def load_handler():
    name = environment["_HANDLER"]
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError:
        raise InitialisationError(
            "Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name
        )
    module_name = module_name.replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise InitialisationError(
            "Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name
        )
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InitialisationError("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        raise InitialisationError(
            "Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), trace
        )
    if not hasattr(module, function_name):
        raise InitialisationError(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)
        )
    return getattr(module, function_name)


class CognitoIdentity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class ClientContext:
    def __init__(self, shape):
        self.client = shape.get("client")
        self.custom = shape.get("custom")
        self.env = shape.get("env")


class Context:
    def __init__(self, invocation):
        self.aws_request_id = invocation.request_id
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = invocation.arn
        self.tenant_id = None
        self.client_context = ClientContext(json.loads(invocation.client_context)) if invocation.client_context else None
        self.identity = CognitoIdentity()
        self._deadline = invocation.deadline

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def call(handler, invocation):
    try:
        event = json.loads(invocation.payload or b"{}")
    except ValueError as error:
        return ERROR, {
            "errorMessage": "Unable to unmarshal input: " + str(error),
            "errorType": "Runtime.UnmarshalError",
            "requestId": invocation.request_id,
            "stackTrace": [],
        }
    try:
        value = handler(event, Context(invocation))
    except Exception as error:
        # Without the frame of this file.
        frames = traceback.extract_tb(error.__traceback__)[1:]
        return ERROR, error_shape(error, invocation.request_id, frames)
    try:
        return RESULT, to_json(value)
    except Exception as error:
        return ERROR, {
            "errorMessage": "Unable to marshal response: " + str(error),
            "errorType": "Runtime.MarshalError",
            "requestId": invocation.request_id,
            "stackTrace": [],
        }


def answer(kind, value):
    if kind is ERROR:
        log_error(value)
        value = to_json(value)
    body = value.encode("utf-8", "backslashreplace")
    if kind is RESULT and len(body) > RESPONSE_BYTES_MAX:
        kind = ERROR
        body = to_json(
            {
                "errorMessage": "Response payload size exceeded maximum allowed payload size (%d bytes)." % RESPONSE_BYTES_MAX,
                "errorType": "Function.ResponseSizeTooLarge",
            }
        ).encode()
    send_frame(kind, body)


def flush_streams():
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except Exception:
            pass


def serve(handler):
    global current_request_id
    while True:
        invocation = read_invocation()
        if invocation is None:
            os._exit(0)
        current_request_id = invocation.request_id
        environment["_X_AMZN_TRACE_ID"] = invocation.trace_id
        try:
            kind, value = call(handler, invocation)
        finally:
            flush_streams()
        answer(kind, value)
        current_request_id = ""


def fail_initialisation(shape):
    log_error(shape)
    flush_streams()
    send_frame(FAILED, to_json(shape))
    os._exit(1)


def main():
    sys.path.insert(0, environment["LAMBDA_TASK_ROOT"])
    for folder in environment.get("PYTHONPATH", "").split(":"):
        if folder and folder not in sys.path:
            sys.path.append(folder)
    sys.stdout = LogStream(1)
    sys.stderr = LogStream(2)
    set_up_logging()
    if "AWS_ENDPOINT_URL" in environment:
        sys.meta_path.insert(0, EndpointHook())
    try:
        handler = load_handler()
    except InitialisationError as error:
        fail_initialisation(error.shape)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[2:]
        fail_initialisation(error_shape(error, "", frames))
    send_frame(READY, "")
    serve(handler)


if __name__ == "__main__":
    # The module that a handler imports by the name of this file is its own, not this one.
    sys.path[:] = [entry for entry in sys.path if entry and os.path.realpath(entry) != os.path.dirname(os.path.realpath(__file__))]
    main()
