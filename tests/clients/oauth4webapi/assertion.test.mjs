// oauth4webapi with an assertion of an issuer that the server trusts [RFC 7523 §2.1].
//
// Usage: node assertion.test.mjs BASE_URL FIXTURES PRIVATE_KEY

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'

const [base, , pem] = process.argv.slice(2)
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const IDP = 'https://idp.test'
// The server is on loopback, where plain http is as good as https.
const options = { [oauth.allowInsecureRequests]: true }

const discovered = await oauth.discoveryRequest(new URL(base), { ...options, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(new URL(base), discovered)
const client = { client_id: 'app' }

const der = Buffer.from(readFileSync(pem, 'utf8').replace(/-----[^-]+-----/g, ''), 'base64')
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const key = await crypto.subtle.importKey('pkcs8', der, ecdsa, false, ['sign'])

/** A JWT as the issuer makes it. */
async function assertion(typ, more = {}) {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: IDP, sub: 'a-1', aud: base, iat: now, exp: now + 60, jti: crypto.randomUUID() }
  const part = (value) => Buffer.from(value).toString('base64url')
  const parts = [{ alg: 'ES256', typ }, { ...usual, ...more }].map((value) => part(JSON.stringify(value)))
  const signature = await crypto.subtle.sign(ecdsa, key, Buffer.from(parts.join('.')))
  return [...parts, part(new Uint8Array(signature))].join('.')
}

async function tokens(shown, secret = 'app') {
  const authentication = oauth.ClientSecretBasic(secret)
  const parameters = { assertion: shown, scope: 'read' }
  const response = await oauth.genericTokenEndpointRequest(server, client, authentication, GRANT, parameters, options)
  return oauth.processGenericTokenEndpointResponse(server, client, response)
}

const refusedAs = (error) => (thrown) => thrown instanceof oauth.ResponseBodyError && thrown.error === error

test('the server says what it takes', () => {
  assert.ok(server.grant_types_supported.includes(GRANT))
  assert.deepEqual(server.authorization_grant_profiles_supported, ['urn:ietf:params:oauth:grant-profile:id-jag'])
})

for (const [name, typ, more] of [
  ['an assertion', 'JWT', {}],
  ['an identity assertion', 'oauth-id-jag+jwt', { client_id: 'app', scope: 'read' }],
]) {
  test(`${name} gives a token once`, async () => {
    const shown = await assertion(typ, more)
    const given = await tokens(shown)
    assert.equal(given.scope, 'read')
    assert.equal(given.refresh_token, undefined)
    const authentication = oauth.ClientSecretBasic('app')
    const asked = await oauth.introspectionRequest(server, client, authentication, given.access_token, options)
    const seen = await oauth.processIntrospectionResponse(server, client, asked)
    assert.deepEqual([seen.active, seen.sub, seen.client_id], [true, 'alice', 'app'])
    await assert.rejects(tokens(shown), refusedAs('invalid_grant'))
  })
}

test('what is wrong is refused as the RFC says', async () => {
  const wrong = [
    ['JWT', { aud: 'https://other.test' }],
    ['JWT', { exp: 1 }],
    ['JWT', { iss: 'https://other.test' }],
    ['JWT', { sub: 'b-2' }],
    ['oauth-id-jag+jwt', { client_id: 'other' }],
    ['at+jwt', {}],
  ]
  for (const [typ, more] of wrong) {
    await assert.rejects(tokens(await assertion(typ, more)), refusedAs('invalid_grant'), JSON.stringify(more))
  }
  const shown = await assertion('JWT')
  await assert.rejects(tokens(shown, 'wrong'), (thrown) => thrown instanceof oauth.WWWAuthenticateChallengeError)
  assert.equal((await tokens(shown)).token_type, 'bearer')
})
