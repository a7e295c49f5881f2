"""What a browser does with the pages of the server: forms, redirects, cookies, and the policies of the pages."""

import base64
import hashlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests


class Blocked(AssertionError):
    """A browser would have stopped here."""


class Browser:
    """One person's browser. It reaches `http` addresses only; at any other it stops and shows what it would send."""

    def __init__(self):
        self._session = requests.Session()
        self._session.trust_env = False

    def open(self, url):
        return self._settle(self._fetch("GET", url, None, {"Sec-Fetch-Site": "cross-site"}, None))

    def press(self, page, form, button=None, **typed):
        """Fills in `typed` and presses the button of that name and value."""
        return self._settle(self._submit(page, form, form.entries(button, typed)))

    def authorize(self, url, user, decision="allow", **typed):
        """Types a code, logs in and decides wherever the server asks; tells what it asked, and where that led."""
        page, asked = self.open(url), []
        while len(asked) < 4:
            if "code" not in asked and (form := page.form_with("user_code")):
                asked.append("code")
                page = self.press(page, form, **typed)
            elif form := page.form_with("password"):
                asked.append("login")
                page = self.press(page, form, username=user["username"], password=user["password"])
            elif form := page.form_with("decision"):
                asked.append("consent")
                page = self.press(page, form, ("decision", decision))
            else:
                return asked, page
        raise Blocked(f"asked again and again: {asked}")

    def _settle(self, page):
        """Runs the one script that a page without scripts may have: the one that posts its form."""
        return self._submit(page, page.forms[0], page.forms[0].entries(None, {})) if page.posts_itself() else page

    def _submit(self, page, form, entries):
        target = urljoin(page.url, form.action or page.url)
        if form.method != "post":
            raise Blocked(f"a form that changes something is sent with {form.method}")
        same = origin(target) == origin(page.url)
        headers = {
            "Origin": "null" if page.headers.get("Referrer-Policy") == "no-referrer" else origin(page.url),
            "Sec-Fetch-Site": "same-origin" if same else "cross-site",
        }
        return self._fetch("POST", target, entries, headers, page)

    def _fetch(self, method, url, entries, headers, leaving):
        for _ in range(10):
            if leaving and not leaving.lets_forms_go_to(url):
                raise Blocked(f"the content security policy of {leaving.url} forbids to go to {url}")
            if not url.startswith("http://"):
                return Page(url, posted=entries)
            answer = self._session.request(
                method, url, data=entries, headers=headers, allow_redirects=False, timeout=10
            )
            if not answer.is_redirect:
                return Page(url, answer.status_code, answer.headers, *read(answer.text))
            if answer.status_code in (307, 308) and entries:
                raise Blocked(f"{url} would have what was typed repeated elsewhere")
            method, entries, url = "GET", None, urljoin(url, answer.headers["Location"])
        raise Blocked(f"redirected again and again, at last to {url}")


@dataclass
class Form:
    action: str
    method: str
    inputs: list = field(default_factory=list)
    buttons: list = field(default_factory=list)

    def entries(self, button, typed):
        unknown = typed.keys() - {name for name, _ in self.inputs}
        if unknown or (button and button not in self.buttons):
            raise Blocked(f"the form has no {unknown or button}")
        return [(name, typed.get(name, value)) for name, value in self.inputs] + ([button] if button else [])


@dataclass
class Page:
    url: str
    status: int = 0
    headers: dict = field(default_factory=dict)
    forms: list = field(default_factory=list)
    scripts: list = field(default_factory=list)
    posted: list = None

    def form_with(self, name):
        return next((form for form in self.forms if name in dict(form.inputs + form.buttons)), None)

    def posts_itself(self):
        """Whether a script that the policy allows by its hash submits the form."""
        allowed = self._policy().get("script-src", [])
        return any(
            "submit()" in script
            and f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in allowed
            for script in self.scripts
        )

    def lets_forms_go_to(self, url):
        """Whether `form-action` covers a target, or a redirect of one."""
        sources = self._policy().get("form-action")
        covering = {origin(url), f"{urlsplit(url).scheme}:"} | ({"'self'"} if origin(url) == origin(self.url) else set())
        return sources is None or not covering.isdisjoint(sources)

    def _policy(self):
        directives = (one.split() for one in self.headers.get("Content-Security-Policy", "").split(";"))
        return {words[0]: words[1:] for words in directives if words}


def origin(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read(text):
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.forms, reader.scripts


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.scripts, self._form, self._in_script = [], [], None, False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        kind, name, value = attrs.get("type", "").lower(), attrs.get("name"), attrs.get("value")
        if tag == "form":
            self._form = Form(attrs.get("action", ""), attrs.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "script":
            self._in_script = True
            self.scripts.append("")
        elif self._form and name and (tag == "button" or kind == "submit"):
            self._form.buttons.append((name, value or ""))
        elif self._form and name and tag == "input":
            if kind not in ("checkbox", "radio") or "checked" in attrs:
                self._form.inputs.append((name, "on" if value is None and kind == "checkbox" else value or ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "script":
            self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data
