"""What is told when a request to a remote has failed: one line that says why, and what to do."""

from objstore.blobs.failures import Failure, Kind
from objstore.errors import BlobExistsError, CorruptionError, NotFoundError, ObjstoreError, RemoteError


def explained(failure: Failure, tries: int, where: str, doing: str, name: str) -> ObjstoreError:
    """The error for a caller that was `doing` ("read", "write", "list", "delete") `name` in `where`; nothing secret is in it."""
    what = f"{name} in {where}" if name else where
    match failure.kind:
        case Kind.MISSING:
            return NotFoundError(f"there is no {what}")
        case Kind.EXISTS:
            return BlobExistsError(f"{what} exists already")
        case Kind.BEYOND:
            return CorruptionError(f"{what} is cut short; run `objstore fsck`")
        case _:
            return RemoteError(_reason(failure, tries, where, doing, what))


def _reason(failure: Failure, tries: int, where: str, doing: str, what: str) -> str:
    often = f" {tries} times" if tries > 1 else ""
    match failure.kind:
        case Kind.NO_BUCKET:
            return f"the bucket of {where} doesn't exist; create it, or correct the address"
        case Kind.UNREACHABLE:
            return f"can't reach {where} ({failure.detail}); check the network, and the endpoint if you set one"
        case Kind.TIMED_OUT:
            return f"timed out: {where} didn't answer{often}; check the network and the endpoint, then try again"
        case Kind.BROKEN:
            return f"the connection to {where} broke off{often}; check the network, then try again"
        case Kind.BUSY:
            return f"{where} failed{often} ({failure.detail}); wait a while, then try again"
        case Kind.CREDENTIALS:
            return f"wrong or missing credentials for {where} ({failure.detail}); {_credentials(where, failure.detail)}"
        case Kind.DENIED:
            return f"access denied: may not {doing} {what}{_denied(where, doing)}"
        case Kind.UNTRUSTED:
            return f"the certificate of {where} can't be trusted ({failure.detail}); check the endpoint and this machine's certificates"
        case _:
            return f"{where} refused to {doing} {what} ({failure.detail}); check the address and the options"


def _credentials(where: str, detail: str) -> str:
    if "RequestTimeTooSkewed" in detail:
        return "this machine's clock is wrong: set it"
    if "AuthorizationHeaderMalformed" in detail:
        return "the region is wrong: set AWS_REGION"
    if where.startswith("s3:"):
        return "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if where.startswith("gs:"):
        return "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"
    return "check those you gave"


def _denied(where: str, doing: str) -> str:
    if doing == "read" and where.startswith("s3:"):
        return ", or it isn't there: S3 tells only those who may list the bucket (s3:ListBucket)"
    if doing in ("write", "delete"):
        return "; the bucket is read-only to these credentials"
    return "; ask its owner for access"
