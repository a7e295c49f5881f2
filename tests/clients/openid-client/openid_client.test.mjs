// openid-client, as its users have it: discovery, and then whole flows in a few calls.
//
// Usage: node openid_client.test.mjs BASE_URL FIXTURES

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as client from 'openid-client'

import { Browser } from './browser.mjs'
import { read } from './fixtures.mjs'
import { withLoopback } from './loopback.mjs'

const [base, fixtures] = process.argv.slice(2)
const { clients, keys, users: [user] } = await read(fixtures)
const resource = new URL('/api/whoami', base)
// The server is on loopback, where plain http is as good as https.
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] }
const served = (await discovered('native')).serverMetadata()
const redirectUri = clients.get('web-basic').redirect_uris[0]
const device = 'urn:ietf:params:oauth:grant-type:device_code'
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** A client that found the server by itself. */
function discovered(id) {
  const { client_secret: secret, token_endpoint_auth_method: method } = clients.get(id)
  const authentications = {
    client_secret_basic: () => client.ClientSecretBasic(secret),
    client_secret_post: () => client.ClientSecretPost(secret),
    private_key_jwt: () => client.PrivateKeyJwt(keys.get(id)),
    none: () => client.None(),
  }
  return client.discovery(new URL(base), id, undefined, authentications[method](), options)
}

/** What is asked for, and what is checked of the answer. */
async function asking(own = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const parameters = {
    redirect_uri: redirectUri,
    scope: 'read',
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...own,
  }
  return { parameters, checks: { pkceCodeVerifier, expectedState } }
}

/** What the browser of a person who agrees brings back. */
async function answered(url) {
  const { page } = await new Browser().authorize(url.href, user)
  return page.posted ? new Request(page.url, { method: 'POST', body: page.posted }) : new URL(page.url)
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
  assert.deepEqual([thrown.cause[0].scheme, thrown.cause[0].parameters.error], [scheme, error])
  return true
}

/** The same by each way that a request can take. */
const ways = {
  'by the browser': client.buildAuthorizationUrl,
  pushed: client.buildAuthorizationUrlWithPAR,
}
if (keys.size) {
  const signed = (config, parameters) =>
    client.buildAuthorizationUrlWithJAR(config, parameters, keys.get(config.clientMetadata().client_id))
  ways.signed = signed
  ways['signed and pushed'] = async (config, parameters, more) =>
    client.buildAuthorizationUrlWithPAR(config, (await signed(config, parameters)).searchParams, more)
}

for (const [name, leaving] of Object.entries(ways)) {
  for (const mode of [undefined, 'form_post']) {
    test(`a person logs in, the request being sent ${name}, the answer by ${mode ?? 'default'}`, async () => {
      const config = await discovered('web-basic')
      const { parameters, checks } = await asking(mode && { response_mode: mode })
      const url = await leaving(config, parameters)
      assert.equal(url.searchParams.has('request'), name === 'signed')
      const token = await client.authorizationCodeGrant(config, await answered(url), checks)
      assert.deepEqual([token.token_type, token.scope], ['bearer', 'read'])
      const seen = await whoami(config, token.access_token)
      assert.deepEqual(seen, { sub: user.sub, client_id: 'web-basic', scope: 'read' })
    })
  }
}

test('tokens are refreshed, looked up, and revoked', async () => {
  const config = await discovered('web-basic')
  const { parameters, checks } = await asking({ scope: 'read write' })
  const url = client.buildAuthorizationUrl(config, parameters)
  const first = await client.authorizationCodeGrant(config, await answered(url), checks)
  const second = await client.refreshTokenGrant(config, first.refresh_token, { scope: 'read' })
  assert.equal(second.scope, 'read')
  assert.notEqual(second.refresh_token, first.refresh_token)
  const seen = await client.tokenIntrospection(config, second.access_token)
  assert.deepEqual([seen.active, seen.sub, seen.client_id, seen.scope], [true, user.sub, 'web-basic', 'read'])
  await client.tokenRevocation(config, second.refresh_token)
  assert.deepEqual(await client.tokenIntrospection(config, second.access_token), { active: false })
  await assert.rejects(whoami(config, second.access_token), challenged('bearer', 'invalid_token'))
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), saysInBody(400, 'invalid_grant'))
})

test('another verifier, another state, another issuer and a denial are refused', async () => {
  const config = await discovered('web-basic')
  const asks = await asking({ prompt: 'consent' })
  const url = client.buildAuthorizationUrl(config, asks.parameters)
  const answer = await answered(url)
  const redeems = (callback, more) =>
    client.authorizationCodeGrant(config, callback, { ...asks.checks, ...more })
  const elsewhere = new URL(answer)
  elsewhere.searchParams.set('iss', 'https://other.test')
  await assert.rejects(redeems(elsewhere), { code: 'OAUTH_INVALID_RESPONSE' })
  await assert.rejects(redeems(answer, { expectedState: 'another' }), { code: 'OAUTH_INVALID_RESPONSE' })
  const other = { pkceCodeVerifier: client.randomPKCECodeVerifier() }
  await assert.rejects(redeems(answer, other), saysInBody(400, 'invalid_grant'))
  assert.ok((await redeems(answer)).access_token)
  const { page } = await new Browser().authorize(url.href, user, 'deny')
  await assert.rejects(redeems(new URL(page.url)), (thrown) => {
    assert.ok(thrown instanceof client.AuthorizationResponseError, thrown)
    return thrown.error === 'access_denied'
  })
})

