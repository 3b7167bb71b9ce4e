"""The source kind ``mbox``: one message a document (RFC 4155)."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

from gristmill.documents import Document
from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions, failed
from gristmill.pipelines.sources.source_kind import SourceKind


def read_mbox(path: Path, name: str, options: SourceOptions) -> Iterator[Item]:
    """Yields one item per message: a document, a counted skip, or a dead letter with its place. It never raises.

    Args:
        path: the file.
        name: its address relative to the source's root.
        options: ``options = { archive = "https://…" }`` says where the list's archive lies.
    """
    archive = str(options.options.get("archive", name))
    for number, (offset, raw) in enumerate(messages(path)):
        if len(raw) > options.max_record_bytes:
            yield failed(name, offset, "too-large", f"a message of {len(raw)} bytes; max_record_bytes is smaller")
            continue
        try:
            yield read_message(raw, f"{archive}#{number}", offset, options.license)
        except (ValueError, LookupError, AttributeError) as error:
            yield failed(name, offset, "bad-message", error)


def messages(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each message without its ``From `` line, which stands after a blank one, and the offset of that line."""
    lines: list[bytes] = []
    start, offset, blank = 0, 0, True
    with path.open("rb") as stream:
        for line in stream:
            if blank and line.startswith(b"From "):
                if lines:
                    yield start, b"".join(lines)
                start, lines = offset, []
            else:
                lines.append(line)
            blank = line in (b"\n", b"\r\n")
            offset += len(line)
    if lines:
        yield start, b"".join(lines)


def read_message(raw: bytes, uri: str, offset: int, license_: str | None) -> Document | Skipped | Failed:
    """One message as a document; one without a plain text is skipped and counted."""
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    body = message.get_body(preferencelist=("plain",))
    if body is None:
        return Skipped("no-plain-text")
    text = str(body.get_content()).strip()
    if not text:
        return Skipped("no-text")
    sent = message["date"].datetime if message["date"] else None
    return Document(
        record_key=str(message["message-id"] or uri),
        uri=uri,
        offset=offset,
        length=len(raw),
        text=text,
        title=str(message["subject"]) if message["subject"] else None,
        published=sent,
        date_evidence="declared" if sent else "none",
        license=license_,
        license_evidence="source" if license_ else "none",
        meta={"in_reply_to": str(message["in-reply-to"])} if message["in-reply-to"] else {},
    )


MBOX = SourceKind("mbox", "web", "mailing lists: one document a message", (".mbox", ".mbx"), read_mbox)
