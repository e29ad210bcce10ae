"""An S3 server from a package (SeaweedFS): loopback only, with signatures, never outlives us."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
from pathlib import Path

import boto3
import httpx
from botocore.config import Config

from storage.embedded.binaries import s3_program
from storage.embedded.processes import (
    GRPC_OFFSET,
    Command,
    free_ports,
    port_again,
    spawn,
    stop,
    wait_until,
)
from storage.home import write_private

BUCKET = "recordings"
_SOCKETS = Path("/tmp")  # noqa: S108 - the server allows no other place for most of them
_START_S = 60.0


class EmbeddedS3:
    """One server on the data under ``servers``.

    Args:
        servers: The folder for data and log.
        port: Where the server listened before, if it did.
    """

    def __init__(self, servers: Path, *, port: int = 0) -> None:
        self._servers = servers
        self._folder = servers / "s3"
        self._ports = self._folder / "ports.json"
        self._log = servers / "s3.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = port
        self.endpoint = ""
        self.access_key = "callsure"
        self.secret_key = ""
        self.bucket = BUCKET

    def start(self) -> None:
        """Start the server and wait for its bucket (blocking)."""
        data, scratch = self._folder / "data", self._folder / "tmp"
        for folder in (self._folder, data, scratch):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._clear_sockets()
        self.secret_key = self._secret()
        self._port = port_again(self._port)
        ports = [self._port, *free_ports(4)]
        write_private(self._ports, json.dumps(ports))
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self._process = spawn(
            Command(
                [s3_program(), *_arguments(data, ports)],
                log=self._log,
                death_signal=signal.SIGKILL,
                environment={
                    "PATH": os.defpath,
                    "HOME": str(scratch),
                    "TMPDIR": str(scratch),
                    "AWS_ACCESS_KEY_ID": self.access_key,
                    "AWS_SECRET_ACCESS_KEY": self.secret_key,
                },
                folder=scratch,
            )
        )
        wait_until(self._is_ready, self._process, self._log, _START_S)

    def stop(self) -> None:
        """Shut down (blocking)."""
        if self._process is not None:
            stop(self._process, signal.SIGTERM, 5.0)
            self._process = None
            self._clear_sockets()

    def _clear_sockets(self) -> None:
        """Remove the sockets that the server puts in ``/tmp`` and leaves there when killed."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            for port in json.loads(self._ports.read_text(encoding="utf-8")):
                for socket in _SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                    socket.unlink(missing_ok=True)
                for socket in _SOCKETS.glob(f"seaweedfs-*-grpc-{port + GRPC_OFFSET}.sock"):
                    socket.unlink(missing_ok=True)
            self._ports.unlink()

    def _secret(self) -> str:
        path = self._servers / "s3.secret"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text(encoding="utf-8")

    def _is_ready(self) -> bool:
        """Whether the bucket is there, open to its owner and closed to strangers."""
        try:
            stranger = httpx.get(f"{self.endpoint}/{self.bucket}", timeout=1, trust_env=False)
            owner = httpx.head(self._signed_address(), timeout=1, trust_env=False)
        except httpx.HTTPError:
            return False
        return (stranger.status_code, owner.status_code) == (
            httpx.codes.FORBIDDEN,
            httpx.codes.OK,
        )

    def _signed_address(self) -> str:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        return client.generate_presigned_url("head_bucket", Params={"Bucket": self.bucket})


def _arguments(data: Path, ports: list[int]) -> list[str]:
    s3, master, volume, filer, admin = ports
    return [
        *("-logtostderr", "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"),
        *(f"-s3.port={s3}", f"-admin.port={admin}", "-admin.ui=false", "-webdav=false"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
        *("-volume.preStopSeconds=0", f"-bucket={BUCKET}"),
    ]
