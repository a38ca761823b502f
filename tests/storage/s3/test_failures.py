import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from urllib3.exceptions import ProtocolError

from storage.errors import NotFound, PartsDiffer, StorageFull, StorageUnavailable, Undecided
from storage.s3.failures import translate


def refusal(status: int, code: str) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetObject")


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (404, "NoSuchKey", NotFound, "no such object"),
        (404, "404", NotFound, "no such object"),
        (404, "NoSuchUpload", NotFound, "no such multipart"),
        (404, "NoSuchBucket", StorageUnavailable, "bucket does not exist"),
        (404, "NoSuchWhatever", StorageUnavailable, "refused"),
        (400, "ExpiredToken", StorageUnavailable, "credentials have expired"),
        (403, "RequestTimeTooSkewed", StorageUnavailable, "clock"),
        (403, "AccessDenied", StorageUnavailable, "do not allow"),
        (403, "QuotaExceeded", StorageFull, "quota"),
        (507, "Whatever", StorageFull, "full"),
        (503, "Whatever", StorageUnavailable, "overloaded"),
        (500, "InternalError", Undecided, "InternalError"),
        (400, "InvalidPart", PartsDiffer, "other parts"),
        (400, "EntityTooSmall", PartsDiffer, "too small"),
        (418, "", StorageUnavailable, "HTTP 418"),
    ],
)
def test_a_refusal_is_told_in_an_operators_words(status, code, kind, said):
    error = translate(refusal(status, code))
    assert type(error) is kind
    assert said in str(error)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), "cannot be reached"),
        (ReadTimeoutError(endpoint_url="http://x"), "in time"),
        (ProtocolError("broken"), "connection to the store failed"),
    ],
)
def test_a_failure_on_the_way_is_an_outage(failure, said):
    error = translate(failure)
    assert type(error) is StorageUnavailable
    assert said in str(error)


def test_an_answer_without_any_code_is_an_outage():
    assert type(translate(ClientError({}, "GetObject"))) is StorageUnavailable