test('an application on a device listens where it can', () =>
  withLoopback(async (redirect_uri, arrived) => {
    const config = await discovered('native')
    const { parameters, checks } = await asking({ redirect_uri })
    await new Browser().authorize(client.buildAuthorizationUrl(config, parameters).href, user)
    const callback = new URL(`${redirect_uri}?${arrived[0].parameters}`)
    const token = await client.authorizationCodeGrant(config, callback, checks)
    assert.equal((await whoami(config, token.access_token)).client_id, 'native')
  }))

test('a device waits for its person', async () => {
  const config = await discovered('tv')
  const codes = await client.initiateDeviceAuthorization(config, { scope: 'read' })
  const polling = client.pollDeviceAuthorizationGrant(config, codes)
  await new Browser().authorize(codes.verification_uri, user, 'allow', { user_code: codes.user_code })
  const token = await polling
  assert.equal((await whoami(config, token.access_token)).client_id, 'tv')
  const again = client.genericGrantRequest(config, device, { device_code: codes.device_code })
  await assert.rejects(again, saysInBody(400, 'invalid_grant'))
})

for (const id of ['service', 'batch job: 7%']) {
  test(`${id} acts for itself`, async () => {
    const config = await discovered(id)
    const token = await client.clientCredentialsGrant(config, { scope: 'read' })
    assert.equal((await whoami(config, token.access_token)).client_id, id)
    await assert.rejects(client.clientCredentialsGrant(config, { scope: 'admin' }), saysInBody(400, 'invalid_scope'))
  })
}

test('a resource server exchanges what it was sent for a token of its own', async () => {
  const [web, api] = await Promise.all(['web-basic', 'api'].map(discovered))
  const [a, b] = ['https://api.test/a', 'https://api.test/b']
  const { parameters, checks } = await asking({ resource: a })
  const answer = await answered(client.buildAuthorizationUrl(web, parameters))
  const sent = await client.authorizationCodeGrant(web, answer, checks, { resource: a })
  const token = await client.genericGrantRequest(api, exchange, {
    subject_token: sent.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: b,
  })
  assert.equal(token.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
  const seen = await client.tokenIntrospection(api, token.access_token)
  assert.deepEqual([seen.sub, seen.client_id, seen.aud], [user.sub, 'api', [b]])
})

test('who was given a token for it registers a client', async () => {
  const metadata = { redirect_uris: [redirectUri], scope: 'read', token_endpoint_auth_method: 'client_secret_post' }
  const told = { ...options, initialAccessToken: 'of-the-tests' }
  const config = await client.dynamicClientRegistration(new URL(base), metadata, undefined, told)
  const { parameters, checks } = await asking()
  const answer = await answered(await client.buildAuthorizationUrlWithPAR(config, parameters))
  const token = await client.authorizationCodeGrant(config, answer, checks)
  assert.equal((await whoami(config, token.access_token)).client_id, config.clientMetadata().client_id)
  const guess = { ...options, initialAccessToken: 'guess' }
  const refused = client.dynamicClientRegistration(new URL(base), metadata, undefined, guess)
  await assert.rejects(refused, challenged('bearer', 'invalid_token'))
})

/** A key that a client registers and keeps. */
async function key(algorithm, usages, more) {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, usages)
  const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey('jwk', publicKey)
  return { privateKey, jwk: { ...jwk, ...more } }
}

/** A client that registers itself with a key to sign with, and others. */
async function newcomer(metadata, others = [], execute = []) {
  const own = await key({ name: 'ECDSA', namedCurve: 'P-256' }, ['sign', 'verify'], { kid: 'own', use: 'sig' })
  const all = {
    redirect_uris: [redirectUri],
    scope: 'read',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [own.jwk, ...others] },
    ...metadata,
  }
  const authentication = client.PrivateKeyJwt({ key: own.privateKey, kid: 'own' })
  const told = { ...options, initialAccessToken: 'of-the-tests', execute: [...options.execute, ...execute] }
  return client.dynamicClientRegistration(new URL(base), all, authentication, told)
}

const answers = { skip: served.authorization_signing_alg_values_supported ? false : 'the server was built without' }

