// oauth4webapi, which checks every answer strictly.
//
// Usage: node oauth4webapi.test.mjs BASE_URL FIXTURES

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import * as oauth from 'oauth4webapi'

import { Browser } from './browser.mjs'
import { read } from './fixtures.mjs'
import { withLoopback } from './loopback.mjs'

const [base, fixtures] = process.argv.slice(2)
const { clients, keys, users: [user] } = await read(fixtures)
const issuer = new URL(base)
const resource = new URL('/api/whoami', base)
// The server is on loopback, where plain http is as good as https.
const options = { [oauth.allowInsecureRequests]: true }

let server
before(async () => {
  const answer = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' })
  server = await oauth.processDiscoveryResponse(issuer, answer)
})

/** A client with its way to authenticate. */
function registered(id) {
  const { client_secret: secret, token_endpoint_auth_method: method } = clients.get(id)
  const authentications = {
    client_secret_basic: () => oauth.ClientSecretBasic(secret),
    client_secret_post: () => oauth.ClientSecretPost(secret),
    private_key_jwt: () => oauth.PrivateKeyJwt(keys.get(id)),
    none: () => oauth.None(),
  }
  return { client: { client_id: id }, authentication: authentications[method]() }
}

/** An authorization request with all that the client keeps of it. */
async function request(id, redirectUri, parameters = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'read',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  })
  return { ...registered(id), url: url.href, redirectUri, verifier, state }
}

/** An authorization request that a person at a browser answered. */
async function requestAnswered(id, parameters, decision) {
  const asking = await request(id, clients.get(id).redirect_uris[0], parameters)
  const { page } = await new Browser().authorize(asking.url, user, decision)
  assert.ok(page.url.startsWith(asking.redirectUri), page.url)
  return { ...asking, answer: page.posted ?? new URL(page.url).searchParams }
}

const validated = ({ client, state }, answer) => oauth.validateAuthResponse(server, client, answer, state)

function redemption({ client, authentication, redirectUri, verifier }, callback) {
  return oauth.authorizationCodeGrantRequest(server, client, authentication, callback, redirectUri, verifier, options)
}

async function redeemed(asking, answer = asking.answer) {
  const response = await redemption(asking, validated(asking, answer))
  return oauth.processAuthorizationCodeResponse(server, asking.client, response)
}

async function refreshed({ client, authentication }, token, additionalParameters) {
  const more = { ...options, additionalParameters }
  const response = await oauth.refreshTokenGrantRequest(server, client, authentication, token, more)
  return oauth.processRefreshTokenResponse(server, client, response)
}

async function clientCredentials({ client, authentication }, parameters) {
  const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, options)
  return oauth.processClientCredentialsResponse(server, client, response)
}

async function introspected({ client, authentication }, token) {
  const response = await oauth.introspectionRequest(server, client, authentication, token, options)
  return oauth.processIntrospectionResponse(server, client, response)
}

async function revoked({ client, authentication }, token) {
  const response = await oauth.revocationRequest(server, client, authentication, token, options)
  return oauth.processRevocationResponse(response)
}

async function whoami(token, method = 'GET') {
  const response = await oauth.protectedResourceRequest(token, method, resource, undefined, undefined, options)
  return response.json()
}

const saysInBody = (status, error) => (thrown) => {
  assert.ok(thrown instanceof oauth.ResponseBodyError, thrown)
  assert.deepEqual([thrown.status, thrown.error], [status, error])
  return true
}

const challengedWith = (status, error) => (thrown) => {
  assert.ok(thrown instanceof oauth.WWWAuthenticateChallengeError, thrown)
  assert.deepEqual([thrown.status, thrown.cause[0].scheme, thrown.cause[0].parameters.error], [status, 'bearer', error])
  return true
}

const doesNotConform = (thrown) => {
  assert.ok(thrown instanceof oauth.OperationProcessingError, thrown)
  assert.equal(thrown.code, oauth.INVALID_RESPONSE)
  return true
}

test('the metadata belongs to its issuer only', async () => {
  assert.equal(server.issuer, base)
  const answer = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' })
  await assert.rejects(oauth.processDiscoveryResponse(new URL('https://other.test'), answer), {
    code: oauth.JSON_ATTRIBUTE_COMPARISON,
  })
})

for (const id of ['web-basic', 'web-post']) {
  for (const mode of [undefined, 'query', 'form_post']) {
    test(`${id} logs a person in, the answer coming by ${mode ?? 'default'}`, async () => {
      const asking = await requestAnswered(id, mode && { response_mode: mode })
      assert.equal(asking.answer.get('iss'), base)
      const token = await redeemed(asking)
      assert.deepEqual([token.token_type, token.scope], ['bearer', 'read'])
      assert.deepEqual(await whoami(token.access_token), { sub: user.sub, client_id: id, scope: 'read' })
    })
  }
}

