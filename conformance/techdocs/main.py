"""What mkdocs-techdocs-core makes of sites: their pages, headings, links and text, as JSON.

One request a line on standard input: {"root": "/a/repository"}; one answer a line. The site is built as Backstage's local
generator builds it (`mkdocs build`), and the pages are read from the HTML that came out.
"""

import json
import logging
import os
import re
import sys
import tempfile
from html.parser import HTMLParser

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.plugins import BasePlugin

VOID = {"br", "hr", "img", "input", "col", "wbr", "area", "base", "link", "meta", "source"}


class Shape(HTMLParser):
    """The headings, links, text and counted elements of a page's content."""

    COUNTED = {
        "li", "dl", "dt", "dd", "table", "th", "td", "pre", "code", "blockquote", "em", "strong", "del", "mark", "sup", "sub", "abbr",
        "img",
    }

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.text, self.links, self.headings, self.counts = [], [], [], [], {}
        self.hidden = 0
        self.heading, self.tab, self.tabs, self.lines = None, None, [], 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        classes = (attributes.get("class") or "").split()
        # What the theme adds: permalinks, and the numbers of lines with the table that holds them.
        hide = "headerlink" in classes or "linenos" in classes
        lines = "highlighttable" in classes
        if tag not in VOID:
            self.stack.append((tag, hide, lines))
            self.hidden += hide
            self.lines += lines
        if self.hidden:
            return
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "label" and str(attributes.get("for", "")).startswith("__tabbed"):
            self.tab = []
        if re.fullmatch("h[1-6]", tag):
            self.heading = {"level": int(tag[1]), "id": attributes.get("id", ""), "text": []}
        if tag in self.COUNTED and not (self.lines and tag in ("table", "td", "th")):
            self.counts[tag] = self.counts.get(tag, 0) + 1
        self.text.append(" ")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        while self.stack:
            open_tag, hide, lines = self.stack.pop()
            self.hidden -= hide
            self.lines -= lines
            if open_tag == tag:
                break
        if self.heading is not None and re.fullmatch("h[1-6]", tag):
            self.heading["text"] = " ".join("".join(self.heading["text"]).split())
            self.headings.append(self.heading)
            self.heading = None
        if self.tab is not None and tag == "label":
            self.tabs.append(" ".join("".join(self.tab).split()))
            self.tab = None
        self.text.append(" ")

    def handle_data(self, data):
        if self.hidden:
            return
        if self.tab is not None:
            # The theme has all titles of a set before its contents.
            self.tab.append(data)
            return
        self.text.append(data)
        if self.heading is not None:
            self.heading["text"].append(data)

    def shape(self):
        # White space is what tags and lines make of it; what is compared are the letters.
        text = "".join("".join(self.text).split())
        return {"headings": self.headings, "links": self.links, "text": text, "tabs": self.tabs, "counts": self.counts}


def shape(html):
    parser = Shape()
    parser.feed(html)
    parser.close()
    return parser.shape()


class Watch(BasePlugin):
    """Keeps what MkDocs made of each page."""

    def __init__(self):
        self.pages = {}

    def on_page_context(self, context, page, config, nav):
        near = lambda other: other.url if other else None
        self.pages[page.file.src_uri] = {
            "url": page.url,
            "title": str(page.title),
            "previous": near(page.previous_page),
            "next": near(page.next_page),
            **shape(page.content),
        }
        return context


def answer(request):
    root = request["root"]
    watch = Watch()
    with tempfile.TemporaryDirectory() as site:
        name = next((name for name in ("mkdocs.yaml", "mkdocs.yml") if os.path.exists(os.path.join(root, name))), None)
        config = load_config(os.path.join(root, name), site_dir=site)
        config["plugins"]["watch"] = watch
        build(config)
    return {"pages": [{"path": path, **page} for path, page in sorted(watch.pages.items())]}


def main():
    logging.disable(logging.CRITICAL)
    out = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        try:
            reply = {"out": json.dumps(answer(json.loads(line)), ensure_ascii=False)}
        except Exception as error:  # the caller is told, and asks the next one
            reply = {"err": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(reply, ensure_ascii=False) + "\n")
        out.flush()


main()
