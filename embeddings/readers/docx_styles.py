"""What the styles of a DOCX say of a paragraph's or a run's letters. Names are those of ECMA-376, WordprocessingML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree

from embeddings.readers.packed import attribute, local

OFF = frozenset({"0", "false", "off", "none", "nil"})

_USUAL_SIZE = 10.0  # points, where nothing says otherwise


@dataclass(frozen=True, slots=True)
class Style:
    """What a style says; None where the style that it is based on says it."""

    name: str = ""  # lower case, in English as Word writes it
    based_on: str | None = None
    size: float | None = None
    bold: bool | None = None
    font: str | None = None
    hidden: bool | None = None


@dataclass(frozen=True, slots=True)
class Letters:
    """How a run is set."""

    size: float = _USUAL_SIZE  # points
    bold: bool = False
    font: str = ""
    hidden: bool = False

    def under(self, style: Style) -> Letters:
        """As it is where a style or a run says otherwise."""
        return Letters(
            size=self.size if style.size is None else style.size,
            bold=self.bold if style.bold is None else style.bold,
            font=self.font if style.font is None else style.font,
            hidden=self.hidden if style.hidden is None else style.hidden,
        )


@dataclass(frozen=True, slots=True)
class Styles:
    """A document's styles by their ids."""

    usual: Letters
    by_id: Mapping[str, Style]

    def chain(self, name: str | None) -> list[Style]:
        """The style and those that it is based on, the last one first."""
        found: list[Style] = []
        while name is not None and name in self.by_id and len(found) <= len(self.by_id):
            found.append(self.by_id[name])
            name = found[-1].based_on
        return found[::-1]

    def letters(self, before: Letters, name: str | None) -> Letters:
        for style in self.chain(name):
            before = before.under(style)
        return before


def styles_of(root: etree._Element | None) -> Styles:
    """Of the member styles.xml."""
    usual, by_id = Letters(), dict[str, Style]()
    for element in root if root is not None else ():
        if local(element) == "docDefaults":
            for properties in (each for each in element.iter() if local(each) == "rPr"):
                usual = usual.under(stated(properties))
        elif local(element) == "style" and (name := attribute(element, "styleId")) is not None:
            children = {local(child): child for child in element}
            names = [attribute(children[tag], "val") if tag in children else None for tag in ("name", "basedOn")]
            by_id[name] = replace(stated(children.get("rPr")), name=(names[0] or "").casefold(), based_on=names[1])
            if attribute(element, "type") == "paragraph" and attribute(element, "default") not in (None, *OFF):
                by_id[""] = by_id[name]  # of paragraphs that name none
    return Styles(usual, by_id)


def stated(properties: etree._Element | None) -> Style:
    """What an rPr says."""
    found = Style()
    for element in properties if properties is not None else ():
        name, value = local(element), attribute(element, "val")
        if name == "sz" and value is not None and value.isdecimal() and len(value) < 5:
            found = replace(found, size=int(value) / 2)
        elif name == "b":
            found = replace(found, bold=value not in OFF)
        elif name == "vanish":
            found = replace(found, hidden=value not in OFF)
        elif name == "rFonts":
            found = replace(found, font=attribute(element, "ascii") or attribute(element, "hAnsi"))
    return found
