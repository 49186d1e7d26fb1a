"""An outside address as its user writes it."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from objstore.errors import InvalidInputError, InvalidTypeError

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_SAME = {"local": "file", "s3a": "s3", "gcs": "gs", "https": "http"}
_OURS = {"file", "http", "s3", "gs"}
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^:@\[\]]+)(?::[0-9]{1,5})?")
_PINNED = {"s3": re.compile(r"\?versionId=([^?&#/]+)\Z"), "gs": re.compile(r"#([0-9]+)\Z")}
# What makes a signed address: whoever has one may read the object, for a while.
_SIGNATURES = {"x-amz-signature", "x-amz-security-token", "x-goog-signature", "awsaccesskeyid", "googleaccessid", "sig", "access_token"}


@dataclass(frozen=True, slots=True)
class Uri:
    """`text` is the address as given. `path` is what follows the scheme, without a version that the address pins."""

    text: str
    scheme: str
    path: str
    version: str | None = None

    @classmethod
    def parse(cls, text: object) -> "Uri":
        """The address that `text` means. InvalidInputError if it can't be one, or has credentials in it, which it doesn't repeat."""
        if not isinstance(text, str):
            raise InvalidTypeError(f"a reference is the URI of something, as text, not {type(text).__name__}")
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            raise InvalidInputError("a URI can't contain control characters")
        matched = _URI.fullmatch(text)
        if matched is None:
            raise InvalidInputError(f"{text!r} is not a URI; write file:///data/x for a file of this machine, or s3://, gs://, https://, …")
        scheme = _SAME.get(matched[1].lower(), matched[1].lower())
        if scheme in ("http", "s3", "gs") and matched[2][:1] in ("", "/"):
            raise InvalidInputError(f"{text!r} names no {'host' if scheme == 'http' else 'bucket'}; write {matched[1]}://NAME/…")
        _check_no_secret(scheme, matched[2])
        pinned = _PINNED[scheme].search(matched[2]) if scheme in _PINNED else None
        path = matched[2][: pinned.start()] if pinned else matched[2]
        return cls(text, scheme, path, pinned[1] if pinned else None)

    @property
    def bucket(self) -> str:
        return self.path.partition("/")[0]

    @property
    def key(self) -> str:
        """What follows the bucket, or the host."""
        return self.path.partition("/")[2]

    @property
    def base_name(self) -> str:
        """The last part of the path; empty where there is none."""
        path = _links(self.scheme, self.path)[0]
        if self.scheme == "http":
            path = re.split(r"[?#]", path, maxsplit=1)[0].partition("/")[2]
        return path.rstrip("/").rpartition("/")[2]

    def below(self, relative: str) -> str:
        """The address of what is called so below this one, as a folder."""
        first, *chain = _links(self.scheme, self.text)
        return "::".join([f"{first.rstrip('/')}/{relative}", *chain])


def _links(scheme: str, text: str) -> list[str]:
    """Those of a chain, which only fsspec knows."""
    return [text] if scheme in _OURS else text.split("::")


def _check_no_secret(scheme: str, rest: str) -> None:
    for link in _links(scheme, rest):
        inner = _URI.fullmatch(link)
        if _may_hold_password(_SAME.get(inner[1].lower(), inner[1].lower()) if inner else scheme, inner[2] if inner else link):
            raise InvalidInputError(
                "a reference is stored for all to see, so its URI can't hold a user and password; leave them to the environment "
                "(for http, to ~/.netrc)"
            )
    names = {name.lower() for name, _ in parse_qsl(rest.partition("?")[2], keep_blank_values=True)}
    if names & _SIGNATURES:
        raise InvalidInputError(
            "a reference is stored for all to see, and for long, so its URI can't be a signed one; give the plain address of the object"
        )


def _may_hold_password(scheme: str, rest: str) -> bool:
    """Whether there is a user before the host. A password may have any characters, and a user alone may be a token."""
    if scheme == "file":
        return False
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if scheme == "http":
        return _HOST.fullmatch(authority) is None
    return ":" in (authority if "@" in authority else rest if ":" in authority else "").rpartition("@")[0]
