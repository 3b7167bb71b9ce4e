from __future__ import annotations

import pyarrow as pa
import pytest

from gristmill.filters.pii.counts import COLUMNS
from gristmill.filters.pii.finder import find
from gristmill.filters.pii.kinds import KINDS
from gristmill.filters.signals import signals
from gristmill.filters.text.buffers import text_buffer

PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n"
    "KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END RSA PRIVATE KEY-----"
)
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
RANDOM_36 = "x7Qm2Vb9Zr4Kt8Lw3Ny6Hc1Jd5Fs0Gp2Ua7E"


def found(text: str) -> list[tuple[str, str]]:
    """Kind and words of everything found in a text."""
    raw = text.encode()
    spans = find(text_buffer(pa.array([text], pa.large_string())))
    return [(KINDS[k], raw[a:b].decode()) for a, b, k in zip(spans.start, spans.end, spans.kind, strict=True)]


GOOD = [
    ("email", "ann@mill.net"),
    ("email", "o'neil.x+tag_1%a@sub-domain.mill.co.uk"),
    ("email", "ANN@MILL.MUSEUM"),
    ("email", "me@xn--mhle-0ra.xn--p1ai"),
    ("ip", "93.184.216.34"),
    ("ip", "2a00:1450:4001:800::200e"),
    ("ip", "2607:f8b0:4004:c07:0:0:0:65"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "+447700900123"),
    ("phone", "+41 (0)71 526 99 04"),
    ("phone", "0041 44 668 18 00"),
    ("phone", "(202) 456-1111"),
    ("phone", "202-456-1111"),
    ("phone", "1-202-456-1111"),
    ("phone", "202.456.1111 ext. 12"),
    ("phone", "01 84 17 61 18"),
    ("phone", "01\u00a084\u00a017\u00a061\u00a018"),
    ("phone", "030 1234567"),
    ("phone", "(08) 8747 6301"),
    ("iban", "GB82WEST12345698765432"),
    ("iban", "GB82 WEST 1234 5698 7654 32"),
    ("iban", "de89370400440532013000"),
    ("iban", "NO9386011117947"),
    ("iban", "MT84MALT011000012345MTLCAST001S"),
    ("card", "4111111111111111"),
    ("card", "4111 1111 1111 1111"),
    ("card", "5555-5555-5555-4444"),
    ("card", "378282246310005"),
    ("card", "3782 822463 10005"),
    ("card", "6011111111111117"),
    ("card", "30569309025904"),
    ("card", "3530111333300000"),
    ("api_key", "AKIA2E0A8F3B244C9986"[:4] + "QX7TZ3KD5LWN2JRB"),
    ("api_key", "ghp_" + RANDOM_36),
    ("api_key", "github_pat_" + "A1b2C3d4E5f6G7h8I9j0K1_" + RANDOM_36 + "q8W2e4R6t8Y0u1I3o5P7a9S"),
    ("api_key", "xoxb-2147483647-9876543210-" + RANDOM_36[:24]),
    ("api_key", "AIzaSyD3kf8Qm2Vb9Zr4Kt8Lw3Ny6Hc1Jd5Fs0G"),
    ("api_key", "sk_live_" + RANDOM_36[:24]),
    ("api_key", "sk-proj-" + RANDOM_36 + "_" + RANDOM_36[::-1]),
    ("api_key", "SG." + RANDOM_36[:22] + "." + RANDOM_36 + "Ab3-_9Z"),
    ("api_key", JWT),
    ("private_key", PEM),
    ("private_key", PEM.replace("RSA ", "")),
    ("private_key", PEM.replace("KEY", "KEY BLOCK").replace("RSA", "PGP")),
]


@pytest.mark.parametrize(("kind", "value"), GOOD, ids=[f"{kind}-{value[:24]!a}" for kind, value in GOOD])
@pytest.mark.parametrize("frame", ["{}", "So: {}.", "é{}é", "<{}>\n", "日本語 {}、"])
def test_each_kind_is_found_whole_at_the_ends_and_between_other_characters(kind: str, value: str, frame: str) -> None:
    assert found(frame.format(value)) == [(kind, value)]


