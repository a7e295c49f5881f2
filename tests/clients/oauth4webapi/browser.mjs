// What a browser does with the pages of the server: forms, redirects, cookies, and the policies of the pages.

import { createHash } from 'node:crypto'
import { parse } from 'parse5'

/** A browser would have stopped here. */
export class Blocked extends Error {}

/** One person's browser. It reaches `http` addresses and those of `server`; at any other it stops and shows what it would send. */
export class Browser {
  #cookies = new Map()
  #server

  constructor(server) {
    this.#server = server
  }

  async open(url) {
    return this.#settle(await this.#fetch('GET', url, null, { 'sec-fetch-site': 'cross-site' }, null))
  }

  /** Fills in `typed` and presses the button of that name and value. */
  async press(page, form, button, typed) {
    return this.#settle(await this.#submit(page, form, entries(form, button, typed)))
  }

  /** Types a code, logs in and decides wherever the server asks; tells what it asked, and where that led. */
  async authorize(url, user, decision = 'allow', typed = {}) {
    const asked = []
    for (let page = await this.open(url); asked.length < 4; ) {
      const code = page.formWith('user_code')
      const login = page.formWith('password')
      const consent = page.formWith('decision')
      if (code && !asked.includes('code')) {
        asked.push('code')
        page = await this.press(page, code, null, typed)
      } else if (login) {
        asked.push('login')
        page = await this.press(page, login, null, { username: user.username, password: user.password })
      } else if (consent) {
        asked.push('consent')
        page = await this.press(page, consent, ['decision', decision], {})
      } else {
        return { asked, page }
      }
    }
    throw new Blocked(`asked again and again: ${asked}`)
  }

  /** Runs the one script that a page without scripts may have: the one that posts its form. */
  #settle(page) {
    return page.postsItself() ? this.#submit(page, page.forms[0], entries(page.forms[0], null, {})) : page
  }

  #submit(page, form, body) {
    const target = new URL(form.action || page.url, page.url).href
    if (form.method !== 'post') throw new Blocked(`a form that changes something is sent with ${form.method}`)
    const headers = {
      origin: page.headers.get('referrer-policy') === 'no-referrer' ? 'null' : origin(page.url),
      'sec-fetch-site': origin(target) === origin(page.url) ? 'same-origin' : 'cross-site',
    }
    return this.#fetch('POST', target, body, headers, page)
  }

  async #fetch(method, url, body, headers, leaving) {
    for (let redirects = 0; redirects < 10; redirects++) {
      if (leaving && !leaving.letsFormsGoTo(url)) {
        throw new Blocked(`the content security policy of ${leaving.url} forbids to go to ${url}`)
      }
      if (!url.startsWith('http://') && origin(url) !== this.#server) return new Page(url, null, '', body)
      const answer = await fetch(url, {
        method,
        body,
        headers: { ...headers, cookie: this.#cookiesFor(url) },
        redirect: 'manual',
        signal: AbortSignal.timeout(10_000),
      })
      this.#keepCookies(url, answer.headers)
      const text = await answer.text()
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || !location) return new Page(url, answer, text)
      if ([307, 308].includes(answer.status) && body) {
        throw new Blocked(`${url} would have what was typed repeated elsewhere`)
      }
      method = 'GET'
      body = null
      url = new URL(location, url).href
    }
    throw new Blocked(`redirected again and again, at last to ${url}`)
  }

  #cookiesFor(url) {
    return [...(this.#cookies.get(origin(url)) ?? [])].map((pair) => pair.join('=')).join('; ')
  }

  #keepCookies(url, headers) {
    const kept = this.#cookies.get(origin(url)) ?? new Map()
    for (const line of headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim())
      const [name, ...value] = pair.split('=')
      const gone = attributes.some((attribute) => /^max-age=(0|-.*)$/i.test(attribute))
      if (gone) kept.delete(name)
      else kept.set(name, value.join('='))
    }
    this.#cookies.set(origin(url), kept)
  }
}

class Page {
  forms = []
  scripts = []

  constructor(url, answer, text, posted = null) {
    this.url = url
    this.status = answer?.status
    this.headers = answer?.headers ?? new Headers()
    this.posted = posted
    this.#read(parse(text), null)
  }

  formWith(name) {
    return this.forms.find((form) => [...form.inputs, ...form.buttons].some(([known]) => known === name))
  }

  /** Whether a script that the policy allows by its hash submits the form. */
  postsItself() {
    const allowed = this.#policy('script-src') ?? []
    const hash = (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`
    return this.scripts.some((script) => script.includes('submit()') && allowed.includes(hash(script)))
  }

  /** Whether `form-action` covers a target, or a redirect of one. */
  letsFormsGoTo(url) {
    const covering = [origin(url), new URL(url).protocol]
    if (origin(url) === origin(this.url)) covering.push("'self'")
    return this.#policy('form-action')?.some((source) => covering.includes(source)) ?? true
  }

  #policy(directive) {
    const all = (this.headers.get('content-security-policy') ?? '').split(';').map((one) => one.trim().split(/\s+/))
    return all.find(([name]) => name === directive)?.slice(1)
  }

  #read(node, form) {
    const attribute = (name) => node.attrs?.find((one) => one.name === name)?.value
    const [kind, name] = [attribute('type')?.toLowerCase(), attribute('name')]
    if (node.tagName === 'form') {
      form = { action: attribute('action'), method: (attribute('method') ?? 'get').toLowerCase(), inputs: [], buttons: [] }
      this.forms.push(form)
    } else if (node.tagName === 'script') {
      this.scripts.push(node.childNodes.map((child) => child.value).join(''))
    } else if (form && name && (node.tagName === 'button' || kind === 'submit')) {
      form.buttons.push([name, attribute('value') ?? ''])
    } else if (form && name && node.tagName === 'input') {
      const box = kind === 'checkbox' || kind === 'radio'
      const value = attribute('value') ?? (box ? 'on' : '')
      if (!box || attribute('checked') !== undefined) form.inputs.push([name, value])
    }
    for (const child of node.childNodes ?? []) this.#read(child, form)
  }
}

function entries(form, button, typed) {
  const known = ([name, value]) => form.buttons.some((one) => one[0] === name && one[1] === value)
  const unknown = Object.keys(typed).filter((name) => !form.inputs.some(([input]) => input === name))
  if (unknown.length || (button && !known(button))) throw new Blocked(`the form has no ${unknown} ${button}`)
  const filled = form.inputs.map(([name, value]) => [name, typed[name] ?? value])
  return new URLSearchParams(button ? [...filled, button] : filled)
}

function origin(url) {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
