"""Authlib, as its users have it: inside a web framework, and as a session of its own.

Usage: python test_authlib.py BASE_URL FIXTURES
"""

import json
import os
import sys
import unittest
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import flask
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import rfc8414, rfc9207
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import ECKey

from browser import Browser
from loopback import Loopback

# The server is on loopback, where plain http is as good as https.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

BASE, FIXTURES = sys.argv[1], Path(sys.argv[2])
CLIENTS = {client["client_id"]: client for client in json.loads((FIXTURES / "clients.json").read_text())}
KEYS = {
    client_id: ECKey.import_key(f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----")
    for path in FIXTURES.glob("keys.json")
    for client_id, key in json.loads(path.read_text()).items()
}
# For the issuer and not for its token endpoint, which is what Authlib would take by itself.
ASSERTIONS = [PrivateKeyJWT(BASE, alg="ES256"), ClientSecretJWT(BASE)]
USER, NEWCOMER = json.loads((FIXTURES / "users.json").read_text())
METADATA_URL = rfc8414.get_well_known_url(BASE, external=True)
RESOURCE = f"{BASE}/api/whoami"


def discover():
    answer = requests.get(METADATA_URL, timeout=10)
    answer.raise_for_status()
    return rfc8414.AuthorizationServerMetadata(answer.json())


def secret(client):
    return KEYS.get(client["client_id"]) or client.get("client_secret")


def session(client_id, **options):
    """A session that was told nothing but who it is and what the server says of itself."""
    client = CLIENTS[client_id]
    own = OAuth2Session(
        client_id,
        secret(client),
        token_endpoint_auth_method=client["token_endpoint_auth_method"],
        revocation_endpoint_auth_method=client["token_endpoint_auth_method"],
        code_challenge_method="S256",
        default_timeout=10,
        **{**discover(), **options},
    )
    for method in ASSERTIONS:
        own.register_client_auth_method(method)
    return own


def introspect(client, token):
    answer = client.introspect_token(client.metadata["introspection_endpoint"], token=token)
    answer.raise_for_status()
    return answer.json()


class Discovery(unittest.TestCase):
    def test_the_metadata_is_valid_and_names_everything(self):
        metadata = discover()
        metadata.validate(metadata_classes=[rfc9207.AuthorizationServerMetadata])
        self.assertEqual(metadata["issuer"], BASE)
        self.assertTrue(metadata["authorization_response_iss_parameter_supported"])
        self.assertIn("S256", metadata["code_challenge_methods_supported"])
        self.assertLessEqual({"query", "form_post"}, set(metadata["response_modes_supported"]))
        for endpoint in ("authorization", "token", "revocation", "introspection", "device_authorization"):
            self.assertTrue(metadata[f"{endpoint}_endpoint"].startswith(BASE))


class WebApplication(unittest.TestCase):
    """Flask with Authlib's client: discovery, PKCE and state are the library's own."""

    def setUp(self):
        client = CLIENTS["web-basic"]
        self.redirect_uri = client["redirect_uris"][0]
        app = flask.Flask(__name__)
        app.secret_key = "of the application under test"
        self.server = OAuth(app).register(
            "server",
            client_id=client["client_id"],
            client_secret=secret(client),
            server_metadata_url=METADATA_URL,
            api_base_url=f"{BASE}/",
            client_auth_methods=ASSERTIONS,
            client_kwargs={
                "scope": "read",
                "token_endpoint_auth_method": client["token_endpoint_auth_method"],
                "code_challenge_method": "S256",
                "default_timeout": 10,
            },
        )

        @app.get("/login")
        def login():
            return self.server.authorize_redirect(self.redirect_uri, **flask.request.args)

        @app.route("/cb", methods=["GET", "POST"])
        def callback():
            return self.server.authorize_access_token()

        @app.errorhandler(OAuthError)
        def refused(error):
            return {"error": error.error}, 403

        self.app = app
        self.visitor = app.test_client()
        self.browser = Browser()

    def leave(self, **parameters):
        """The address that the application sends its visitor to."""
        return self.visitor.get("/login", base_url="https://client.test", query_string=parameters).location

    def arrive(self, page):
        """Brings what the server answered to the application, as the visitor's browser does."""
        self.assertEqual(page.url.split("?")[0], self.redirect_uri)
        if page.posted is None:
            return self.visitor.get(page.url)
        return self.visitor.post(page.url, data=dict(page.posted))

    def whoami(self, token):
        with self.app.test_request_context():
            return self.server.get("api/whoami", token=token)

    def test_a_person_logs_in(self):
        asked, page = self.browser.authorize(self.leave(), NEWCOMER)
        self.assertEqual(asked, ["login", "consent"])
        token = self.arrive(page).json
        self.assertEqual((token["token_type"], token["scope"]), ("Bearer", "read"))
        answer = self.whoami(token)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json(), {"sub": NEWCOMER["sub"], "client_id": "web-basic", "scope": "read"})

    def test_the_answer_can_be_posted(self):
        _, page = self.browser.authorize(self.leave(response_mode="form_post"), USER)
        self.assertEqual({name for name, _ in page.posted}, {"code", "state", "iss"})
        self.assertEqual(dict(page.posted)["iss"], BASE)
        self.assertIn("access_token", self.arrive(page).json)

    def test_session_and_consent_are_remembered_until_the_application_asks_again(self):
        self.browser.authorize(self.leave(), USER)
        asked, page = self.browser.authorize(self.leave(), USER)
        self.assertEqual(asked, [])
        self.assertIn("access_token", self.arrive(page).json)
        asked, _ = self.browser.authorize(self.leave(prompt="consent"), USER)
        self.assertEqual(asked, ["consent"])
        asked, _ = self.browser.authorize(self.leave(scope="read write"), USER)
        self.assertEqual(asked, ["consent"])
        asked, _ = self.browser.authorize(self.leave(prompt="login"), USER)
        self.assertEqual(asked[0], "login")

    def test_a_denial_is_reported(self):
        _, page = self.browser.authorize(self.leave(prompt="consent"), USER, decision="deny")
        answer = self.arrive(page)
        self.assertEqual((answer.status_code, answer.json), (403, {"error": "access_denied"}))

    def test_silence_without_a_session_is_reported(self):
        asked, page = self.browser.authorize(self.leave(prompt="none"), USER)
        self.assertEqual(asked, [])
        self.assertEqual(self.arrive(page).json, {"error": "login_required"})

    def test_a_stolen_answer_is_of_no_use_to_another_visitor(self):
        _, page = self.browser.authorize(self.leave(), USER)
        self.visitor = self.app.test_client()
        self.assertEqual(self.arrive(page).json, {"error": MismatchingStateError.error})

    def test_a_code_is_redeemed_once(self):
        _, page = self.browser.authorize(self.leave(), USER)
        thief = self.app.test_client()
        application = {"base_url": "https://client.test"}
        with self.visitor.session_transaction(**application) as ours:
            with thief.session_transaction(**application) as theirs:
                theirs.update(ours)
        token = self.arrive(page).json
        self.assertEqual(self.whoami(token).status_code, 200)
        self.visitor = thief
        self.assertEqual(self.arrive(page).json, {"error": "invalid_grant"})
        self.assertEqual(self.whoami(token).status_code, 401)


