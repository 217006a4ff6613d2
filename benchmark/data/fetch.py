"""Downloading a data set's file from its origin: https only, checksum verified, whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from email.message import Message
from pathlib import Path, PurePath
from typing import IO, Any, NamedTuple

from benchmark.data.locate import download_folder, file_sha256
from benchmark.data.spec import DatasetSpec
from benchmark.errors import UserError, one_line
from benchmark.files import replacing

CHUNK = 1 << 16
TIMEOUT_SECONDS = 30.0

ReportBytes = Callable[[int, int | None], None]
"""Called with the bytes received and the bytes expected (None where the server does not say)."""


class Fetched(NamedTuple):
    """A data set's file, and whether it was downloaded now or was there already."""

    path: Path
    downloaded: bool


def fetch(
    spec: DatasetSpec,
    destination: Path,
    progress: ReportBytes | None = None,
    *,
    open_url: Callable[[str], Any] | None = None,
) -> Fetched:
    """Download the data set's file to where `locate` looks for it, unless it is there already.

    That is the folder `destination`, or for somebody's own data set the folder that its file is relative to.
    `open_url` maps an address to a response (a context manager with `read(n)` and `headers`). Raises UserError where
    the set has no address, the download fails, or what came is not the file that the checksum describes; nothing is
    kept then. Raises UserError too for a file outside that folder.
    """
    if spec.recipe is not None:
        raise UserError(f"the data set '{spec.id}' is generated; there is nothing to fetch.")
    if spec.url is None or spec.sha256 is None or spec.file is None:
        raise UserError(
            f"the data set '{spec.id}' states no url and sha256 to fetch its file by; add them to its YAML file."
        )
    folder = destination if spec.folder is None else Path(spec.folder)
    path = folder / spec.file
    # By its name alone: a link in the folder is the user's own.
    if PurePath(spec.file).is_absolute() or ".." in PurePath(spec.file).parts:
        raise UserError(f"the file '{spec.file}' of the data set '{spec.id}' is outside '{folder}'; fetch it yourself.")
    if path.is_file() and file_sha256(path) == spec.sha256:
        return Fetched(path, downloaded=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            found = _download(spec, part, progress, open_url or open_https)
            if found != spec.sha256:
                raise UserError(
                    f"what {spec.url} sent has the SHA-256 {found}, but the data set '{spec.id}' has {spec.sha256}; "
                    f"nothing was kept, so try again or put the right file into '{path.parent}' yourself."
                )
    except OSError as error:
        raise UserError(f"'{path}' cannot be written ({error.strerror or error}); choose another --data-dir.") from None
    return Fetched(path, downloaded=True)


def open_https(url: str) -> Any:
    """Open an https address, following redirects to https addresses only; raises UserError for any other."""
    _require_https(url)
    return urllib.request.build_opener(_HttpsRedirects).open(url, timeout=TIMEOUT_SECONDS)


class _HttpsRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        _require_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _require_https(url: str) -> None:
    if not url.startswith("https://"):
        raise UserError(f"the address {url} is not https; files are downloaded over https only.")


def _download(spec: DatasetSpec, part: Path, progress: ReportBytes | None, open_url: Callable[[str], Any]) -> str:
    """Stream the file to `part` and return its SHA-256; only a failure to write stays an OSError."""
    digest = hashlib.sha256()
    received = 0
    try:
        response = open_url(str(spec.url))
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(spec, part, error) from None
    with response, part.open("wb") as file:
        announced = response.headers.get("Content-Length", "")
        total = int(announced) if announced.isdigit() else None
        while True:
            try:
                chunk = response.read(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _unreachable(spec, part, error) from None
            if not chunk:
                return digest.hexdigest()
            file.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            if progress is not None:
                progress(received, total)


def _unreachable(spec: DatasetSpec, part: Path, error: Exception) -> UserError:
    reason = (isinstance(error, urllib.error.URLError) and error.reason) or error
    return UserError(
        f"{spec.url} could not be downloaded ({one_line(reason)}); check the connection and try "
        f"again, or put the file into '{part.parent}' yourself."
    )


def fetch_missing(datasets: Iterable[DatasetSpec], data_dir: Path | None, write: Callable[[str], None]) -> bool:
    """Download the files of data sets that have an address; whether any came.

    A failed download is reported, and the other data sets are downloaded all the same.
    """
    came = False
    for dataset in datasets:
        if not dataset.url:
            continue
        write(f"downloading {dataset.file} from {dataset.url}")
        try:
            fetch(dataset, download_folder(data_dir))
            came = True
        except UserError as error:
            write(str(error))
    return came
