"""Where an application on a device waits for its answer [RFC 8252 §7.3]."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class Loopback:
    """Listens at any free port, and lists what browsers bring: the method and the parameters."""

    def __enter__(self):
        arrived = self.arrived = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self._arrive(urlsplit(self.path).query)

            def do_POST(self):
                self._arrive(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def _arrive(self, parameters):
                if urlsplit(self.path).path == "/callback":
                    arrived.append((self.command, dict(parse_qsl(parameters, strict_parsing=True))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"You can close this window.")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}/callback"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
