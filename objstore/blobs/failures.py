"""What went wrong with one try of a request, told from the exceptions of the libraries below.

They come from botocore, aiohttp, requests, google-auth, azure-core, the s3fs and gcsfs between them, and Python itself, with or
without an HTTP status. They are told apart by the names of their classes, so that none of these packages needs to be loaded, or there.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class Kind(enum.Enum):
    MISSING = enum.auto()  # no such blob
    NO_BUCKET = enum.auto()
    EXISTS = enum.auto()  # the name is taken
    BEYOND = enum.auto()  # the range begins after the end
    UNREACHABLE = enum.auto()  # no connection
    TIMED_OUT = enum.auto()  # no answer
    BROKEN = enum.auto()  # half an answer, a lost one, or one with a wrong checksum
    BUSY = enum.auto()  # the server asks to come again, or has failed itself
    CREDENTIALS = enum.auto()  # none, or wrong ones
    DENIED = enum.auto()  # known, but may not
    UNTRUSTED = enum.auto()  # the server's certificate
    REFUSED = enum.auto()  # whatever else


_TRANSIENT = {Kind.UNREACHABLE, Kind.TIMED_OUT, Kind.BROKEN, Kind.BUSY}
_SILENT = {Kind.UNREACHABLE, Kind.TIMED_OUT, Kind.UNTRUSTED}

_BY_CODE = {
    **dict.fromkeys(("NoSuchKey", "BlobNotFound"), Kind.MISSING),
    **dict.fromkeys(("NoSuchBucket", "InvalidBucketName", "ContainerNotFound"), Kind.NO_BUCKET),
    **dict.fromkeys(("PreconditionFailed", "BlobAlreadyExists"), Kind.EXISTS),
    **dict.fromkeys(("InvalidRange",), Kind.BEYOND),
    **dict.fromkeys(("SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted"), Kind.BUSY),
    # Our bytes arrived damaged.
    **dict.fromkeys(("BadDigest", "InvalidDigest", "IncompleteBody", "XAmzContentSHA256Mismatch"), Kind.BUSY),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"), Kind.CREDENTIALS),
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed"), Kind.CREDENTIALS),
    **dict.fromkeys(("InvalidSecurity", "MissingSecurityHeader", "NotSignedUp", "AuthenticationFailed"), Kind.CREDENTIALS),
}
_BY_STATUS = {
    401: Kind.CREDENTIALS,
    403: Kind.DENIED,
    404: Kind.MISSING,
    408: Kind.BUSY,
    409: Kind.BUSY,  # ConditionalRequestConflict: two creates at once, neither has won yet
    412: Kind.EXISTS,
    416: Kind.BEYOND,
    429: Kind.BUSY,
    501: Kind.REFUSED,
}
# Other exceptions have attributes of these names, too, and no status in them.
_STATUS_OF = {
    "HttpError": "code",  # of gcsfs
    "HTTPError": "code",  # of urllib
    "ClientResponseError": "status",  # of aiohttp
    "HttpResponseError": "status_code",  # of azure
}
# The first line that names a class of the exception, or of one that it wraps, decides.
_BY_CLASS: list[tuple[Kind, set[str]]] = [
    (Kind.UNREACHABLE, {"TransportError"}),  # google-auth couldn't fetch a token: the network's fault, not the credentials'
    (Kind.UNTRUSTED, {"SSLError", "ClientSSLError", "CertificateError", "ClientConnectorCertificateError"}),
    # botocore, then google-auth and azure-core
    (Kind.CREDENTIALS, {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError"}),
    (Kind.CREDENTIALS, {"NoAuthTokenError", "SSOError", "LoginError", "ProfileNotFound"}),
    (Kind.CREDENTIALS, {"GoogleAuthError", "ClientAuthenticationError"}),
    # aiohttp, botocore, urllib3 and azure-core, Python
    (Kind.UNREACHABLE, {"ClientConnectorError", "ConnectionTimeoutError", "ConnectTimeoutError", "ProxyConnectionError"}),
    (Kind.UNREACHABLE, {"NewConnectionError", "NameResolutionError", "ServiceRequestError", "gaierror", "ConnectionRefusedError"}),
    (Kind.TIMED_OUT, {"TimeoutError", "ReadTimeoutError", "Timeout", "ServiceResponseTimeoutError"}),
    # aiohttp, botocore, s3fs and azure-core, requests and Python. Not botocore's HTTPClientError: it may wrap any mistake.
    (Kind.BROKEN, {"ClientConnectionError", "ClientPayloadError", "HttpProcessingError"}),
    (Kind.BROKEN, {"ConnectionClosedError", "ResponseStreamingError", "IncompleteReadError", "ResponseParserError"}),
    (Kind.BROKEN, {"ChecksumError", "FlexibleChecksumError", "IncompleteRead", "ServiceResponseError"}),
    (Kind.BROKEN, {"RequestException", "ConnectionError", "JSONDecodeError", "ShortAnswerError"}),
    (Kind.MISSING, {"FileNotFoundError", "NotADirectoryError", "IsADirectoryError"}),
    (Kind.EXISTS, {"FileExistsError"}),
    (Kind.DENIED, {"PermissionError"}),
]


class ShortAnswerError(Exception):
    """The answer to a request for a range has fewer bytes than the blob."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try failed. `detail` is fit for a message: a status, a code or a host, never what a server or a library wrote."""

    kind: Kind
    detail: str = ""

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed in a moment."""
        return self.kind in _TRANSIENT

    @property
    def vague(self) -> bool:
        """Whether it leaves open if there is a bucket, or if the credentials are right: a 403, or a 404 without a code."""
        return self.kind is Kind.DENIED or (self.kind is Kind.MISSING and " " not in self.detail)

    @property
    def answered(self) -> bool:
        """Whether there was somebody to answer."""
        return self.kind not in _SILENT


# All that gcsfs tells of these.
_BY_TEXT = [("Forbidden", Failure(Kind.DENIED, "403")), ("Bad Request", Failure(Kind.REFUSED, "400"))]


def failure_of(error: BaseException) -> Failure:
    """What the exception that a try ended with means."""
    for wrapped in _layers(error):
        status, code = _status_and_code(wrapped)
        kind = _BY_CODE.get(code) or _BY_STATUS.get(status) or (Kind.BUSY if status >= 500 else None)
        if kind or status >= 300:
            return Failure(kind or Kind.REFUSED, " ".join(str(part) for part in (status or "", code) if part and code != str(status)))
    for beginning, told in _BY_TEXT:
        if str(error).startswith(beginning):
            return told
    *_, innermost = layers = list(_layers(error))
    names = {cls.__name__ for wrapped in layers for cls in type(wrapped).__mro__}
    for kind, classes in _BY_CLASS:
        if names & classes:
            return Failure(kind, _detail(kind, error, names))
    return Failure(Kind.REFUSED, type(innermost).__name__)


def _layers(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it says it wraps. Not its context: that may be something the caller was just handling."""
    layer: Any = error
    for _ in range(8):
        if not isinstance(layer, BaseException):
            return
        yield layer
        # Where botocore, aiohttp, urllib3 and requests keep it.
        kept = getattr(layer, "kwargs", {}).get("error"), *(getattr(layer, name, None) for name in ("os_error", "reason")), *layer.args[:1]
        layer = layer.__cause__ or next((inner for inner in kept if isinstance(inner, BaseException)), None)


def _status_and_code(error: Any) -> tuple[int, str]:
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return int(status), str(response.get("Error", {}).get("Code", ""))
    for cls in type(error).__mro__:
        status = getattr(error, _STATUS_OF.get(cls.__name__, ""), None)
        if str(status).isdigit():
            return int(str(status)), str(getattr(error, "error_code", None) or "")
    return 0, ""


def _detail(kind: Kind, error: BaseException, names: set[str]) -> str:
    if kind is not Kind.UNREACHABLE:
        return type(error).__name__
    if names & {"gaierror", "ClientConnectorDNSError", "NameResolutionError"}:
        why = "its name is unknown"
    elif names & {"ConnectTimeoutError", "ConnectionTimeoutError"}:
        why = "no answer"
    else:
        why = "connection refused" if "ConnectionRefusedError" in names else "no connection"
    host = next(filter(None, map(_host, _layers(error))), "")
    return f"{host}: {why}" if host else why


def _host(error: Any) -> str:
    url = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", "")))
    host, port = (url.hostname, url.port) if url.hostname else (getattr(error, "host", None), getattr(error, "port", None))
    return f"{host}:{port}" if host and port else str(host or "")
