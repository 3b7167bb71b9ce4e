"""A sliding window over a byte stream with absolute positions: what the archive readers cut records out of."""

from __future__ import annotations

import re

from gristmill.pipelines.sources.reading.streams import READ_BYTES, ByteStream

_NOT_NEWLINE = re.compile(rb"[^\r\n]")


class Window:
    r"""Reads a stream piecewise and remembers where in the stream each byte was.

    A stream that fails (``OSError``) ends there; ``fault`` then holds the error, and what was read before stays.

    Args:
        stream: where the bytes come from.
        position: what to call the stream's next byte.

    >>> import io
    >>> window = Window(io.BytesIO(b"key: value\r\n\r\nbody"))
    >>> window.block(re.compile(rb"\r?\n\r?\n"), 100), window.position, window.take(10)
    (b'key: value\r\n\r\n', 14, b'body')
    """

    def __init__(self, stream: ByteStream, position: int = 0) -> None:
        self._stream = stream
        self._buffer = b""
        self._start = 0
        self._base = position
        self._ended = False
        self.fault: OSError | None = None

    @property
    def position(self) -> int:
        """Absolute position of the next byte."""
        return self._base + self._start

    @property
    def buffered(self) -> int:
        """How many bytes are held and not yet taken."""
        return len(self._buffer) - self._start

    def fill(self) -> bool:
        """Reads more; false at the end of the stream or of what can be read of it."""
        if self._ended:
            return False
        try:
            chunk = self._stream.read(READ_BYTES)
        except OSError as error:
            self.fault = error
            chunk = b""
        if not chunk:
            self._ended = True
            return False
        self._buffer = self._buffer[self._start :] + chunk
        self._base += self._start
        self._start = 0
        return True

    def skip_newlines(self) -> bool:
        """Steps over line ends; false if nothing follows them."""
        while True:
            match = _NOT_NEWLINE.search(self._buffer, self._start)
            if match is not None:
                self._start = match.start()
                return True
            self._start = len(self._buffer)
            if not self.fill():
                return False

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes (fewer at the end), left in place."""
        while self.buffered < size and self.fill():
            pass
        return self._buffer[self._start : self._start + size]

    def block(self, end: re.Pattern[bytes], max_bytes: int) -> bytes | None:
        """Takes everything up to and with the next match of ``end``; ``None`` if it is not within ``max_bytes``."""
        while True:
            match = end.search(self._buffer, self._start, self._start + max_bytes)
            if match is not None:
                block = self._buffer[self._start : match.end()]
                self._start = match.end()
                return block
            if self.buffered >= max_bytes or not self.fill():
                return None

    def take(self, size: int) -> bytes:
        """Takes ``size`` bytes, fewer at the end of the stream."""
        held = self._buffer[self._start : self._start + size]
        self._start += len(held)
        if len(held) == size:
            return held
        parts, missing = [held], size - len(held)
        while missing and self.fill():
            part = self._buffer[self._start : self._start + missing]
            self._start += len(part)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def drop(self, size: int) -> int:
        """Steps over ``size`` bytes without holding them; gives how many there were."""
        dropped = 0
        while True:
            step = min(size - dropped, self.buffered)
            self._start += step
            dropped += step
            if dropped == size or not self.fill():
                return dropped

    def put_back(self, data: bytes) -> None:
        """Puts bytes just taken back in front."""
        self._buffer = data + self._buffer[self._start :]
        self._base = self._base + self._start - len(data)
        self._start = 0

    def seek_line(self, start_of_line: re.Pattern[bytes], overlap: int) -> bool:
        r"""Steps forward to the next match; false (and everything dropped) if there is none.

        Args:
            start_of_line: what to look for.
            overlap: how many bytes may have to be seen together for a match.
        """
        while True:
            match = start_of_line.search(self._buffer, self._start)
            if match is not None:
                self._start = match.start()
                return True
            self._start = max(self._start, len(self._buffer) - overlap)
            if not self.fill():
                self._start = len(self._buffer)
                return False
