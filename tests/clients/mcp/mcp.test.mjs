// The client of the Model Context Protocol's SDK: from a 401 of the resource to an authorized call.
//
// Usage: node mcp.test.mjs BASE_URL FIXTURES CERTIFICATE_WITH_KEY

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { UnauthorizedError, auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { withOAuth } from '@modelcontextprotocol/sdk/client/middleware.js'

import { Browser } from './browser.mjs'
import { withLoopback } from './loopback.mjs'

const [base, fixtures, certificate] = process.argv.slice(2)
const [user] = JSON.parse(readFileSync(join(fixtures, 'users.json'), 'utf8'))
const resource = new URL('/api/whoami', base)

/** What an application keeps for the SDK; it knows nothing of the server. */
class Application {
  #kept = {}

  constructor(redirectUrl) {
    this.redirectUrl = redirectUrl
    this.clientMetadata = {
      client_name: 'An assistant',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
  }

  state = () => 'of the application'
  clientInformation = () => this.#kept.client
  saveClientInformation = (client) => void (this.#kept.client = client)
  tokens = () => this.#kept.tokens
  saveTokens = (tokens) => void (this.#kept.tokens = tokens)
  codeVerifier = () => this.#kept.verifier
  saveCodeVerifier = (verifier) => void (this.#kept.verifier = verifier)
  redirectToAuthorization = (url) => void (this.authorizationUrl = url)
}

/** The web site of an application: it serves one document, and says how often. */
async function withSite(use) {
  const pem = readFileSync(certificate)
  const site = { asked: [] }
  const server = createServer({ cert: pem, key: pem }, (request, response) => {
    site.asked.push(request.url)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(site.document))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  site.url = `https://localhost:${server.address().port}/client.json`
  try {
    await use(site)
  } finally {
    server.close()
  }
}

/** Calls the resource; the SDK does what it takes until a person is needed. */
async function connect(application, arrived, decision) {
  const call = withOAuth(application, resource)(fetch)
  await assert.rejects(call(resource), UnauthorizedError)
  const asked = application.authorizationUrl.searchParams
  assert.deepEqual([asked.get('resource'), asked.get('code_challenge_method')], [resource.href, 'S256'])
  await new Browser().authorize(application.authorizationUrl.href, user, decision)
  const [{ parameters }] = arrived
  assert.deepEqual([parameters.get('state'), parameters.get('iss')], ['of the application', base])
  return { call, parameters }
}

test('an assistant registers itself, and calls for a person', () =>
  withLoopback(async (redirectUri, arrived) => {
    const application = new Application(redirectUri)
    const { call, parameters } = await connect(application, arrived)
    assert.equal(application.authorizationUrl.searchParams.get('client_id'), application.clientInformation().client_id)
    assert.equal(await auth(application, { serverUrl: resource, authorizationCode: parameters.get('code') }), 'AUTHORIZED')
    const seen = await (await call(resource)).json()
    assert.deepEqual([seen.sub, seen.client_id], [user.sub, application.clientInformation().client_id])

    // Whoever lost the access token gets the next one without a person.
    const spent = application.tokens()
    application.saveTokens({ ...spent, access_token: 'lost' })
    assert.equal((await call(resource)).status, 200)
    assert.notEqual(application.tokens().refresh_token, spent.refresh_token)
  }))

test('an assistant is known by its document, and calls for a person', () =>
  withSite((site) =>
    withLoopback(async (redirectUri, arrived) => {
      const application = new Application(redirectUri)
      application.clientMetadataUrl = site.url
      site.document = { ...application.clientMetadata, client_id: site.url }
      const { call, parameters } = await connect(application, arrived)
      assert.equal(application.authorizationUrl.searchParams.get('client_id'), site.url)
      assert.equal(await auth(application, { serverUrl: resource, authorizationCode: parameters.get('code') }), 'AUTHORIZED')
      const seen = await (await call(resource)).json()
      assert.deepEqual([seen.sub, seen.client_id], [user.sub, site.url])
      assert.deepEqual(site.asked, ['/client.json'])

      const spent = application.tokens()
      application.saveTokens({ ...spent, access_token: 'lost' })
      assert.equal((await call(resource)).status, 200)
      assert.notEqual(application.tokens().refresh_token, spent.refresh_token)
    }),
  ))

test('an assistant whose document is another one is not known', () =>
  withSite((site) =>
    withLoopback(async (redirectUri, arrived) => {
      const application = new Application(redirectUri)
      application.clientMetadataUrl = site.url
      site.document = { ...application.clientMetadata, client_id: `${site.url}?` }
      await assert.rejects(withOAuth(application, resource)(fetch)(resource), UnauthorizedError)
      const refused = await fetch(application.authorizationUrl, { redirect: 'manual' })
      assert.deepEqual([refused.status, refused.headers.get('location'), arrived.length], [400, null, 0])
    }),
  ))

test('a person who says no is heard', () =>
  withLoopback(async (redirectUri, arrived) => {
    const application = new Application(redirectUri)
    const { call, parameters } = await connect(application, arrived, 'deny')
    assert.deepEqual([parameters.get('error'), parameters.get('code')], ['access_denied', null])
    await assert.rejects(call(resource), UnauthorizedError)
  }))