for (const mode of ['query', 'form_post']) {
  test(`an application on a device listens where it can, the answer coming by ${mode}`, () =>
    withLoopback(async (redirectUri, arrived) => {
      const asking = await request('native', redirectUri, { response_mode: mode })
      const { asked } = await new Browser().authorize(asking.url, user)
      assert.deepEqual(asked, ['login', 'consent'])
      const [{ method, parameters }] = arrived
      assert.equal(method, mode === 'form_post' ? 'POST' : 'GET')
      const token = await redeemed(asking, parameters)
      assert.equal((await whoami(token.access_token)).client_id, 'native')
    }))
}

test('an answer of another issuer, without one, or with another state is refused by the client', async () => {
  const asking = await requestAnswered('web-basic')
  const changed = (name, value) => {
    const answer = new URLSearchParams(asking.answer)
    if (value) answer.set(name, value)
    else answer.delete(name)
    return answer
  }
  for (const answer of [changed('iss', 'https://other.test'), changed('iss'), changed('state', 'x'), changed('state')]) {
    assert.throws(() => validated(asking, answer), doesNotConform)
  }
  assert.ok((await redeemed(asking)).access_token)
})

test('a denial and an impossible silence are reported to the client', async () => {
  for (const [parameters, decision, error] of [
    [{ prompt: 'consent' }, 'deny', 'access_denied'],
    [{ prompt: 'none' }, 'allow', 'login_required'],
    [{ prompt: 'consent', response_mode: 'form_post' }, 'deny', 'access_denied'],
    [{ scope: 'admin' }, 'allow', 'invalid_scope'],
  ]) {
    const asking = await requestAnswered('web-basic', parameters, decision)
    assert.throws(
      () => validated(asking, asking.answer),
      (thrown) => thrown instanceof oauth.AuthorizationResponseError && thrown.error === error,
    )
  }
})

test('a code is redeemed once, and its replay ends what came of it', async () => {
  const asking = await requestAnswered('web-basic')
  const token = await redeemed(asking)
  assert.equal((await whoami(token.access_token)).sub, user.sub)
  await assert.rejects(redeemed(asking), saysInBody(400, 'invalid_grant'))
  await assert.rejects(whoami(token.access_token), challengedWith(401, 'invalid_token'))
  await assert.rejects(refreshed(asking, token.refresh_token), saysInBody(400, 'invalid_grant'))
})

test('a code is bound to its verifier and to its client', async () => {
  const asking = await requestAnswered('web-basic')
  const strayed = { ...asking, verifier: oauth.generateRandomCodeVerifier() }
  await assert.rejects(redeemed(strayed), saysInBody(400, 'invalid_grant'))
  const stolen = { ...(await requestAnswered('web-basic')), ...registered('web-post') }
  await assert.rejects(redeemed(stolen), saysInBody(400, 'invalid_grant'))
})

test('tokens are refreshed, and a lost answer is given again', async () => {
  const asking = await requestAnswered('web-post', { scope: 'read write' })
  const first = await redeemed(asking)
  const [second, again] = await Promise.all([
    refreshed(asking, first.refresh_token),
    refreshed(asking, first.refresh_token),
  ])
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal(second.refresh_token, again.refresh_token)
  const narrowed = await refreshed(asking, second.refresh_token, { scope: 'read' })
  assert.equal(narrowed.scope, 'read')
  await assert.rejects(whoami(narrowed.access_token, 'POST'), challengedWith(403, 'insufficient_scope'))
  assert.equal((await refreshed(asking, narrowed.refresh_token)).scope, 'read write')
})

test('a spent refresh token ends everything', async () => {
  const asking = await requestAnswered('web-basic')
  const first = await redeemed(asking)
  const second = await refreshed(asking, first.refresh_token)
  const third = await refreshed(asking, second.refresh_token)
  assert.ok((await introspected(asking, third.refresh_token)).active)
  await assert.rejects(refreshed(asking, first.refresh_token), saysInBody(400, 'invalid_grant'))
  await assert.rejects(refreshed(asking, third.refresh_token), saysInBody(400, 'invalid_grant'))
  await assert.rejects(whoami(third.access_token), challengedWith(401, 'invalid_token'))
})