for (const [name, leaving] of Object.entries(ways)) {
  test(`the answer is signed, the request being sent ${name}`, answers, async () => {
    const config = await discovered('web-basic')
    client.useJwtResponseMode(config)
    const { parameters, checks } = await asking()
    const answer = await answered(await leaving(config, parameters))
    assert.deepEqual([...answer.searchParams.keys()], ['response'])
    const changed = new URL(answer)
    changed.searchParams.set('response', answer.searchParams.get('response').replace(/[^.]{6}$/, 'AAAAAA'))
    await assert.rejects(client.authorizationCodeGrant(config, changed, checks), client.ClientError)
    const token = await client.authorizationCodeGrant(config, answer, checks)
    assert.equal((await whoami(config, token.access_token)).client_id, 'web-basic')

    const silent = await asking({ prompt: 'none' })
    const page = await new Browser().open((await leaving(config, silent.parameters)).href)
    await assert.rejects(client.authorizationCodeGrant(config, new URL(page.url), silent.checks), (thrown) => {
      assert.ok(thrown instanceof client.AuthorizationResponseError, thrown)
      return thrown.error === 'login_required'
    })
  })
}

test('the answer is encrypted as well', answers, async () => {
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const to = await key(algorithm, ['encrypt', 'decrypt'], { kid: 'to', use: 'enc', alg: 'RSA-OAEP-256' })
  const metadata = {
    authorization_signed_response_alg: 'ES256',
    authorization_encrypted_response_alg: 'RSA-OAEP-256',
    authorization_encrypted_response_enc: 'A256GCM',
  }
  const decrypting = (own) => client.enableDecryptingResponses(own, ['A256GCM'], { key: to.privateKey, kid: 'to' })
  const config = await newcomer(metadata, [to.jwk], [client.useJwtResponseMode, decrypting])
  const { parameters, checks } = await asking()
  const answer = await answered(await client.buildAuthorizationUrlWithPAR(config, parameters))
  assert.equal(answer.searchParams.get('response').split('.').length, 5)
  const token = await client.authorizationCodeGrant(config, answer, checks)
  assert.equal((await whoami(config, token.access_token)).sub, user.sub)
})

const proofs = { skip: served.dpop_signing_alg_values_supported ? false : 'the server was built without' }

for (const [name, leaving] of Object.entries(ways)) {
  test(`tokens are bound to a key, with nonces, the request being sent ${name}`, proofs, async () => {
    const config = await discovered('web-basic')
    const holder = async () => ({ DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()) })
    const [own, thief] = [await holder(), await holder()]
    const { parameters, checks } = await asking({ dpop_jkt: await own.DPoP.calculateThumbprint() })
    const url = await leaving(config, parameters, own)
    const answer = await answered(url)
    const redeems = (who) => client.authorizationCodeGrant(config, answer, checks, undefined, who)
    await assert.rejects(redeems(thief), saysInBody(400, 'invalid_grant'))
    const first = await redeems(own)
    assert.equal(first.token_type, 'dpop')
    const second = await client.refreshTokenGrant(config, first.refresh_token, undefined, own)
    assert.equal(second.token_type, 'dpop')
    assert.equal((await whoami(config, second.access_token, own)).sub, user.sub)
    await assert.rejects(whoami(config, second.access_token, thief), challenged('dpop', 'invalid_token'))
    await assert.rejects(whoami(config, second.access_token), challenged('bearer', 'invalid_token'))
    const seen = await client.tokenIntrospection(config, second.access_token)
    assert.equal(seen.cnf.jkt, await own.DPoP.calculateThumbprint())
  })
}

test('every other grant is bound to a key as well', proofs, async () => {
  const holder = async (config) => ({ DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()) })
  const service = await discovered('service')
  const own = await holder(service)
  const token = await client.clientCredentialsGrant(service, { scope: 'read' }, own)
  assert.equal(token.token_type, 'dpop')
  assert.equal((await whoami(service, token.access_token, own)).client_id, 'service')

  const tv = await discovered('tv')
  const box = await holder(tv)
  const codes = await client.initiateDeviceAuthorization(tv, { scope: 'read' })
  await new Browser().authorize(codes.verification_uri, user, 'allow', { user_code: codes.user_code })
  const shown = await client.pollDeviceAuthorizationGrant(tv, codes, undefined, box)
  assert.equal(shown.token_type, 'dpop')
  const thief = client.refreshTokenGrant(tv, shown.refresh_token, undefined, await holder(tv))
  await assert.rejects(thief, saysInBody(400, 'invalid_grant'))
  assert.ok((await client.refreshTokenGrant(tv, shown.refresh_token, undefined, box)).access_token)
})

test('who registered for bound tokens gets no others', proofs, async () => {
  const config = await newcomer({ dpop_bound_access_tokens: true })
  const { parameters, checks } = await asking()
  const answer = await answered(await client.buildAuthorizationUrlWithPAR(config, parameters))
  const redeems = (more) => client.authorizationCodeGrant(config, answer, checks, undefined, more)
  await assert.rejects(redeems(), saysInBody(400, 'invalid_dpop_proof'))
  const own = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('Ed25519')) }
  assert.equal((await redeems(own)).token_type, 'dpop')
})
