"""Packaging only. The folders stand at the repository's root; the package reaches them by links.

``src/gristmill`` holds the shared modules and one relative link per root folder, so to every tool this is a plain src
layout. Beam ships the same package to its workers with ``--setup_file=./setup.py`` (with the ``./``).
"""

import setuptools

# Every folder of modules, found through the links: one forgotten in a list would be missing on a worker.
PACKAGES = setuptools.find_namespace_packages(
    "src", include=["gristmill", "gristmill.*"], exclude=["*.__pycache__", "*.data", "*.data.*"]
)

# What every command but `pretrain`, `complete` and `classifier train` needs: docs/decisions/0002-dependencies.md
CORE = [
    "apache-beam>=2.76,<2.79",
    "boto3>=1.34",
    "click>=8.1",
    "datasketch>=1.6.5",
    "fastwarc>=0.15",
    "gigatoken>=0.10",
    "jinja2>=3.1",
    "numba>=0.61",
    "numpy>=2,<2.5",
    "publicsuffixlist>=1.0",
    "pyarrow>=18,<26",
    "pydantic>=2.7",
    "resiliparse>=0.15",
    "rich>=13",
    "scipy>=1.13",
    "tokenizers>=0.21",
    "xxhash>=3.5",
    "zstandard>=0.22",
]

EXTRAS = {
    "train": ["torch>=2.4", "safetensors>=0.4"],
    # fastText's own code, to train; no other build of it has wheels for every Python and platform that the core has.
    "classifier": ["fasttext-community>=0.11.9"],
    # kenlm has no wheels: it compiles, so it is for those who ask for it.
    "perplexity": ["kenlm>=0.2", "sentencepiece>=0.2"],
    "trafilatura": ["trafilatura>=2.0"],
    "gcp": ["apache-beam[gcp]>=2.76,<2.79", "google-cloud-storage>=2.18.2"],
    "dev": [
        "build>=1.2",
        "datasets>=3.0",
        "duckdb>=1.1",
        "fasttext-community>=0.11.9",
        "gcp-storage-emulator>=2026.7",
        # What Beam's DataflowRunner imports of its own gcp extra, which holds 30 clients of services we never call.
        "google-auth-httplib2>=0.1",
        "google-cloud-dataflow-client>=0.13,<0.14",
        "google-cloud-storage>=2.18.2",
        "hypothesis>=6.100",
        "moto[server]>=5.0",
        "mypy>=1.14",
        "polars>=1.20",
        "pytest>=8.3",
        "pytest-timeout>=2.3",
        "pytest-xdist>=3.6",
        "ruff>=0.9",
        "wheel>=0.45",
    ],
}

setuptools.setup(
    name="gristmill",
    version="0.1.0",
    description="Raw web, book and code shards to deduplicated, tokenized, explained training data",
    license="Apache-2.0",
    python_requires=">=3.11",
    package_dir={"": "src"},
    packages=PACKAGES,
    package_data={
        "gristmill": ["py.typed"],
        "gristmill.filters": ["data/*", "data/words/*"],
        "gristmill.reports": ["data/*"],
    },
    install_requires=CORE,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["gristmill = gristmill.cli:main"]},
)
