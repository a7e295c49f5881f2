// oauth4webapi with messages that are signed: assertions [RFC 7523], requests [RFC 9101] and responses [JARM].
//
// Usage: node signed.test.mjs BASE_URL FIXTURES

import assert from 'node:assert/strict'
import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'

import { Browser } from './browser.mjs'

const [base, fixtures] = process.argv.slice(2)
const [user] = JSON.parse(readFileSync(join(fixtures, 'users.json'), 'utf8'))
const redirectUri = 'https://signing.test/cb'
// The server is on loopback, where plain http is as good as https.
const options = { [oauth.allowInsecureRequests]: true }

const discovered = await oauth.discoveryRequest(new URL(base), { ...options, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(new URL(base), discovered)

/** A client that registers itself with a new key of `alg`, and whatever else. */
async function registered(alg, more = {}, keys = []) {
  const { privateKey: key, publicKey } = await oauth.generateKeyPair(alg)
  const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'own', alg, use: 'sig' }
  const metadata = {
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'private_key_jwt',
    scope: 'read write',
    authorization_details_types: ['account_information'],
    jwks: { keys: [{ ...jwk, key_ops: undefined, ext: undefined }, ...keys] },
    ...more,
  }
  const told = { ...options, initialAccessToken: 'of-the-tests' }
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, told)
  const client = await oauth.processDynamicClientRegistrationResponse(response)
  const signing = { key, kid: 'own' }
  return { client, signing, authentication: oauth.PrivateKeyJwt(signing) }
}

/** What a client asks for, and what it keeps of that. */
async function asking(own, more = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const parameters = {
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'read',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { ...own, parameters, state, verifier }
}

const signed = ({ client, signing, parameters }, modify) =>
  oauth.issueRequestObject(server, client, parameters, signing, modify && { [oauth.modifyAssertion]: modify })

/** The answer to a request with these parameters, from a person who agrees. */
async function answered({ client }, parameters) {
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({ client_id: client.client_id, ...parameters })
  const { page } = await new Browser().authorize(url.href, user)
  assert.ok(page.url.startsWith(redirectUri), page.url)
  return page.posted ?? new URL(page.url).searchParams
}

async function pushed({ client, authentication }, request) {
  const response = await oauth.pushedAuthorizationRequest(server, client, authentication, { request }, options)
  return oauth.processPushedAuthorizationResponse(server, client, response)
}

async function redeemed({ client, authentication, verifier }, callback) {
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, redirectUri, verifier, options,
  )
  return oauth.processAuthorizationCodeResponse(server, client, response)
}

const validated = ({ client, state }, answer) => oauth.validateAuthResponse(server, client, answer, state)

/** The same for a response that is a token. */
const verified = ({ client, state }, answer, more = {}) =>
  oauth.validateJwtAuthResponse(server, client, answer, state, { ...options, ...more })

for (const alg of ['ES256', 'PS256', 'RS256']) {
  test(`${alg}: a signed request is answered, by value and pushed`, async () => {
    const own = await registered(alg, { require_signed_request_object: true, request_object_signing_alg: alg })
    const details = [{ type: 'account_information', actions: ['list_accounts'] }]
    const first = await asking(own, { max_age: '3600', authorization_details: JSON.stringify(details) })
    const byValue = await answered(own, { request: await signed(first), scope: 'write', state: 'evil' })
    const token = await redeemed(first, validated(first, byValue))
    assert.equal(token.scope, 'read')
    assert.deepEqual(token.authorization_details, details)

    const second = await asking(own, { scope: 'write' })
    const { request_uri } = await pushed(own, await signed(second))
    const byName = await answered(own, { request_uri })
    assert.equal((await redeemed(second, validated(second, byName))).scope, 'write')
  })
}

test('the server says what it takes', () => {
  assert.equal(server.request_parameter_supported, true)
  assert.equal(server.request_uri_parameter_supported, false)
  assert.ok(server.request_object_signing_alg_values_supported.includes('ES256'))
  assert.ok(server.token_endpoint_auth_methods_supported.includes('private_key_jwt'))
})

