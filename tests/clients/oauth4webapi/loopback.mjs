// Where an application on a device waits for its answer [RFC 8252 §7.3].

import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** Listens at any free port while `use` runs, and lists what browsers bring: the method and the parameters. */
export async function withLoopback(use) {
  const arrived = []
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1')
    const posted = await text(request)
    if (pathname === '/callback') {
      const parameters = request.method === 'POST' ? new URLSearchParams(posted) : searchParams
      arrived.push({ method: request.method, parameters })
    }
    response.end('You can close this window.')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use(`http://127.0.0.1:${server.address().port}/callback`, arrived)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
