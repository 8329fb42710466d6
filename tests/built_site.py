"""A built site as its reader's browser sees it: which pages there are, and what they point to."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

POINTERS = {"href", "src"}


class Page(HTMLParser):
    """The anchors and the addresses of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.addresses: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what one tag names and points to."""
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in POINTERS and value is not None:
                self.addresses.append(value)
                if name == "src" or (tag == "link" and dict(attrs).get("rel") == "stylesheet"):
                    self.fetched.append(value)


class Site:
    """All pages below a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.pages = {file: Page(file.read_text("utf-8")) for file in place.rglob("*.html")}

    def dead(self) -> list[str]:
        """Links to files and anchors that are not there, as `page: address`."""
        return [
            f"{file.relative_to(self.place)}: {address}"
            for file, page in sorted(self.pages.items())
            for address in page.addresses
            if not self._alive(file, address)
        ]

    def outside(self) -> list[tuple[str, str]]:
        """Addresses on other servers, with the page that links to them."""
        return [
            (str(file.relative_to(self.place)), address)
            for file, page in sorted(self.pages.items())
            for address in page.addresses
            if urlsplit(address).scheme or address.startswith("//")
        ]

    def _alive(self, file: Path, address: str) -> bool:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return True
        target = file if not parts.path else (file.parent / unquote(parts.path)).resolve()
        if target.is_dir():
            target /= "index.html"
        if not target.exists():
            return False
        anchor = unquote(parts.fragment)
        return not anchor or target not in self.pages or anchor in self.pages[target].anchors
