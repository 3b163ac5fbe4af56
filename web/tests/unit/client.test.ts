// What the page asks for is what the server has: every function of the client is called, and its request looked for in docs/openapi.json's routes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, ApiError } from '../../src/api/client.ts'
import { routes } from '../../src/api/routes.ts'

interface Asked { method: string; path: string; query: string[] }

function fit(asked: Asked) {
  return routes.find(route => route.method === asked.method && new RegExp('^' + route.path.replace(/\{\w+\}/g, '[^/]+') + '$').test(asked.path) && asked.query.every(key => route.query.includes(key)))
}

const stub = (answer: () => Response) => {
  const asked: Asked[] = []
  globalThis.fetch = ((input: string, init: RequestInit = {}) => {
    const url = new URL(input, 'http://127.0.0.1/')
    asked.push({ method: init.method ?? 'GET', path: url.pathname, query: [...url.searchParams.keys()] })
    return Promise.resolve(answer())
  }) as typeof fetch
  return asked
}

const words: Record<string, unknown[]> = {
  schema: ['run'], trial: ['id', 3], curves: ['id', [1, 2], 400], search: ['id', 'x', 'y'], log: ['id', 10, 5], create: [{}], plan: [{}], resume: ['id', 2], retry: ['id', [3]], extend: ['id', { trials: 9 }],
  fork: ['id', 'name', []], note: ['id', 1, 'text'], describe: [{}], dataset: ['id', true], labelCounts: ['id', 0], sampling: ['id', { toml: '' }], range: ['id', 1],
  tile: ['id', { axis: 'z', index: 1, level: 0, channel: 0, tile_y: 0, tile_x: 0, low: 0, high: 1 }],
}

test('every request of the client is a route of the server, with parameters that it knows', async () => {
  const asked = stub(() => new Response(JSON.stringify({}), { headers: { 'X-Width': '1', 'X-Height': '1' } }))
  for (const [name, call] of Object.entries(api) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    await call(...(words[name] ?? ['id'])).catch(() => undefined)
    const last = asked.at(-1)
    assert.ok(last && fit(last), `${name}: ${JSON.stringify(last)}`)
    assert.equal(asked.length, 1, name)
    asked.length = 0
  }
})

test('whatever changes something is POST', () => {
  for (const route of routes) if (route.changes) assert.equal(route.method, 'POST', route.path)
})

test('an error keeps what the server said', async () => {
  stub(() => new Response(JSON.stringify({ error: { kind: 'input', message: 'the patch is 10', hint: 'take 16', context: ['[model]'] } }), { status: 422 }))
  await assert.rejects(api.server(), (error: unknown) => error instanceof ApiError && error.status === 422 && error.message === 'the patch is 10' && error.hint === 'take 16' && error.context[0] === '[model]')
  stub(() => { throw new TypeError('fetch failed') })
  await assert.rejects(api.server(), /does not answer/)
})
