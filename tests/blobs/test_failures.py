"""What the exceptions of the libraries below mean, and what is told about them."""

import json
import socket
import ssl

import pytest

from objstore.blobs.explaining import explained
from objstore.blobs.failures import Failure, Kind, failure_of
from objstore.errors import BlobExistsError, CorruptionError, NotFoundError, RemoteError

aiohttp = pytest.importorskip("aiohttp")
botocore = pytest.importorskip("botocore.exceptions")
s3fs_errors = pytest.importorskip("s3fs.errors")
gcsfs = pytest.importorskip("gcsfs.retry")
requests = pytest.importorskip("requests")
google = pytest.importorskip("google.auth.exceptions")

SECRET = "AKIA-secret-of-mine"


def s3(status, code, **more):
    """As s3fs raises what S3 has answered."""
    response = {
        "Error": {"Code": code, "Message": f"about {SECRET}", **more},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return s3fs_errors.translate_boto_error(botocore.ClientError(response, f"PutObject {SECRET}"))


def gcs(status, message="", path=f"https://host/o?token={SECRET}"):
    """As gcsfs raises what GCS has answered."""
    try:
        gcsfs.validate_response(status, json.dumps({"error": {"code": status, "message": message or SECRET}}), path)
    except Exception as error:
        return error


def caused(error, cause):
    error.__cause__ = cause
    return error


KEY = aiohttp.client_reqrep.ConnectionKey("storage.example", 443, True, True, None, None, None)
URL = f"https://ann:{SECRET}@storage.example:9000/b/k?X-Amz-Signature={SECRET}"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (s3(404, "NoSuchKey"), Kind.MISSING),
        (s3(404, "404"), Kind.MISSING),
        (s3(404, "NoSuchBucket"), Kind.NO_BUCKET),
        (s3(400, "InvalidBucketName"), Kind.NO_BUCKET),
        (s3(412, "PreconditionFailed"), Kind.EXISTS),
        (s3(412, "PreconditionFailed", Condition="If-None-Match"), Kind.EXISTS),
        (s3(409, "ConditionalRequestConflict"), Kind.BUSY),
        (s3(416, "InvalidRange"), Kind.BEYOND),
        (s3(503, "SlowDown"), Kind.BUSY),
        (s3(500, "InternalError"), Kind.BUSY),
        (s3(502, "502"), Kind.BUSY),
        (s3(429, "TooManyRequests"), Kind.BUSY),
        (s3(400, "RequestTimeout"), Kind.BUSY),
        (s3(400, "BadDigest"), Kind.BUSY),
        (s3(403, "AccessDenied"), Kind.DENIED),
        (s3(403, "403"), Kind.DENIED),
        (s3(403, "InvalidAccessKeyId"), Kind.CREDENTIALS),
        (s3(403, "SignatureDoesNotMatch"), Kind.CREDENTIALS),
        (s3(400, "ExpiredToken"), Kind.CREDENTIALS),
        (s3(403, "RequestTimeTooSkewed"), Kind.CREDENTIALS),
        (s3(301, "PermanentRedirect"), Kind.REFUSED),
        (s3(501, "NotImplemented"), Kind.REFUSED),
        (botocore.NoCredentialsError(), Kind.CREDENTIALS),
        (botocore.PartialCredentialsError(provider="env", cred_var=SECRET), Kind.CREDENTIALS),
        (botocore.ProfileNotFound(profile="x"), Kind.CREDENTIALS),
        (botocore.EndpointConnectionError(endpoint_url=URL), Kind.BROKEN),
        (botocore.EndpointConnectionError(endpoint_url=URL, error=aiohttp.ClientConnectorError(KEY, OSError(SECRET))), Kind.UNREACHABLE),
        (botocore.EndpointConnectionError(endpoint_url=URL, error=aiohttp.ClientOSError(104, SECRET)), Kind.BROKEN),
        (botocore.ConnectTimeoutError(endpoint_url=URL, error=SECRET), Kind.UNREACHABLE),
        (botocore.ReadTimeoutError(endpoint_url=URL, error=SECRET), Kind.TIMED_OUT),
        (botocore.ConnectionClosedError(endpoint_url=URL, error=SECRET), Kind.BROKEN),
        (botocore.SSLError(endpoint_url=URL, error=SECRET), Kind.UNTRUSTED),
        (botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2), Kind.BROKEN),
        (botocore.HTTPClientError(error=aiohttp.http_exceptions.BadStatusLine(SECRET)), Kind.BROKEN),
        (botocore.HTTPClientError(error=RuntimeError("cannot schedule new futures after shutdown")), Kind.REFUSED),
        (gcs(404), Kind.MISSING),
        (gcs(412), Kind.EXISTS),
        (gcs(403), Kind.DENIED),
        (gcs(401, "Invalid Credentials"), Kind.CREDENTIALS),
        (gcs(416), Kind.BEYOND),
        (gcs(429), Kind.BUSY),
        (gcs(500), Kind.BUSY),
        (gcs(502), Kind.BROKEN),
        (gcs(503), Kind.BUSY),
        (gcs(400, "invalid bucket"), Kind.REFUSED),
        (google.DefaultCredentialsError(SECRET), Kind.CREDENTIALS),
        (google.RefreshError(SECRET), Kind.CREDENTIALS),
        (google.TransportError(SECRET), Kind.UNREACHABLE),
        (caused(google.RefreshError(SECRET), google.TransportError(SECRET)), Kind.UNREACHABLE),
        (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, SECRET)), Kind.UNREACHABLE),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError(SECRET)), Kind.UNTRUSTED),
        (aiohttp.ServerDisconnectedError(SECRET), Kind.BROKEN),
        (caused(aiohttp.ClientPayloadError(SECRET), aiohttp.http_exceptions.ContentLengthError(SECRET)), Kind.BROKEN),
        (aiohttp.SocketTimeoutError(SECRET), Kind.TIMED_OUT),
        (aiohttp.ConnectionTimeoutError(SECRET), Kind.UNREACHABLE),
        (requests.exceptions.ConnectionError(SECRET), Kind.BROKEN),
        (requests.exceptions.ReadTimeout(SECRET), Kind.TIMED_OUT),
        (TimeoutError(), Kind.TIMED_OUT),
        (ConnectionResetError(104, SECRET), Kind.BROKEN),
        (ConnectionRefusedError(111, SECRET), Kind.UNREACHABLE),
        (socket.gaierror(-2, SECRET), Kind.UNREACHABLE),
        (FileNotFoundError(SECRET), Kind.MISSING),
        (FileExistsError(SECRET), Kind.EXISTS),
        (PermissionError(SECRET), Kind.DENIED),
        (json.JSONDecodeError(SECRET, SECRET, 0), Kind.BROKEN),
        (RuntimeError(SECRET), Kind.REFUSED),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else type(value).__name__,
)
def test_an_exception_is_known_and_what_is_told_of_it_has_no_secret(error, kind):
    failure = failure_of(error)
    assert failure.kind is kind
    for doing in ("read", "write", "list", "delete"):
        told = str(explained(failure, 3, "s3://bucket/x", doing, "log/main/1"))
        assert "bucket" in told
        assert "secret" not in told
        assert "\n" not in told


