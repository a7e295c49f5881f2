// openid-client through the FAPI 2.0 Security Profile, over TLS.
//
// Usage: NODE_EXTRA_CA_CERTS=AUTHORITY node fapi2.test.mjs BASE_URL FIXTURES
// All clients have keys, but `service` has a secret.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as client from 'openid-client'

import { Browser } from './browser.mjs'
import { read } from './fixtures.mjs'

const [base, fixtures] = process.argv.slice(2)
const { clients, keys, users: [user] } = await read(fixtures)
const resource = new URL('/api/whoami', base)
const redirectUri = clients.get('web-basic').redirect_uris[0]
const byKey = (id) => client.PrivateKeyJwt(keys.get(id))

/** A client that found the server by itself. */
const discovered = (id, authentication = byKey(id)) =>
  client.discovery(new URL(base), id, undefined, authentication, { algorithm: 'oauth2' })

/** Something that proves to hold a new key. */
const holder = async (config) => ({ DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()) })

async function asking(own = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const parameters = {
    redirect_uri: redirectUri,
    scope: 'read',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...own,
  }
  return { parameters, checks: { pkceCodeVerifier } }
}

/** What the browser of a person who agrees brings back. */
async function answered(url) {
  const { page } = await new Browser(base).authorize(url.href, user)
  assert.ok(page.url.startsWith(redirectUri), page.url)
  return new URL(page.url)
}

async function whoami(config, token, more) {
  const response = await client.fetchProtectedResource(config, token, resource, 'GET', null, undefined, more)
  return response.json()
}

const saysInBody = (status, error) => (thrown) => {
  assert.ok(thrown instanceof client.ResponseBodyError, thrown)
  assert.deepEqual([thrown.status, thrown.error], [status, error])
  return true
}

const challenged = (scheme, error) => (thrown) => {
  assert.ok(thrown instanceof client.WWWAuthenticateChallengeError, thrown)
  const [{ scheme: asked, parameters }] = thrown.cause
  assert.deepEqual([thrown.status, asked, parameters.error], [401, scheme, error])
  return true
}

test('the server says what the profile asks of it', async () => {
  const served = (await discovered('web-basic')).serverMetadata()
  assert.equal(served.require_pushed_authorization_requests, true)
  assert.equal(served.authorization_response_iss_parameter_supported, true)
  assert.deepEqual(served.code_challenge_methods_supported, ['S256'])
  assert.deepEqual(served.response_types_supported, ['code'])
  const methods = served.token_endpoint_auth_methods_supported
  assert.ok(methods.includes('private_key_jwt') && !methods.some((name) => name.startsWith('client_secret')), methods)
  for (const list of ['dpop', 'token_endpoint_auth', 'request_object'].map((of) => `${of}_signing_alg_values_supported`)) {
    assert.ok(served[list].every((alg) => ['PS256', 'ES256', 'EdDSA'].includes(alg)), served[list])
  }
})

test('a whole flow: pushed request, code, token, refresh, resource, introspection, revocation', async () => {
  const config = await discovered('web-basic')
  const [own, thief] = [await holder(config), await holder(config)]
  const { parameters, checks } = await asking()
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters, own)
  assert.deepEqual([...url.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
  const answer = await answered(url)
  assert.equal(answer.searchParams.get('iss'), base)
  const redeems = (who) => client.authorizationCodeGrant(config, answer, checks, undefined, who)
  await assert.rejects(redeems(thief), saysInBody(400, 'invalid_grant'))
  const first = await redeems(own)
  assert.deepEqual([first.token_type, first.scope], ['dpop', 'read'])
  const seen = await whoami(config, first.access_token, own)
  assert.deepEqual(seen, { sub: user.sub, client_id: 'web-basic', scope: 'read' })
  await assert.rejects(whoami(config, first.access_token, thief), challenged('dpop', 'invalid_token'))
  await assert.rejects(whoami(config, first.access_token), challenged('bearer', 'invalid_token'))

  // Refresh tokens are not rotated [§5.3.2.1]: the first one goes on.
  for (let times = 0; times < 3; times++) {
    const next = await client.refreshTokenGrant(config, first.refresh_token, undefined, own)
    assert.ok(next.refresh_token === undefined || next.refresh_token === first.refresh_token)
    assert.equal((await whoami(config, next.access_token, own)).sub, user.sub)
  }
  const found = await client.tokenIntrospection(config, first.access_token)
  assert.deepEqual([found.active, found.sub, found.token_type], [true, user.sub, 'DPoP'])
  assert.equal(found.cnf.jkt, await own.DPoP.calculateThumbprint())
  await client.tokenRevocation(config, first.refresh_token)
  assert.deepEqual(await client.tokenIntrospection(config, first.access_token), { active: false })
  const dead = client.refreshTokenGrant(config, first.refresh_token, undefined, own)
  await assert.rejects(dead, saysInBody(400, 'invalid_grant'))
})

test('a service acts for itself', async () => {
  const config = await discovered('batch job: 7%')
  const own = await holder(config)
  const token = await client.clientCredentialsGrant(config, { scope: 'read' }, own)
  assert.equal((await whoami(config, token.access_token, own)).client_id, 'batch job: 7%')
  await assert.rejects(client.clientCredentialsGrant(config, { scope: 'read' }), saysInBody(400, 'invalid_dpop_proof'))
})

test('who has a secret, no key, or the key of another is refused', async () => {
  const { client_secret: secret } = clients.get('service')
  const invalid = saysInBody(401, 'invalid_client')
  for (const [id, authentication, refused] of [
    // Who came by the header is told so there [RFC 6749 §5.2].
    ['service', client.ClientSecretBasic(secret), challenged('basic', undefined)],
    ['service', client.ClientSecretPost(secret), invalid],
    ['batch job: 7%', byKey('web-basic'), invalid],
  ]) {
    const config = await discovered(id, authentication)
    const asks = client.clientCredentialsGrant(config, { scope: 'read' }, await holder(config))
    await assert.rejects(asks, refused)
  }
  const config = await discovered('native', client.None())
  const { parameters } = await asking({ redirect_uri: 'http://127.0.0.1/callback' })
  const pushes = client.buildAuthorizationUrlWithPAR(config, parameters, await holder(config))
  await assert.rejects(pushes, invalid)
})

test('a request that is not pushed, or comes without what the profile requires, is refused', async () => {
  const config = await discovered('web-basic')
  const { parameters, checks } = await asking()
  const unpushed = await answered(client.buildAuthorizationUrl(config, parameters))
  await assert.rejects(client.authorizationCodeGrant(config, unpushed, checks), (thrown) => {
    assert.ok(thrown instanceof client.AuthorizationResponseError, thrown)
    return thrown.error === 'invalid_request'
  })
  const { code_challenge, redirect_uri, ...rest } = parameters
  for (const lacking of [
    { ...rest, redirect_uri, code_challenge_method: undefined },
    { ...rest, redirect_uri, code_challenge, code_challenge_method: 'plain' },
    { ...rest, code_challenge },
  ]) {
    const sent = Object.fromEntries(Object.entries(lacking).filter(([, value]) => value !== undefined))
    const pushes = client.buildAuthorizationUrlWithPAR(config, sent, await holder(config))
    await assert.rejects(pushes, saysInBody(400, 'invalid_request'))
  }
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters)
  const redeems = client.authorizationCodeGrant(config, await answered(url), checks)
  await assert.rejects(redeems, saysInBody(400, 'invalid_dpop_proof'))
})