test('tokens are looked up by their client only', async () => {
  const asking = await requestAnswered('web-basic')
  const token = await redeemed(asking)
  const seen = await introspected(asking, token.access_token)
  assert.deepEqual([seen.active, seen.sub, seen.client_id, seen.scope], [true, user.sub, 'web-basic', 'read'])
  assert.ok(seen.exp > seen.iat)
  assert.deepEqual(await introspected(registered('service'), token.access_token), { active: false })
  const thief = { client: { client_id: 'web-basic' }, authentication: oauth.ClientSecretBasic('guess') }
  await assert.rejects(introspected(thief, token.access_token), (thrown) => thrown.status === 401)
})

for (const kind of ['access_token', 'refresh_token']) {
  test(`revoking the ${kind} ends the grant at once`, async () => {
    const asking = await requestAnswered('web-basic')
    const token = await redeemed(asking)
    await revoked(registered('service'), token[kind])
    assert.equal((await whoami(token.access_token)).sub, user.sub)
    await revoked(asking, token[kind])
    await assert.rejects(whoami(token.access_token), challengedWith(401, 'invalid_token'))
    await assert.rejects(refreshed(asking, token.refresh_token), saysInBody(400, 'invalid_grant'))
    for (const dead of [token.access_token, token.refresh_token]) {
      assert.deepEqual(await introspected(asking, dead), { active: false })
    }
    await revoked(asking, token[kind])
  })
}

for (const id of ['service', 'batch job: 7%']) {
  test(`${id} acts for itself`, async () => {
    const token = await clientCredentials(registered(id), { scope: 'read' })
    assert.equal(token.refresh_token, undefined)
    const seen = await whoami(token.access_token)
    assert.deepEqual([seen.client_id, seen.scope], [id, 'read'])
    assert.notEqual(seen.sub, user.sub)
    await assert.rejects(whoami(token.access_token, 'POST'), challengedWith(403, 'insufficient_scope'))
  })
}

/** The codes of a device. */
async function codes({ client, authentication }, parameters) {
  const response = await oauth.deviceAuthorizationRequest(server, client, authentication, parameters, options)
  return oauth.processDeviceAuthorizationResponse(server, client, response)
}

async function polled({ client, authentication }, { device_code: code }) {
  const response = await oauth.deviceCodeGrantRequest(server, client, authentication, code, options)
  return oauth.processDeviceCodeResponse(server, client, response)
}

test('a device gets tokens when its person says so, and is told to wait until then', async () => {
  const tv = registered('tv')
  const device = await codes(tv, { scope: 'read' })
  await assert.rejects(polled(tv, device), saysInBody(400, 'authorization_pending'))
  await assert.rejects(polled(tv, device), saysInBody(400, 'slow_down'))
  const { asked } = await new Browser().authorize(device.verification_uri, user, 'allow', { user_code: device.user_code })
  assert.deepEqual(asked, ['code', 'login', 'consent'])
  const token = await polled(tv, device)
  assert.deepEqual(await whoami(token.access_token), { sub: user.sub, client_id: 'tv', scope: 'read' })
  assert.ok((await refreshed(tv, token.refresh_token)).access_token)
  await assert.rejects(polled(tv, device), saysInBody(400, 'invalid_grant'))
  await assert.rejects(whoami(token.access_token), challengedWith(401, 'invalid_token'))
})

test('a person who followed the link of a device can still refuse it', async () => {
  const tv = registered('tv')
  const device = await codes(tv, { scope: 'read' })
  const { asked } = await new Browser().authorize(device.verification_uri_complete, user, 'deny')
  assert.deepEqual(asked, ['code', 'login', 'consent'])
  await assert.rejects(polled(tv, device), saysInBody(400, 'access_denied'))
  await assert.rejects(codes(registered('web-basic'), {}), saysInBody(400, 'unauthorized_client'))
})

for (const id of ['web-basic', 'web-post']) {
  test(`${id} pushes its request, which is answered once`, async () => {
    const asking = await request(id, clients.get(id).redirect_uris[0])
    const parameters = new URL(asking.url).searchParams
    const { client, authentication } = asking
    const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, options)
    const pushed = await oauth.processPushedAuthorizationResponse(server, client, response)
    const url = new URL(server.authorization_endpoint)
    url.search = new URLSearchParams({ client_id: id, request_uri: pushed.request_uri })
    const browser = new Browser()
    // Whoever looks at the login page again does not spend it.
    assert.ok((await browser.open(url.href)).formWith('password'))
    const { page } = await browser.authorize(url.href, user)
    const token = await redeemed(asking, new URL(page.url).searchParams)
    assert.equal((await whoami(token.access_token)).client_id, id)
    assert.equal((await browser.open(url.href)).status, 400)
  })
}

