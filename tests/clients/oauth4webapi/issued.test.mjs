// oauth4webapi as a resource server: JWT access tokens [RFC 9068], and introspection responses as JWTs [RFC 9701].
//
// Usage: node issued.test.mjs BASE_URL FIXTURES ALGORITHM AUDIENCE

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'

const [base, , algorithm, audience] = process.argv.slice(2)
// The server is on loopback, where plain http is as good as https.
const options = { [oauth.allowInsecureRequests]: true }

const discovered = await oauth.discoveryRequest(new URL(base), { ...options, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(new URL(base), discovered)
const service = { client_id: 'service' }
const api = { client_id: 'api', introspection_signed_response_alg: algorithm }
const resource = new URL('notes?x=1', audience)

async function issued(more = {}) {
  const authentication = oauth.ClientSecretBasic('of the service')
  const told = { ...options, ...more }
  const response = await oauth.clientCredentialsGrantRequest(server, service, authentication, { scope: 'read' }, told)
  return oauth.processClientCredentialsResponse(server, service, response)
}

/** The request that the client would send to the resource. */
async function sent(token, more = {}) {
  let request
  const customFetch = async (url, init) => {
    request = new Request(url, init)
    return new Response('{}')
  }
  const told = { ...options, ...more, [oauth.customFetch]: customFetch }
  await oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, told)
  return request
}

const validated = (request, expected = audience, more = {}) =>
  oauth.validateJwtAccessToken(server, request, expected, { ...options, signingAlgorithms: [algorithm], ...more })

const refused = (code) => (thrown) => {
  assert.equal(thrown.code, code, thrown)
  return true
}

async function introspected(token) {
  const authentication = oauth.ClientSecretBasic('of the api')
  const response = await oauth.introspectionRequest(server, api, authentication, token, options)
  assert.equal(response.headers.get('content-type'), 'application/token-introspection+jwt')
  const said = await oauth.processIntrospectionResponse(server, api, response)
  await oauth.validateApplicationLevelSignature(server, response, options)
  return said
}

test('the server says how it signs', () => {
  assert.deepEqual(server.introspection_signing_alg_values_supported, [algorithm])
  assert.equal(server.jwks_uri, `${base}/jwks`)
})

test('a JWT access token holds, for its audience alone', async () => {
  const { access_token: token, token_type: type } = await issued()
  assert.equal(type, 'bearer')
  const claims = await validated(await sent(token))
  assert.deepEqual([claims.sub, claims.client_id, claims.scope, claims.aud], ['service', 'service', 'read', audience])
  await assert.rejects(validated(await sent(token), 'https://other.test/'), refused(oauth.JWT_CLAIM_COMPARISON))
  const [header, payload, signature] = token.split('.')
  const other = { ...JSON.parse(Buffer.from(payload, 'base64url')), scope: 'read write' }
  const forged = [header, Buffer.from(JSON.stringify(other)).toString('base64url'), signature].join('.')
  await assert.rejects(validated(await sent(forged)), refused(oauth.INVALID_RESPONSE))
})

test('one that is bound to a key holds with its proof alone', async () => {
  const DPoP = oauth.DPoP(service, await oauth.generateKeyPair('ES256'))
  const { access_token: token, token_type: type } = await issued({ DPoP })
  assert.equal(type, 'dpop')
  const claims = await validated(await sent(token, { DPoP }), audience, { requireDPoP: true, signingAlgorithms: [algorithm, 'ES256'] })
  assert.deepEqual(Object.keys(claims.cnf), ['jkt'])
  await assert.rejects(validated(await sent(token)))
  const other = oauth.DPoP(service, await oauth.generateKeyPair('ES256'))
  await assert.rejects(validated(await sent(token, { DPoP: other })))
})

test('introspection is signed, and tells the end of a JWT', async () => {
  const { access_token: token } = await issued()
  const claims = await validated(await sent(token))
  const said = await introspected(token)
  assert.deepEqual([said.active, said.client_id, said.scope, said.aud], [true, 'service', 'read', [audience]])
  assert.deepEqual([said.iat, said.exp, said.iss], [claims.iat, claims.exp, base])
  const authentication = oauth.ClientSecretBasic('of the service')
  const response = await oauth.revocationRequest(server, service, authentication, token, options)
  await oauth.processRevocationResponse(response)
  assert.deepEqual(await introspected(token), { active: false })
  await validated(await sent(token))
})
