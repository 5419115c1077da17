"""What the authors of a page's markup call its parts: names of classes, ids and roles, English and Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Mark(StrEnum):
    """What an element is by its name."""

    TITLE = "title"
    DATE = "date"
    CLOCK = "clock"  # the time at which the page was looked at
    AUTHOR = "author"
    SOURCE = "source"
    LEAD = "lead"
    CAPTION = "caption"
    HEADER = "header"  # of the site


Marks = frozenset[Mark]

_NAMES = ("class", "id", "itemprop", "data-role", "rel", "type", "role")  # attributes
_LONGEST_NAMES = 300  # characters
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z]+")
_NO_LETTER = re.compile("[^a-z]")

_WORDS: Mapping[Mark, frozenset[str]] = {
    mark: frozenset(words.split())
    for mark, words in {
        Mark.TITLE: "title headline tieude head heading",
        Mark.DATE: "date time datetime published pubdate posted timestamp ngay dated created",
        Mark.CLOCK: "clock today now dongho marquee ticker",
        Mark.AUTHOR: "author authors byline tacgia writer butdanh createdby",
        Mark.SOURCE: "source nguon nguontin",
        Mark.LEAD: "sapo lead chapeau summary hometext standfirst tomtat trichyeu excerpt intro description desc",
        Mark.CAPTION: "caption captions chuthich imgcap figcaption",
        Mark.HEADER: "masthead topbar topheader logo",
    }.items()
}
"""Whole words of names."""

_PIECES: Mapping[Mark, tuple[str, ...]] = {
    mark: tuple(pieces.split())
    for mark, pieces in {
        Mark.TITLE: "tieude newstitle titledetail titlenews",
        Mark.DATE: "ngaydang publishdate publishtime postdate createdate datecreate newsdate thoigian ngaythang"
        " postedon datepublished",
        Mark.CLOCK: "currentdate currenttime datenow dongho ngayhientai",
        Mark.AUTHOR: "tacgia nguoiviet butdanh authorname",
        Mark.SOURCE: "nguontin newssource",
        Mark.LEAD: "sapo tomtat trichyeu hometext shortdesc",
        Mark.CAPTION: "caption chuthich imagedesc imgdesc photodesc picdesc descimg desimg",
        Mark.HEADER: "headertop tophead siteheader mainheader pageheader",
    }.items()
}
"""What says it wherever it stands in a name that is written together."""

_FURNITURE = frozenset((
    "menu", "nav", "navbar", "navigation", "breadcrumb", "breadcrumbs", "crumb", "crumbs", "sidebar", "footer",
    "foot", "comment", "comments", "cmt", "share", "shares", "sharing", "social", "socials", "related", "relate",
    "relates", "tag", "tags", "keyword", "keywords", "tukhoa", "ads", "ad", "adv", "advert", "advertisement",
    "quangcao", "qc", "banner", "popup", "modal", "cookie", "cookies", "newsletter", "subscribe", "login", "search",
    "print", "tool", "tools", "toolbar", "toolbox", "rating", "rate", "vote", "danhgia", "hotnews", "widget",
    "copyright", "counter", "thongke", "pagination", "pager", "paging", "lienquan", "tinkhac", "other", "others",
    "sponsor", "sponsored", "recommend", "recommended", "trending", "xemnhieu", "docnhieu", "tinmoi", "latest",
    "addthis", "zalo", "rss", "lienket", "weblink", "prevnext", "respond", "disqus", "gopy", "binhluan", "phanhoi",
    "luotxem", "views", "viewcount", "fontsize", "cochu", "reactions", "fb", "hashtag", "promo", "promotion",
    "podcast", "player", "mostview", "mostviewed", "mostread",
))  # fmt: skip
_FURNITURE_PIECES = (
    "lienquan", "tinkhac", "baikhac", "tincu", "tinmoi", "tindanhmuc", "cungchuyenmuc", "xemthem", "docthem",
    "quangcao", "breadcrumb", "sidebar", "readmore", "binhluan", "tukhoa", "thongke", "luotxem", "luottruycap",
    "othernews", "newsother", "othersnews", "relatednews", "newsrelat", "relatepost", "relatedpost",
    "relatedonenews", "articlerelat", "boxrelat", "morenews", "newsmore", "mostview", "mostread", "hotnews",
    "socialshare", "sharebox", "sharebtn", "mainmenu", "footermenu", "danhgia", "cungloai", "tagbox", "taglist",
    "boxtag", "fbcomment", "tinhot", "tinnong", "nextpost", "prevpost", "adsbygoogle", "pagenav",
)  # fmt: skip
_FURNITURE_TAGS = frozenset(("nav", "aside", "footer"))
_FURNITURE_ROLES = frozenset((
    "navigation", "banner", "complementary", "contentinfo", "search", "dialog", "alert", "menu", "menubar",
))  # fmt: skip
_CAPTION_TAGS = frozenset(("figcaption", "caption"))


def named(tag: str, attributes: Mapping[str, str]) -> tuple[Marks, frozenset[str]]:
    """(what an element is, the words by which it seems to be the page's and not the article's)."""
    parts = (attributes.get(name, "") for name in _NAMES)
    return _named(tag, " ".join(part for part in parts if part)[:_LONGEST_NAMES])


@lru_cache(maxsize=4096)
def _named(tag: str, names: str) -> tuple[Marks, frozenset[str]]:
    words = _WORD.findall(_CAMEL.sub(" ", names).lower())
    # Name by name, so that the end of one and the beginning of the next make no word.
    together = [_NO_LETTER.sub("", name.lower()) for name in names.split()]
    marks = {mark for mark, whole in _WORDS.items() if not whole.isdisjoint(words)}
    marks |= {mark for mark, pieces in _PIECES.items() if _holds(together, pieces)}
    if tag in _CAPTION_TAGS or (tag in ("p", "td") and words == ["image"]):
        marks.add(Mark.CAPTION)
    if tag == "time":
        marks.add(Mark.DATE)
    furniture = {word for word in words if word in _FURNITURE}
    furniture |= {piece for piece in _FURNITURE_PIECES if _holds(together, (piece,))}
    if tag in _FURNITURE_TAGS:
        furniture.add(f"<{tag}>")
    if not _FURNITURE_ROLES.isdisjoint(names.lower().split()):
        furniture.add("role")
    return frozenset(marks), frozenset(furniture)


def _holds(names: list[str], pieces: tuple[str, ...]) -> bool:
    return any(piece in name for name in names for piece in pieces)
