// oauth4webapi with client certificates [RFC 8705].
//
// Usage: node mtls.test.mjs BASE_URL FIXTURES DIRECTORY
// The directory holds authority.pem, and of each holder a certificate and a key: issued.pem, own.pem, other.pem.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'

const [base, , directory] = process.argv.slice(2)
const file = (name) => readFileSync(join(directory, `${name}.pem`))

/** What `fetch` is, on connections with the certificate of `holder`. */
function fetching(holder) {
  const identity = holder ? { cert: file(holder), key: file(holder) } : {}
  const agent = new Agent({ ca: file('authority'), ...identity })
  return async (url, { method, headers, body }) => {
    const sending = request(url, { agent, method, headers: Object.fromEntries(new Headers(headers)) })
    sending.end(body?.toString())
    const response = await new Promise((resolve, reject) => sending.on('response', resolve).on('error', reject))
    const { statusCode: status, headers: received } = response
    return new Response(await buffer(response), { status, headers: received })
  }
}

const by = (holder) => ({ [oauth.customFetch]: fetching(holder) })
const issuer = new URL(base)
const discovered = await oauth.discoveryRequest(issuer, { ...by(), algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(issuer, discovered)

async function tokens(id, holder) {
  const client = { client_id: id, use_mtls_endpoint_aliases: true }
  const answer = await oauth.clientCredentialsGrantRequest(
    server, client, oauth.TlsClientAuth(), new URLSearchParams({ scope: 'read' }), by(holder),
  )
  return oauth.processClientCredentialsResponse(server, client, answer)
}

for (const [id, holder] of [['by-subject', 'issued'], ['by-host', 'issued'], ['by-own', 'own']]) {
  test(`${id}: a certificate gets a token that goes with it`, async () => {
    const { access_token: token } = await tokens(id, holder)
    const resource = new URL('/api/whoami', base)
    const call = (who) => oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, by(who))
    assert.equal((await (await call(holder)).json()).client_id, id)
    for (const thief of ['other', undefined]) {
      await assert.rejects(call(thief), (error) => {
        assert.equal(error.cause[0].parameters.error, 'invalid_token')
        return error instanceof oauth.WWWAuthenticateChallengeError
      })
    }
  })

  test(`${id}: another certificate, or none, is refused`, async () => {
    for (const other of ['other', undefined]) {
      await assert.rejects(tokens(id, other), { error: 'invalid_client' })
    }
  })
}
