// The clients and the people that the server was given.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The clients by their names, the keys of those that have one, and the people of a directory. */
export async function read(directory) {
  const json = (name) => JSON.parse(readFileSync(join(directory, name), 'utf8'))
  const clients = new Map(json('clients.json').map((client) => [client.client_id, client]))
  const kept = existsSync(join(directory, 'keys.json')) ? Object.entries(json('keys.json')) : []
  const keys = new Map(await Promise.all(kept.map(async ([id, key]) => [id, await imported(key)])))
  return { clients, keys, users: json('users.json') }
}

const imported = (key) =>
  crypto.subtle.importKey('pkcs8', Buffer.from(key, 'base64'), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
