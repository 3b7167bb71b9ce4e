"""Numbers with check digits and addresses, generated: right ones are found, one wrong digit is enough to be left."""

from __future__ import annotations

import ipaddress

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gristmill.filters.pii.finder import find
from gristmill.filters.pii.iban import LENGTHS
from gristmill.filters.pii.kinds import KINDS
from gristmill.filters.text.buffers import text_buffer

ISSUERS = (
    ("4", 16),
    ("4", 19),
    ("51", 16),
    ("2221", 16),
    ("34", 15),
    ("6011", 16),
    ("36", 14),
    ("3528", 16),
    ("62", 17),
    ("5018", 12),
)


def kinds_in(text: str) -> list[str]:
    return [KINDS[kind] for kind in find(text_buffer(pa.array([text]))).kind]


def luhn_digit(body: str) -> str:
    """The check digit, by the definition: from the right, every second digit doubled."""
    doubled = [sum(divmod(2 * int(digit), 10)) if k % 2 == 0 else int(digit) for k, digit in enumerate(reversed(body))]
    return str(-sum(doubled) % 10)


def iban_of(country: str, bban: str) -> str:
    """With its check digits, by the definition: the rearranged number as one integer, modulo 97."""
    number = int("".join(str(int(character, 36)) for character in f"{bban}{country}00"))
    return f"{country}{98 - number % 97:02d}{bban}"


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(st.sampled_from(ISSUERS))
    body = prefix + draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return body + luhn_digit(body)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    length = draw(st.sampled_from(sorted(LENGTHS)))
    size = length - 4
    bban = draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=size, max_size=size))
    return iban_of(draw(st.sampled_from(LENGTHS[length])), bban)


@settings(max_examples=100, deadline=None)
@given(cards(), st.integers(0, 18), st.integers(1, 9))
def test_a_card_number_is_found_and_no_longer_once_a_digit_is_wrong(card: str, place: int, by: int) -> None:
    assert kinds_in(f"paid with {card}, thanks") == ["card"]
    k = place % len(card)
    wrong = card[:k] + str((int(card[k]) + by) % 10) + card[k + 1 :]
    assert "card" not in kinds_in(f"paid with {wrong}, thanks")


@settings(max_examples=100, deadline=None)
@given(ibans(), st.booleans(), st.integers(2, 33), st.integers(1, 9))
def test_an_iban_is_found_and_no_longer_once_a_digit_is_wrong(iban: str, spaced: bool, place: int, by: int) -> None:
    def written(number: str) -> str:
        return " ".join(number[k : k + 4] for k in range(0, len(number), 4)) if spaced else number

    assert kinds_in(f"to {written(iban)}.") == ["iban"]
    digits = [k for k in range(2, len(iban)) if iban[k].isdigit()]
    k = digits[place % len(digits)]
    wrong = iban[:k] + str((int(iban[k]) + by) % 10) + iban[k + 1 :]
    assert "iban" not in kinds_in(f"to {written(wrong)}.")


RESOLVERS = {"76.223.122.150", "149.112.112.112", "208.67.222.222", "208.67.220.220", "8.20.247.20"}


@settings(max_examples=300, deadline=None)
@given(st.ip_addresses(v=4))
def test_ipv4_addresses_are_found_where_the_standard_library_calls_them_global(address: ipaddress.IPv4Address) -> None:
    special = ipaddress.ip_network("192.0.0.0/24")  # parts of it became global in later versions of the library
    public = address.is_global and not address.is_multicast and not address.is_reserved and address not in special
    large = any(octet >= 100 for octet in address.packed)  # else it may be a version number
    wanted = ["ip"] if public and large and str(address) not in RESOLVERS else []
    assert kinds_in(f"from {address} today") == wanted


@settings(max_examples=300, deadline=None)
@given(st.integers(0x2000 << 112, (0x3FFF << 112) - 1).map(ipaddress.IPv6Address), st.booleans())
def test_ipv6_addresses_are_found_in_any_of_their_forms(address: ipaddress.IPv6Address, whole: bool) -> None:
    text = address.exploded if whole else address.compressed
    assume(text.count(":") > 2 or not text.endswith("::"))  # one group alone is a network
    sixth = ipaddress.ip_network("2002::/16")
    assert kinds_in(f"[{text}]:80") == (["ip"] if address.is_global and address not in sixth else [])


TRIGGERS = st.sampled_from(
    ["@", ".", "a", "b.com", "1", "22", "333", "4444", "-", " ", "+", "(", ")", ":", "::", "é", "日", "\n", '"', "=", "key",
     "token", "GB82", "AKIA", "-----BEGIN PRIVATE KEY-----", "Qm2Vb9Zr4Kt8Lw3Ny6Hc1Jd5Fs0G", "/", "_", "x", "\u00a0"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(TRIGGERS, max_size=30).map("".join), max_size=4))
def test_spans_are_in_order_apart_and_whole_characters(texts: list[str]) -> None:
    spans = find(text_buffer(pa.array(texts, pa.large_string())))
    last = (-1, 0)
    for document, start, end in zip(spans.document, spans.start, spans.end, strict=True):
        raw = texts[document].encode()
        assert 0 <= start < end <= len(raw)
        assert raw[start:end].decode()
        assert raw[:start].decode() + raw[end:].decode() is not None
        assert document > last[0] or start >= last[1]
        last = (document, end)
    each = [find(text_buffer(pa.array([text], pa.large_string()))) for text in texts]
    assert [spans.start.tolist(), spans.end.tolist(), spans.kind.tolist()] == [
        [value for one in each for value in one[column].tolist()] for column in (1, 2, 3)
    ]