test('a request that could not be answered is not taken when it is pushed', async () => {
  const { client, authentication } = registered('web-basic')
  for (const [parameters, error] of [
    [{ response_type: 'code', redirect_uri: 'https://evil.test/cb' }, 'invalid_request'],
    [{ response_type: 'code', scope: 'read' }, 'invalid_request'],
    [{ request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'request_uri_not_supported'],
  ]) {
    const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, options)
    await assert.rejects(oauth.processPushedAuthorizationResponse(server, client, response), saysInBody(400, error))
  }
})

test('a token is for one of the resources that were asked for', async () => {
  const [a, b] = ['https://api.test/a', 'https://api.test/b']
  const asking = await request('web-basic', clients.get('web-basic').redirect_uris[0])
  const url = new URL(asking.url)
  for (const one of [a, b]) url.searchParams.append('resource', one)
  const { page } = await new Browser().authorize(url.href, user)
  const callback = validated(asking, new URL(page.url).searchParams)
  const more = { ...options, additionalParameters: { resource: a } }
  const { client, authentication, redirectUri, verifier } = asking
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, redirectUri, verifier, more,
  )
  const first = await oauth.processAuthorizationCodeResponse(server, client, response)
  assert.deepEqual((await introspected(asking, first.access_token)).aud, [a])
  await assert.rejects(whoami(first.access_token), challengedWith(401, 'invalid_token'))

  const second = await refreshed(asking, first.refresh_token, { resource: b })
  assert.deepEqual((await introspected(asking, second.access_token)).aud, [b])
  await assert.rejects(refreshed(asking, second.refresh_token, { resource: resource.href }), saysInBody(400, 'invalid_target'))
  // Whoever serves a resource sees what it is sent, and nothing that is for others.
  assert.ok((await introspected(registered('api'), first.access_token)).active)
  assert.deepEqual(await introspected(registered('api'), second.access_token), { active: false })
  await assert.rejects(clientCredentials(registered('service'), { resource: 'https://api.test/c' }), saysInBody(400, 'invalid_target'))
})

test('what is allowed is told in detail, and kept when it is refreshed', async () => {
  const details = [{ type: 'account_information', actions: ['list_accounts', 'read_balances'] }]
  const asking = await requestAnswered('web-basic', { authorization_details: JSON.stringify(details) })
  const token = await redeemed(asking)
  assert.deepEqual(token.authorization_details, details)
  assert.deepEqual((await introspected(asking, token.access_token)).authorization_details, details)
  const next = await refreshed(asking, token.refresh_token)
  assert.deepEqual(next.authorization_details, details)
  const [less, more] = [['list_accounts'], ['initiate_payments']].map((actions) =>
    JSON.stringify([{ type: 'account_information', actions }]),
  )
  const narrowed = await refreshed(asking, next.refresh_token, { authorization_details: less })
  assert.deepEqual(narrowed.authorization_details, JSON.parse(less))
  await assert.rejects(
    refreshed(asking, narrowed.refresh_token, { authorization_details: more }),
    saysInBody(400, 'invalid_authorization_details'),
  )
  const unknown = await requestAnswered('web-basic', { authorization_details: '[{"type":"unknown"}]' })
  assert.throws(() => validated(unknown, unknown.answer), { error: 'invalid_authorization_details' })
})

test('whoever serves a resource exchanges what it was sent for what it needs', async () => {
  const [a, b] = ['https://api.test/a', 'https://api.test/b']
  const kind = 'urn:ietf:params:oauth:token-type:access_token'
  const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const { client, authentication } = registered('api')
  const exchanged = async (token) => {
    const parameters = { subject_token: token, subject_token_type: kind, resource: b }
    const response = await oauth.genericTokenEndpointRequest(server, client, authentication, grant, parameters, options)
    return oauth.processGenericTokenEndpointResponse(server, client, response)
  }
  const asking = await requestAnswered('web-post', { resource: a })
  const sent = await redeemed(asking)
  const token = await exchanged(sent.access_token)
  assert.equal(token.issued_token_type, kind)
  const seen = await introspected(registered('api'), token.access_token)
  assert.deepEqual([seen.sub, seen.client_id, seen.aud], [user.sub, 'api', [b]])
  const other = await redeemed(await requestAnswered('web-post', { resource: b }))
  await assert.rejects(exchanged(other.access_token), saysInBody(400, 'unauthorized_client'))
  await revoked(asking, sent.access_token)
  assert.deepEqual(await introspected(registered('api'), token.access_token), { active: false })
})

