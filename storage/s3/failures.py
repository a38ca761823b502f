"""What an object store's refusals and a network's failures mean: the one table, in an operator's words."""

from collections.abc import Mapping

from botocore import exceptions as raised
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from storage.errors import NotFound, PartsDiffer, StorageError, StorageFull, StorageUnavailable, Undecided

#: Refusals by the store's own code (Amazon S3 API Reference, "Error responses"), or by HTTP status where
#: the answer has no body.
_CODES: Mapping[str, tuple[type[StorageError], str]] = {
    "NoSuchKey": (NotFound, "there is no such object"),
    "NoSuchUpload": (NotFound, "there is no such multipart upload"),
    "404": (NotFound, "there is no such object"),
    "NoSuchBucket": (StorageUnavailable, "the bucket does not exist"),
    "AccessDenied": (StorageUnavailable, "the credentials do not allow this"),
    "AllAccessDisabled": (StorageUnavailable, "the account is disabled"),
    "403": (StorageUnavailable, "the credentials are wrong or do not allow this"),
    "InvalidAccessKeyId": (StorageUnavailable, "the store does not know the access key"),
    "SignatureDoesNotMatch": (StorageUnavailable, "the secret key is wrong"),
    "ExpiredToken": (StorageUnavailable, "the credentials have expired"),
    "ExpiredTokenException": (StorageUnavailable, "the credentials have expired"),
    "InvalidToken": (StorageUnavailable, "the credentials are not valid"),
    "TokenRefreshRequired": (StorageUnavailable, "the credentials have expired"),
    "RequestExpired": (StorageUnavailable, "this machine's clock and the store's differ"),
    "RequestTimeTooSkewed": (StorageUnavailable, "this machine's clock and the store's differ"),
    "PermanentRedirect": (StorageUnavailable, "the bucket is in another region"),
    "AuthorizationHeaderMalformed": (StorageUnavailable, "the bucket is in another region"),
    "301": (StorageUnavailable, "the bucket is in another region"),
    "InvalidPart": (PartsDiffer, "the store has other parts"),
    "EntityTooSmall": (PartsDiffer, "a part is too small"),
    "InternalError": (Undecided, "the store failed"),
    "SlowDown": (StorageUnavailable, "the store asks for fewer requests"),
    "503": (StorageUnavailable, "the store is overloaded or being restarted"),
    "InsufficientStorage": (StorageFull, "the store is full"),
    "QuotaExceeded": (StorageFull, "the quota is used up"),
    "XMinioStorageFull": (StorageFull, "the store is full"),
    "XAmzQuotaExceeded": (StorageFull, "the quota is used up"),
    "507": (StorageFull, "the store is full"),
}

#: Failures on the way to the store; first match wins.
_FAILURES: tuple[tuple[type[BotoCoreError | HTTPError], str], ...] = (
    (raised.NoCredentialsError, "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    (raised.PartialCredentialsError, "the credentials are incomplete"),
    (raised.CredentialRetrievalError, "the credentials could not be renewed"),
    (raised.ConnectTimeoutError, "the store cannot be reached"),
    (raised.EndpointConnectionError, "the store cannot be reached"),
    (raised.ReadTimeoutError, "the store did not answer in time"),
    (raised.SSLError, "the store's certificate was not accepted"),
    (raised.ConnectionClosedError, "the store cut the connection"),
    (raised.HTTPClientError, "the connection to the store failed"),
    (HTTPError, "the connection to the store failed"),
    (raised.IncompleteReadError, "the store cut an answer short"),
)


def translate(error: BotoCoreError | ClientError | HTTPError) -> StorageError:
    """Return the error of this package that a refusal or a failure stands for."""
    if isinstance(error, ClientError):
        return _refusal(error)
    words = next((words for kind, words in _FAILURES if isinstance(error, kind)), "the store failed")
    return StorageUnavailable(f"{words} ({error})")


def _refusal(error: ClientError) -> StorageError:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # That an object is gone counts only in the store's own words: a wrong address is answered 404, too.
    by_status = "" if status == 404 else str(status)
    kind, words = _CODES.get(code) or _CODES.get(by_status) or (StorageUnavailable, "the store refused")
    return kind(f"{words} ({error.operation_name}: {code}, HTTP {status})")


def code_of(error: ClientError) -> str:
    """Return the store's own code of a refusal; the HTTP status as text where the answer had no body."""
    return error.response.get("Error", {}).get("Code", "")
