"""URL lists on one core: addresses a second against lists of millions of domains, and the memory of the lists.

    python -m benchmarks.filters.url_lists [--domains N] [--urls N] [--rounds N]

Lists and addresses are made up, the same ones each time: domains of random letters, 2,000 words, 200 soft words, 500
strings. One address in a hundred is on a listed domain. Real addresses would do, but no list of this size may be passed
on with the project.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import string
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from benchmarks.measuring import machine, pin_to_one_core, versions
from gristmill.config.filter_config import UrlSection
from gristmill.filters.url.extra import UrlLists, configured_lists


def names(draw: random.Random, count: int, length: int) -> list[str]:
    """So many different names of lower-case letters."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(draw.choices(string.ascii_lowercase, k=length))] = None
    return list(found)


def write_lists(folder: Path, domains: int) -> UrlLists:
    """Makes the lists and reads them."""
    draw = random.Random(1)
    with (folder / "domains.txt").open("w") as file:
        for number in range(domains):
            file.write(f"{draw.getrandbits(40):x}-{number}.example{number % 30}.com\n")
    for key, count, length in (("words", 2000, 9), ("soft_words", 200, 7), ("substrings", 500, 11)):
        (folder / f"{key}.txt").write_text("\n".join(names(draw, count, length)))
    keys = ("domains", "words", "soft_words", "substrings")
    return configured_lists(UrlSection.model_validate({key: (str(folder / f"{key}.txt"),) for key in keys}))


def addresses(folder: Path, count: int) -> list[str]:
    """Addresses of about 90 characters."""
    draw = random.Random(2)
    with (folder / "domains.txt").open() as file:
        listed = [line.strip() for line, _ in zip(file, range(count // 100 + 1), strict=False)]
    found = []
    for number in range(count):
        host = listed[number // 100] if number % 100 == 0 else f"www.site{draw.randrange(10**7)}.example.org"
        words = "-".join("".join(draw.choices(string.ascii_lowercase, k=6)) for _ in range(5))
        found.append(f"https://{host}/{number % 28}/{words}.html?id={number}&utm_source=feed")
    return found


def main() -> None:
    """Prints one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=4_000_000)
    parser.add_argument("--urls", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    about, pinning = machine(), pin_to_one_core()
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as temporary:
        folder = Path(temporary)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        lists = write_lists(folder, arguments.domains)
        reading = time.process_time() - began
        urls = addresses(folder, arguments.urls)
    kinds = pa.array(["web"] * len(urls)).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([kinds, pa.array(urls)], names=["kind", "uri"])
    hits = sum(lists.measure(batch)[0].to_pylist())
    seconds = []
    for _ in range(arguments.rounds):
        began = time.process_time()
        lists.measure(batch)
        seconds.append(time.process_time() - began)
    figures = {
        "benchmark": "url_lists",
        "machine": about,
        "pinning": pinning,
        "rounds": arguments.rounds,
        "versions": versions("gristmill", "numba", "pyarrow"),
        "domains": arguments.domains,
        "urls": len(urls),
        "listed": hits,
        "urls_per_cpu_second": round(len(urls) / statistics.median(seconds)),
        "making_and_reading_lists_seconds": round(reading, 1),
        "peak_megabytes_above_start": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