def test_what_was_being_handled_elsewhere_does_not_matter():
    try:
        try:
            raise FileNotFoundError("a local file")
        except FileNotFoundError:
            raise ConnectionResetError from None
    except ConnectionResetError as error:
        assert error.__context__ is not None
        assert failure_of(error).kind is Kind.BROKEN


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        (Failure(Kind.MISSING), NotFoundError, "there is no"),
        (Failure(Kind.EXISTS), BlobExistsError, "exists already"),
        (Failure(Kind.BEYOND), CorruptionError, "fsck"),
        (Failure(Kind.NO_BUCKET), RemoteError, "bucket .* doesn't exist"),
        (Failure(Kind.UNREACHABLE, "host:1: connection refused"), RemoteError, "can't reach .*host:1: connection refused"),
        (Failure(Kind.TIMED_OUT), RemoteError, "timed out: .* 3 times"),
        (Failure(Kind.BROKEN), RemoteError, "broke off 3 times"),
        (Failure(Kind.BUSY, "503 SlowDown"), RemoteError, "failed 3 times .503 SlowDown.; wait"),
        (Failure(Kind.CREDENTIALS, "403 InvalidAccessKeyId"), RemoteError, "credentials .*AWS_PROFILE"),
        (Failure(Kind.CREDENTIALS, "403 RequestTimeTooSkewed"), RemoteError, "clock is wrong"),
        (Failure(Kind.CREDENTIALS, "400 AuthorizationHeaderMalformed"), RemoteError, "region is wrong"),
        (Failure(Kind.DENIED), RemoteError, "may not read .*s3:ListBucket"),
        (Failure(Kind.UNTRUSTED, "SSLError"), RemoteError, "certificate"),
        (Failure(Kind.REFUSED, "301 PermanentRedirect"), RemoteError, "refused to read .*301 PermanentRedirect"),
    ],
)
def test_every_failure_says_why_and_what_to_do(failure, kind, words):
    with pytest.raises(kind, match=words):
        raise explained(failure, 3, "s3://bucket/x", "read", "objstore.json")