class Session(unittest.TestCase):
    """Sessions of their own, and what they do with their tokens."""

    def native(self, loopback, response_mode=None):
        """An application on a device with its first tokens."""
        client = session("native", scope="read write", redirect_uri=loopback.redirect_uri)
        verifier = generate_token(48)
        parameters = {"response_mode": response_mode} if response_mode else {}
        url, state = client.create_authorization_url(
            client.metadata["authorization_endpoint"], code_verifier=verifier, **parameters
        )
        asked, _ = Browser().authorize(url, USER)
        self.assertEqual(asked, ["login", "consent"])
        [(method, answer)] = loopback.arrived
        self.assertEqual(method, "POST" if response_mode == "form_post" else "GET")
        self.assertEqual((answer["state"], answer["iss"]), (state, client.metadata["issuer"]))
        client.fetch_token(code=answer["code"], code_verifier=verifier)
        return client

    def test_an_application_on_a_device_listens_where_it_can(self):
        for response_mode in (None, "query", "form_post"):
            with self.subTest(response_mode), Loopback() as loopback:
                client = self.native(loopback, response_mode)
                self.assertEqual(client.get(RESOURCE).json()["client_id"], "native")
                self.assertEqual(client.post(RESOURCE).status_code, 200)

    def test_a_device_asks_each_time(self):
        with Loopback() as loopback:
            browser, client = Browser(), session("native", scope="read", redirect_uri=loopback.redirect_uri)
            for expected in (["login", "consent"], ["consent"]):
                url, _ = client.create_authorization_url(
                    client.metadata["authorization_endpoint"], code_verifier=generate_token(48)
                )
                asked, _ = browser.authorize(url, USER)
                self.assertEqual(asked, expected)

    def test_tokens_are_refreshed_and_a_lost_answer_is_given_again(self):
        with Loopback() as loopback:
            client = self.native(loopback)
        first = dict(client.token)
        second = dict(client.refresh_token())
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertNotEqual(second["access_token"], first["access_token"])
        again = dict(client.refresh_token(refresh_token=first["refresh_token"]))
        self.assertEqual(again["refresh_token"], second["refresh_token"])
        narrowed = dict(client.refresh_token(scope="read"))
        self.assertEqual(narrowed["scope"], "read")
        self.assertEqual(client.post(RESOURCE).status_code, 403)
        self.assertEqual(dict(client.refresh_token())["scope"], "read write")

    def test_a_spent_refresh_token_ends_everything(self):
        with Loopback() as loopback:
            client = self.native(loopback)
        first = client.token["refresh_token"]
        client.refresh_token()
        client.refresh_token()
        last = dict(client.token)
        with self.assertRaises(OAuthError) as refused:
            client.refresh_token(refresh_token=first)
        self.assertEqual(refused.exception.error, "invalid_grant")
        self.assertEqual(client.get(RESOURCE).status_code, 401)
        with self.assertRaises(OAuthError) as refused:
            client.refresh_token(refresh_token=last["refresh_token"])
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_another_verifier_is_refused(self):
        with Loopback() as loopback:
            client = session("native", scope="read", redirect_uri=loopback.redirect_uri)
            url, _ = client.create_authorization_url(
                client.metadata["authorization_endpoint"], code_verifier=generate_token(48)
            )
            Browser().authorize(url, USER)
            [(_, answer)] = loopback.arrived
        with self.assertRaises(OAuthError) as refused:
            client.fetch_token(code=answer["code"], code_verifier=generate_token(48))
        self.assertEqual(refused.exception.error, "invalid_grant")

    def web_post(self):
        """A web application that posts its secret, with its first tokens."""
        redirect_uri = CLIENTS["web-post"]["redirect_uris"][0]
        client = session("web-post", scope="read", redirect_uri=redirect_uri)
        verifier = generate_token(48)
        url, state = client.create_authorization_url(
            client.metadata["authorization_endpoint"], code_verifier=verifier
        )
        _, page = Browser().authorize(url, USER)
        self.assertTrue(page.url.startswith(f"{redirect_uri}&"))
        answer = dict(parse_qsl(urlsplit(page.url).query))
        self.assertEqual((answer["tenant"], answer["iss"]), ("1", client.metadata["issuer"]))
        client.fetch_token(authorization_response=page.url, state=state, code_verifier=verifier)
        return client

    def test_tokens_are_looked_up_by_their_client_only(self):
        client = self.web_post()
        for kind in ("access_token", "refresh_token"):
            seen = introspect(client, client.token[kind])
            self.assertTrue(seen["active"])
            self.assertEqual((seen["sub"], seen["client_id"]), (USER["sub"], "web-post"))
            self.assertEqual(introspect(session("service"), client.token[kind]), {"active": False})
        self.assertEqual(introspect(client, "no token at all"), {"active": False})

    def test_revoking_either_token_ends_the_grant_at_once(self):
        for kind in ("access_token", "refresh_token"):
            with self.subTest(kind):
                client = self.web_post()
                self.assertEqual(client.get(RESOURCE).status_code, 200)
                stranger = session("service").revoke_token(
                    client.metadata["revocation_endpoint"], token=client.token[kind]
                )
                self.assertEqual((stranger.status_code, client.get(RESOURCE).status_code), (200, 200))
                revoked = client.revoke_token(client.metadata["revocation_endpoint"], token=client.token[kind])
                self.assertEqual(revoked.status_code, 200)
                self.assertEqual(client.get(RESOURCE).status_code, 401)
                for token in (client.token["access_token"], client.token["refresh_token"]):
                    self.assertEqual(introspect(client, token), {"active": False})
                with self.assertRaises(OAuthError) as refused:
                    client.refresh_token()
                self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_service_acts_for_itself(self):
        service = session("service", scope="read", grant_type="client_credentials")
        token = service.fetch_token()
        self.assertNotIn("refresh_token", token)
        answer = service.get(RESOURCE).json()
        self.assertEqual((answer["client_id"], answer["scope"]), ("service", "read"))
        self.assertNotEqual(answer.get("sub"), USER["sub"])
        refused = service.post(RESOURCE)
        self.assertEqual(refused.status_code, 403)
        self.assertIn('error="insufficient_scope"', refused.headers["WWW-Authenticate"])

    def test_a_wrong_secret_is_refused(self):
        service = session("service", scope="read", grant_type="client_credentials")
        service.client_secret = KEYS.get("web-post", "guess")
        with self.assertRaises(OAuthError) as refused:
            service.fetch_token()
        self.assertEqual(refused.exception.error, "invalid_client")

    def test_a_web_application_is_no_service(self):
        with self.assertRaises(OAuthError) as refused:
            session("web-post", scope="read").fetch_token(grant_type="client_credentials")
        self.assertEqual(refused.exception.error, "unauthorized_client")


