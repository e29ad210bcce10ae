"""Markdown to sections of sentences: prose is split, lists and tables become statements."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.passages import Section
from knowledge.sentences import split_sentences
from knowledge.statements import enumeration, from_item, from_row

_SHORT_ITEM = 6  # words
_PARSER = MarkdownIt("commonmark").enable("table")


def sections(document: str, source: str) -> list[Section]:
    """Cut ``source`` at its headings; the heading of a section names its parents too."""
    # Imported here: it costs two seconds, and a start with unchanged documents cuts none.
    from llama_index.core.node_parser import MarkdownNodeParser
    from llama_index.core.schema import Document, TextNode

    found = []
    nodes = MarkdownNodeParser().get_nodes_from_documents([Document(text=source)])
    for node in nodes:
        if not isinstance(node, TextNode):
            continue
        tokens = _PARSER.parse(node.text)
        own, body = _split_heading(tokens)
        parents = [part for part in str(node.metadata.get("header_path", "")).split("/") if part]
        sentences = tuple(_sentences(body, (own or parents or [""])[-1]))
        if sentences:
            found.append(Section(document, " / ".join([*parents, *own]), sentences))
    return found


def _split_heading(tokens: Sequence[Token]) -> tuple[list[str], Sequence[Token]]:
    if tokens and tokens[0].type == "heading_open":
        return [_plain(tokens[1])], tokens[3:]
    return [], tokens


def _sentences(tokens: Sequence[Token], heading: str) -> list[str]:
    sentences: list[str] = []
    lead = ""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end = _closing(tokens, index)
        block = tokens[index : end + 1]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            sentences += _list(lead or f"{heading}:", _texts(block), bool(lead))
            lead = ""
        elif token.type == "table_open":
            sentences += ([lead] if lead else []) + _table(block)
            lead = ""
        else:
            for text in _texts(block):
                sentences += [lead] if lead else []
                *whole, last = split_sentences(text) or [""]
                lead = last if last.endswith(":") else ""
                sentences += whole + ([last] if last and not lead else [])
        index = end + 1
    return sentences + ([lead] if lead else [])


def _closing(tokens: Sequence[Token], start: int) -> int:
    """The index of the token that closes the block opened at ``start``."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth <= 0:
            return index
    return len(tokens) - 1


def _texts(block: Sequence[Token]) -> list[str]:
    texts = [_plain(token) for token in block if token.type in ("inline", "code_block", "fence")]
    return [text for text in texts if text]


def _plain(token: Token) -> str:
    """The words of a block without their markup."""
    if token.children is None:
        return " ".join(token.content.split())
    parts = [
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in token.children
        if child.type in ("text", "code_inline", "softbreak", "hardbreak")
    ]
    return " ".join("".join(parts).split())


def _list(lead: str, items: list[str], introduced: bool) -> list[str]:
    """Short items are named in one breath after their lead-in; longer ones stand alone."""
    statements = [from_item(item) for item in items]
    if not any(statements) and all(len(item.split()) <= _SHORT_ITEM for item in items):
        return [enumeration(lead, items)]
    spoken = [lead] if introduced else []
    for statement, item in zip(statements, items, strict=True):
        spoken += [statement] if statement else split_sentences(item)
    return spoken


def _table(block: Sequence[Token]) -> list[str]:
    rows: list[list[str]] = []
    for index, token in enumerate(block):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(_plain(block[index + 1]))
    header, *body = rows or [[]]
    return [from_row(header, row) for row in body if any(row)]