BAD = [
    "", "@", "a@b", "a@b.c", "icon@2x.png", "git@github.com:a/b.git", "https://ann:pw@mill.net/x", "//ann@mill.net",
    "ann@example.com", "ann@mill.example.org", "x@mill.test", "x = a@w.dot(b)", "react@16.7.0", "..@..", "a..@b.com",
    "10.0.0.1 127.0.0.1 192.168.0.1 172.31.255.255 169.254.1.1 100.64.0.1 224.0.0.251 255.255.255.255",
    "192.0.2.1 198.51.100.7 203.0.113.9", "8.8.8.8 208.67.222.222", "version 1.2.3.104", "v93.184.216.34",
    "Chrome/93.184.216.34", "1.2.3.4", "2.16.840.1", "1.3.6.1.4.1.311", "93.184.216.034", "93.184.216.256",
    "93.184.216.34.5", "::1", "fe80::1ff:fe23:4567:890a", "2001:db8::8a2e:370:7334", "std::dead::beef", "12:30:45",
    "fc00:1:2:3:4:5:6:7", "00:1b:44:11:3a:b7", "a::b", "ff02::1",
    "2020-01-02 2020-01-02 10:30:00", "1990-2000", "054-28-6917", "02134-1234", "212-99", "123-456-7890",
    "978-3-16-148410-0", "0-306-40615-2", "3.14159265358979", "+1 123 456 7890", "+12", "1234567890", "a+44207946095",
    "0001-0002-0003-0004", "call 2019-2020", "01.02.2003",
    "GB82WEST12345698765433", "GB82WEST1234569876543", "GB82WEST123456987654321", "ZZ82WEST12345698765432",
    "Gb82weST12345698765432", "xGB82WEST12345698765432",
    "4111111111111112", "4111 1111 1111 1112", "9111111111111111", "411111111111111", "0.4111111111111111",
    "4111-1111 1111-1111", "41111 111 1111 1111", "x4111111111111111", "4111111111111111x",
    "AKIAIOSFODNN7EXAMPLE", "AKIAXXXXXXXXXXXXXXXX", "sk-" + "x" * 40, "ghp_short", "eyJhbGciOiJIUzI1NiJ9",
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    PEM.replace("PRIVATE", "PUBLIC"),
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_only_looks_like_it_is_left(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("api_key = 'aB3dE5fG7hI9jK1lM3nO5'", "aB3dE5fG7hI9jK1lM3nO5"),
        ('{"client-secret": "q8W2e4R6t8Y0u1I3o5P7a9S"}', "q8W2e4R6t8Y0u1I3o5P7a9S"),
        ("export AUTH_TOKEN=q8W2e4R6t8Y0u1I3o5P7a9S\n", "q8W2e4R6t8Y0u1I3o5P7a9S"),
        (
            'aws_secret_access_key => "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzS4pQ2dT9x"',
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzS4pQ2dT9x",
        ),
        ('api_key = "your-api-key-goes-here"', None),
        ('api_key = "aaaaaaaaaaaaaaaaaaaa1"', None),
        ('color = "aB3dE5fG7hI9jK1lM3nO5"', None),
        ('token = os.environ["TOKEN_2_FOR_SERVICE"]', None),
        ('password = "hunter2"', None),
    ],
)
def test_secrets_in_assignments_are_told_from_other_values_by_name_and_entropy(text: str, secret: str | None) -> None:
    assert found(text) == ([("api_key", secret)] if secret else [])


def test_an_address_at_the_very_end_of_a_text_is_found() -> None:
    assert found("write to ann@mill.net") == [("email", "ann@mill.net")]


def test_texts_do_not_run_into_each_other() -> None:
    spans = find(text_buffer(pa.array(["ann@mill", ".net 4111 1111", " 1111 1111", "", "bob@mill.net"])))
    assert [column.tolist() for column in spans] == [[4], [0], [12], [0]]


def test_a_number_inside_a_longer_secret_is_part_of_it() -> None:
    assert found("202-456-1111@mill.net") == [("email", "202-456-1111@mill.net")]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("phone: 467 3395", ["467 3395"]),
        ("Phone:\n60-56-85-91", ["60-56-85-91"]),
        ("call me at 9472 7916 now", ["9472 7916"]),
        ("467 3395", []),
        ("the hotel 4673395", []),
        ("905-674-3793 541-714-1388", ["905-674-3793", "541-714-1388"]),
    ],
)
def test_short_numbers_count_behind_a_word_that_announces_them(text: str, numbers: list[str]) -> None:
    assert found(text) == [("phone", number) for number in numbers]


def test_an_expiry_date_behind_a_card_is_no_part_of_it() -> None:
    assert found("4111 1111 1111 1111 12/25") == [("card", "4111 1111 1111 1111")]


def test_the_signals_count_what_is_found_by_kind() -> None:
    texts = ["", f"ann@mill.net bob@mill.net {PEM} 93.184.216.34", "nothing"]
    batch = signals(pa.array(texts), languages=pa.nulls(3, pa.string()))
    counts = {name: batch.column(f"{name[:-1]}_count").to_pylist() for name in COLUMNS}
    assert counts == {f"pii_{kind}s": [0, 0, 0] for kind in KINDS} | {
        "pii_emails": [0, 2, 0], "pii_ips": [0, 1, 0], "pii_private_keys": [0, 1, 0]
    }  # fmt: skip


HOSTILE = [
    "7",
    "@",
    "a.",
    "a@",
    ":",
    "1 ",
    "1.",
    "1-",
    "a:",
    "(1)",
    "-",
    "-----BEGIN PRIVATE KEY-----",
    "='",
    "key='a",
    "+1",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_one_trigger_takes_linear_time(piece: str) -> None:
    """Quadratic time would be a million times the work and never end."""
    assert isinstance(found(piece * (1_000_000 // len(piece))), list)