test('who was given a token for it registers a client, and that client logs a person in', async () => {
  const metadata = { client_name: 'A new one', redirect_uris: ['https://new.test/cb'], scope: 'read' }
  const told = { ...options, initialAccessToken: 'of-the-tests' }
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, told)
  const client = await oauth.processDynamicClientRegistrationResponse(response)
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const { page } = await new Browser().authorize(url.href, user)
  const answer = oauth.validateAuthResponse(server, client, new URL(page.url).searchParams, oauth.expectNoState)
  const authentication = oauth.ClientSecretBasic(client.client_secret)
  const redeeming = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, answer, 'https://new.test/cb', verifier, options,
  )
  const token = await oauth.processAuthorizationCodeResponse(server, client, redeeming)
  assert.deepEqual(await whoami(token.access_token), { sub: user.sub, client_id: client.client_id, scope: 'read' })

  for (const [more, challenge] of [[options, undefined], [{ ...options, initialAccessToken: 'guess' }, 'invalid_token']]) {
    const refused = await oauth.dynamicClientRegistrationRequest(server, metadata, more)
    await assert.rejects(oauth.processDynamicClientRegistrationResponse(refused), challengedWith(401, challenge))
  }
})

test('tokens are bound to a key, and proofs need nonces', async (context) => {
  if (!server.dpop_signing_alg_values_supported) return context.skip('the server was built without')
  const { client, authentication } = registered('service')
  const proving = async () => ({ ...options, DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) })
  const asks = (own) =>
    oauth.clientCredentialsGrantRequest(server, client, authentication, new URLSearchParams({ scope: 'read' }), own)
  /** A client repeats a request that was refused for want of a nonce, once. */
  const again = async (act) => {
    try {
      return await act()
    } catch (thrown) {
      if (!oauth.isDPoPNonceError(thrown)) throw thrown
      return act()
    }
  }
  const given = (own) =>
    again(async () => oauth.processClientCredentialsResponse(server, client, await asks(own)))
  const own = await proving()
  await assert.rejects(
    async () => oauth.processClientCredentialsResponse(server, client, await asks(own)),
    saysInBody(400, 'use_dpop_nonce'),
  )
  const token = await given(own)
  assert.equal(token.token_type, 'dpop')
  const calls = (who) =>
    again(() => oauth.protectedResourceRequest(token.access_token, 'GET', resource, undefined, undefined, who))
  assert.equal((await (await calls(own)).json()).client_id, 'service')
  const thief = await proving()
  const stolen = (thrown) => {
    assert.ok(thrown instanceof oauth.WWWAuthenticateChallengeError, thrown)
    assert.deepEqual([thrown.cause[0].scheme, thrown.cause[0].parameters.error], ['dpop', 'invalid_token'])
    return true
  }
  await assert.rejects(calls(thief), stolen)
  await assert.rejects(whoami(token.access_token), challengedWith(401, 'invalid_token'))

  const asking = await requestAnswered('web-basic', { dpop_jkt: await own.DPoP.calculateThumbprint() })
  const redeems = (who) =>
    again(async () => {
      const callback = validated(asking, asking.answer)
      const response = await oauth.authorizationCodeGrantRequest(
        server, asking.client, asking.authentication, callback, asking.redirectUri, asking.verifier, who,
      )
      return oauth.processAuthorizationCodeResponse(server, asking.client, response)
    })
  await assert.rejects(redeems(thief), saysInBody(400, 'invalid_grant'))
  assert.equal((await redeems(own)).token_type, 'dpop')
})

test('the resource says which servers it trusts', async () => {
  const answer = await oauth.resourceDiscoveryRequest(resource, options)
  const found = await oauth.processResourceDiscoveryResponse(resource, answer)
  assert.deepEqual(found.authorization_servers, [base])
  await assert.rejects(whoami('no token at all'), (thrown) => {
    const { resource_metadata: metadata } = thrown.cause[0].parameters
    return metadata === `${base}/.well-known/oauth-protected-resource/api/whoami`
  })
})

test('what a client may not do is refused by name', async () => {
  const thief = { client: { client_id: 'service' }, authentication: oauth.ClientSecretPost('guess') }
  await assert.rejects(clientCredentials(thief, { scope: 'read' }), saysInBody(401, 'invalid_client'))
  await assert.rejects(clientCredentials(registered('web-post'), { scope: 'read' }), saysInBody(400, 'unauthorized_client'))
  await assert.rejects(clientCredentials(registered('service'), { scope: 'admin' }), saysInBody(400, 'invalid_scope'))
})
