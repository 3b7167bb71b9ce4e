"""Check digits: Luhn (payment cards, ISO/IEC 7812) and modulo 97 (IBAN, ISO 7064 MOD 97-10)."""

from __future__ import annotations

import numba

from gristmill.filters.text.arrays import Bytes
from gristmill.kernels.kernel import kernel


@numba.njit(nogil=True, cache=True)
def luhn_is_right(digits: Bytes, start: int, stop: int) -> bool:
    """Whether ``digits[start:stop]``, values 0 to 9, end with the right check digit.

    >>> import numpy as np
    >>> luhn_is_right(np.array([7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3], np.uint8), 0, 11)
    True
    """
    total = 0
    for k in range(stop - start):
        digit = int(digits[stop - 1 - k])
        if k % 2:
            digit *= 2
            if digit > 9:
                digit -= 9
        total += digit
    return total % 10 == 0


@kernel
def mod97(characters: Bytes, count: int) -> int:
    """The remainder of an IBAN without its spaces, its first four characters moved to the end; 1 is right.

    >>> import numpy as np
    >>> mod97(np.frombuffer(b"GB82WEST12345698765432", np.uint8), 22)
    1
    """
    remainder = 0
    for k in range(count):
        byte = int(characters[(k + 4) % count])
        if byte <= ord("9"):
            remainder = (remainder * 10 + byte - ord("0")) % 97
        else:
            remainder = (remainder * 100 + (byte | 0x20) - ord("a") + 10) % 97
    return remainder