test('a request that is signed wrongly, or not at all, is refused by name', async () => {
  const own = await registered('ES256', { require_signed_request_object: true })
  const thief = await registered('ES256')
  const first = await asking(own)
  const refused = (error) => (thrown) => {
    assert.ok(thrown instanceof oauth.AuthorizationResponseError, thrown)
    assert.equal(thrown.error, error)
    return true
  }
  const rejected = async (parameters, error) => {
    const answer = await answered(own, parameters)
    assert.throws(() => oauth.validateAuthResponse(server, own.client, answer, oauth.skipStateCheck), refused(error))
  }
  await rejected({ request: await signed({ ...first, signing: thief.signing }) }, 'invalid_request_object')
  await rejected({ request: await signed(first, (header) => { header.typ = 'JWT' }) }, 'invalid_request_object')
  await rejected({ request: await signed(first, (_, claims) => { claims.aud = 'https://other.test' }) }, 'invalid_request_object')
  await rejected({ request: await signed(first, (_, claims) => { claims.exp = claims.iat - 60 }) }, 'invalid_request_object')
  await rejected(first.parameters, 'invalid_request')

  const bad = await signed(first, (_, claims) => { claims.iss = thief.client.client_id })
  await assert.rejects(pushed(own, bad), (thrown) => {
    assert.deepEqual([thrown.status, thrown.error], [400, 'invalid_request_object'])
    return true
  })
  const once = await signed(first)
  assert.ok((await pushed(own, once)).request_uri)
  await assert.rejects(pushed(own, once), { error: 'invalid_request_object' })
})

for (const [mode, signing] of [['jwt', 'ES256'], ['query.jwt', 'EdDSA'], ['form_post.jwt', undefined]]) {
  test(`${mode}: a response is a token that the server signed with ${signing ?? 'what it has'}`, async () => {
    const own = await registered('ES256', signing && { authorization_signed_response_alg: signing })
    const asked = await asking(own, { response_mode: mode })
    const answer = await answered(own, asked.parameters)
    assert.deepEqual([...answer.keys()], ['response'])
    const callback = await verified(asked, answer)
    assert.equal(callback.get('iss'), server.issuer)
    assert.equal((await redeemed(asked, callback)).scope, 'read')

    const stranger = { ...asked, client: { ...asked.client, client_id: 'another' } }
    await assert.rejects(verified(stranger, answer), { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' })
    const [signed, signature] = answer.get('response').split(/\.(?=[^.]*$)/)
    const broken = new URLSearchParams({ response: `${signed}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}` })
    await assert.rejects(verified(asked, broken))
  })
}

test('a refusal is a token too, also of a request that was signed and pushed', async () => {
  const own = await registered('ES256', { authorization_signed_response_alg: 'ES256' })
  const asked = await asking(own, { response_mode: 'jwt', prompt: 'none' })
  const { request_uri } = await pushed(own, await signed(asked))
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({ client_id: own.client.client_id, request_uri })
  const page = await new Browser().open(url.href)
  const answer = new URL(page.url).searchParams
  assert.deepEqual([...answer.keys()], ['response'])
  await assert.rejects(verified(asked, answer), (thrown) => {
    assert.deepEqual([thrown.constructor.name, thrown.error], ['AuthorizationResponseError', 'login_required'])
    return true
  })
})

test('a response is encrypted to the client', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'to', use: 'enc', alg: 'RSA-OAEP-256' }
  /** Opens a JWE by node's own cryptography [RFC 7516 §5.2]. */
  const decrypt = (jwe) => {
    const [header, key, iv, content, tag] = jwe.split('.')
    const bytes = (text) => Buffer.from(text, 'base64url')
    const { alg, enc, cty, kid } = JSON.parse(bytes(header))
    assert.deepEqual([alg, enc, cty, kid], ['RSA-OAEP-256', 'A256GCM', 'JWT', 'to'])
    const padding = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
    const cipher = createDecipheriv('aes-256-gcm', privateDecrypt(padding, bytes(key)), bytes(iv))
    cipher.setAAD(Buffer.from(header, 'ascii')).setAuthTag(bytes(tag))
    return Buffer.concat([cipher.update(bytes(content)), cipher.final()]).toString()
  }
  const own = await registered('ES256', {
    authorization_signed_response_alg: 'ES256',
    authorization_encrypted_response_alg: 'RSA-OAEP-256',
    authorization_encrypted_response_enc: 'A256GCM',
  }, [jwk])
  const asked = await asking(own, { response_mode: 'jwt' })
  const answer = await answered(own, asked.parameters)
  assert.equal(answer.get('response').split('.').length, 5)
  const callback = await verified(asked, answer, { [oauth.jweDecrypt]: decrypt })
  assert.equal((await redeemed(asked, callback)).scope, 'read')
})
