"""Settings: the only reader of the environment.

Every setting is an environment variable with the prefix `INTAKE_`; sizes are bytes, durations seconds.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.bucket import BucketAddress, parse_bucket
from config.profiles import load_profiles

GIB = 1 << 30
MIB = 1 << 20

#: Signatures with a public key. `none` and shared secrets (HS…) cannot even be chosen.
SignatureAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]

#: An origin as browsers write it (RFC 6454, section 6.2).
Origin = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?$")]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """One deployment's choices; immutable once read."""

    # A refused value may hold a password, so it is not repeated.
    model_config = SettingsConfigDict(
        env_prefix="INTAKE_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    #: Folder of everything that is kept: database, blobs, uploads, scratch, sockets.
    data: Path = Path(".data")
    #: Where uploads and blobs lie: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`; empty: under `data`.
    storage: str = ""
    #: Connections of one process to the object store at once, each with a thread.
    storage_connections: int = Field(default=16, ge=2)
    #: Bytes of each part of an upload but the last, for stores that want equal parts, as R2 does (10,000 at
    #: most are an upload); `None`: 8 MiB, and more from 16 GiB on.
    storage_part_bytes: int | None = Field(default=None, ge=5 << 20, le=5 << 30)
    #: The most bytes that local copies of what lies in an object store have under `data`, but those in use.
    cache_bytes: int = Field(default=20 * GIB, ge=0)
    #: Whoever reads ready bytes is sent on to the object store; without it they pass through the gateway.
    redirect_downloads: bool = False
    #: Clients may send uploads straight to the object store, in parts (`/v1/s3/multipart`, for Uppy).
    direct_uploads: bool = False
    #: Addresses at the object store that clients are given are good for so long.
    link_seconds: int = Field(default=900, ge=1, le=604_800)
    #: SQLAlchemy URL of PostgreSQL, for several machines: `postgresql://USER:PASSWORD@HOST/NAME`; empty:
    #: SQLite under `data`, for one.
    database_url: str = ""
    #: Redis URL; empty: the socket `redis.sock` under `data`.
    redis_url: str = ""
    #: Prefix of every Redis key, so that several deployments can share a server.
    redis_prefix: str = "intake"
    #: clamd's Unix sockets; empty: `clamd.sock` under `data`.
    clamd_sockets: tuple[Path, ...] = ()

    #: Address and port the gateway listens on; port 0 takes a free one.
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)

    #: Who signs the portals' bearer tokens (JWT), whom they must be meant for, and where the issuer publishes
    #: its public keys: https or a file, http from this machine only. Empty: only API keys are accepted.
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_jwks_url: str = ""
    #: Signatures accepted on bearer tokens, as a JSON list; `none` and HS… cannot be chosen.
    jwt_algorithms: tuple[SignatureAlgorithm, ...] = ("RS256", "ES256", "EdDSA")
    #: Claims of a bearer token that hold its centre (text) and its roles (a list).
    jwt_centre_claim: str = "centre"
    jwt_roles_claim: str = "roles"
    #: Origins of the portals whose pages may use this server, as a JSON list: `["https://portal.example"]`.
    cors_origins: tuple[Origin, ...] = ()

    #: Evidence may become ready although the signatures' age is unknown. For demonstrations only.
    allow_demonstration_signatures: bool = False
    #: Signatures older than this make evidence wait.
    signature_max_age_seconds: float = Field(default=3 * 86_400, gt=0)
    #: Folder of the signatures that clamd loads: changes that clamd's version does not tell are seen there.
    signatures: Path | None = None
    #: How often new signatures are looked for; they count once every clamd had this long to load them.
    signature_check_seconds: float = Field(default=60, gt=0)
    #: The bytes of infected and rejected evidence are deleted this long after its end; its record stays.
    quarantine_seconds: float = Field(default=90 * 86_400, gt=0)

    #: Unfinished uploads one centre may have at once, and all together (25 each of 2,000 centres).
    open_uploads_per_centre: int = Field(default=1000, ge=1)
    open_uploads: int = Field(default=50_000, ge=1)
    #: Bytes that unfinished uploads may have announced: of one centre (20 films of the largest size), and of
    #: all (one such film of each of 2,000 centres).
    open_bytes_per_centre: int = Field(default=10**12, ge=1)
    open_bytes: int = Field(default=10**14, ge=1)
    #: Bodies one process receives at once before it takes no new uploads: 1 MB a second is left for each.
    receiving_requests: int = Field(default=500, ge=1)
    #: A body that brings less than this over twice `silent_connection_seconds` is ended; 0: none is.
    minimum_rate_bytes_per_second: float = Field(default=100, ge=0)
    #: An upload nobody finished is dropped this long after its last byte.
    upload_lifetime_seconds: float = Field(default=7 * 86_400, gt=0)
    #: And this long after its creation, however many bytes still come.
    upload_max_age_seconds: float = Field(default=30 * 86_400, gt=0)
    #: A finished upload still answers HEAD for this long.
    finished_upload_lifetime_seconds: float = Field(default=86_400, gt=0)
    #: Compute the SHA-256 while bytes arrive, so that the last answer says it; costs the gateway CPU time.
    hash_while_receiving: bool = False
    #: The most bytes that a proxy in front lets through in one request, for clients of IETF resumable uploads
    #: to keep to; `None`: there is no such limit.
    proxy_body_bytes: int | None = Field(default=None, ge=1)
    #: The proxies in front pass interim responses (104) on; nginx does not, and takes them for the answer.
    proxy_passes_interim: bool = False
    #: A connection that sends nothing for this long is cut.
    silent_connection_seconds: float = Field(default=30, gt=0)
    #: Streams of events one process serves at once, and those of one centre among them.
    event_streams: int = Field(default=1000, ge=1)
    event_streams_per_centre: int = Field(default=300, ge=1)
    #: New bytes are refused when less than this stays free; `None`: the smaller of 5 % and 2 GiB.
    free_disk_reserve_bytes: int | None = None

    #: Jobs one worker process runs at once, by queue.
    scan_slots: int = Field(default=4, ge=1)
    verify_slots: int = Field(default=2, ge=1)
    video_slots: int = Field(default=1, ge=1)
    image_slots: int = Field(default=2, ge=1)
    #: A film that lasts three times this or longer is encoded in segments of at least this length by all
    #: workers; one that is killed costs a segment.
    segment_seconds: float = Field(default=60, gt=0)
    #: The profile of `config/profiles.toml` by which reading copies of films and recordings are made:
    #: `review-1080p`; `review-480p` for slow networks; `review-1080p-av1` for fewer bytes, in new browsers.
    video_profile: str = "review-1080p"
    #: A worker that says nothing for this long has lost its jobs.
    lease_seconds: float = Field(default=15, gt=0)
    #: How often facts and queues are compared and lost jobs pushed again.
    reconcile_seconds: float = Field(default=2, gt=0)
    #: A stage that fails this often ends `failed`.
    max_attempts: int = Field(default=5, ge=1)
    #: The longest pause between two attempts, or between two looks at a part that is down.
    max_backoff_seconds: float = Field(default=60, gt=0)
    #: What a stopping worker gives its running jobs before it hands them back.
    drain_seconds: float = Field(default=5, ge=0)

    log_level: str = "INFO"

    @model_validator(mode="after")
    def _fill_from_data(self) -> Self:
        """Derive what lies under `data` unless it was set."""
        data = self.data.absolute()
        derived = {
            "data": data,
            "database_url": self.database_url or f"sqlite:///{data / 'intake.db'}",
            "redis_url": self.redis_url or f"unix://{data / 'run' / 'redis.sock'}",
            "clamd_sockets": self.clamd_sockets or (data / "run" / "clamd.sock",),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        return self

    @model_validator(mode="after")
    def _check_issuer(self) -> Self:
        """Refuse half an issuer, and keys that anybody on the way could replace."""
        given = (self.jwt_issuer, self.jwt_audience, self.jwt_jwks_url)
        if any(given) and not all(given):
            raise ValueError("jwt_issuer, jwt_audience and jwt_jwks_url belong together")
        url = urlsplit(self.jwt_jwks_url)
        if url.scheme and url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
            raise ValueError("jwt_jwks_url must be https, a file's path, or http on this machine")
        return self

    @field_validator("storage")
    @classmethod
    def _check_storage(cls, storage: str) -> str:
        if storage:
            parse_bucket(storage)
        return storage

    @field_validator("video_profile")
    @classmethod
    def _check_profile(cls, name: str) -> str:
        """Refuse a name that is not in the table."""
        names = load_profiles().video
        if name not in names:
            raise ValueError(f"there is no such profile in profiles.toml, only {', '.join(names)}")
        return name

    @property
    def bucket(self) -> BucketAddress | None:
        """The object store; `None`: bytes lie on this machine's disk."""
        return parse_bucket(self.storage) if self.storage else None

    @property
    def scratch(self) -> Path:
        """Folder for work that may vanish at any time; same file system as the blobs."""
        return self.data / "scratch"

    @property
    def store(self) -> Path:
        """Folder of uploads and blobs."""
        return self.data / "store"