class Device(unittest.TestCase):
    """Authlib asks for the codes as for any resource, and polls with its own token request."""

    GRANT = "urn:ietf:params:oauth:grant-type:device_code"

    def setUp(self):
        self.client = session("tv")
        answer = self.client.post(
            self.client.metadata["device_authorization_endpoint"],
            data={"client_id": "tv", "scope": "read"},
            withhold_token=True,
        )
        self.assertEqual(answer.status_code, 200)
        self.codes = answer.json()

    def poll(self):
        return self.client.fetch_token(grant_type=self.GRANT, device_code=self.codes["device_code"])

    def refused(self):
        with self.assertRaises(OAuthError) as refused:
            self.poll()
        return refused.exception.error

    def test_a_person_connects_it(self):
        self.assertEqual([self.refused(), self.refused()], ["authorization_pending", "slow_down"])
        asked, _ = Browser().authorize(
            self.codes["verification_uri"], USER, user_code=self.codes["user_code"].lower()
        )
        self.assertEqual(asked, ["code", "login", "consent"])
        self.assertEqual(self.poll()["scope"], "read")
        answer = self.client.get(RESOURCE).json()
        self.assertEqual((answer["sub"], answer["client_id"]), (USER["sub"], "tv"))
        self.client.refresh_token()
        self.assertEqual(self.client.get(RESOURCE).status_code, 200)

    def test_a_person_refuses_it(self):
        Browser().authorize(self.codes["verification_uri_complete"], USER, decision="deny")
        self.assertEqual(self.refused(), "access_denied")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
