"""Which extras a configuration asks for; a new one is one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gristmill.config.config import TokenizerSection
from gristmill.config.filter_config import ClassifierSection, PerplexitySection, UrlSection, WordListsSection
from gristmill.documents import DOCUMENT_SCHEMA
from gristmill.filters.classifier.classifier import ClassifierScore
from gristmill.filters.contamination.decontamination import Decontamination
from gristmill.filters.extras import Extra
from gristmill.filters.perplexity import configured_perplexity
from gristmill.filters.signals import SIGNALS
from gristmill.filters.url.extra import configured_lists
from gristmill.filters.words.bad_words import word_counts
from gristmill.pipelines.extras.code_signals import CodeSignals
from gristmill.pipelines.extras.plugin_signals import plugin_signals
from gristmill.pipelines.extras.token_ratio import token_ratio


def configured_extras(
    *,
    words: WordListsSection,
    url: UrlSection | None,
    classifier: ClassifierSection | None,
    decontamination: Decontamination | None,
    perplexity: PerplexitySection | None,
    code: bool,
    code_tokens: TokenizerSection | None,
    plugins: Sequence[str | Mapping[str, Any]] = (),
) -> tuple[Extra, ...]:
    """The extras of a run, in the order of their columns.

    Args:
        words: ``[words]``.
        url: ``[url]``.
        classifier: ``[classifier]``, as the model's card completes it.
        decontamination: what the section of that name finds.
        perplexity: ``[perplexity]``.
        code: source code is read or judged.
        code_tokens: ``[tokenizer]``, where a rule judges the tokens of source code.
        plugins: ``signals.use``.

    Raises:
        ConfigError: a list, model or tokenizer that is not there or cannot be read.
        PluginError: signals of a plugin that is not there or broken.
    """
    extras: list[Extra] = [word_counts(words.lists)]
    if url is not None:
        extras.append(configured_lists(url))
    if classifier is not None:
        extras.append(ClassifierScore(classifier.path, classifier.label or ""))
    if decontamination is not None:
        extras.append(decontamination)
    if perplexity is not None:
        extras.append(configured_perplexity(perplexity))
    if code:
        extras.append(CodeSignals())
    if code_tokens is not None:
        extras.append(token_ratio(code_tokens))
    taken = {*DOCUMENT_SCHEMA.names, *SIGNALS, *(signal.name for extra in extras for signal in extra.signals)}
    return (*extras, *plugin_signals(plugins, taken))
