"""From the section ``[decontamination]`` of a configuration to its extra."""

from __future__ import annotations

from gristmill import storage
from gristmill.config.filter_config import DecontaminationSection
from gristmill.errors import ConfigError, InputError
from gristmill.filters.contamination.decontamination import Decontamination
from gristmill.filters.contamination.evaluation_items import find_files
from gristmill.filters.contamination.index import Search, load_index


def configured_decontamination(section: DecontaminationSection) -> Decontamination:
    """The extra of a run; the sets are read and indexed here, so that what is wrong with them is known at the start.

    Raises:
        ConfigError: a field that no item has, a set in which nothing can be looked for, a file of phrases that is not
            there or not text.
        EmptyResultError: a pattern that matches no file, or a set without items.
        InputError: a line that is not JSON.
    """
    sets = tuple(find_files(one.name, one.paths, one.fields, one.id) for one in section.sets)
    phrases = tuple(phrase for uri in section.ignore for phrase in _phrases(uri))
    search = Search(sets, section.ngram, section.min_item_words, section.max_items, phrases, section.min_bounded_words)
    load_index(search)
    return Decontamination(search, section.min_item_share)


def _phrases(uri: str) -> list[str]:
    try:
        text = storage.read_bytes(uri).decode("utf-8-sig")
    except (InputError, UnicodeDecodeError) as error:
        message = f"decontamination.ignore: wanted a UTF-8 file with one phrase a line: {error}"
        raise ConfigError(message) from error
    return [line.strip() for line in text.splitlines() if line.strip()]
