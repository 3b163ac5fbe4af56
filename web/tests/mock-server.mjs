// A server for tests of layout alone: the built page and made-up answers, under the policy that `tomograd serve` sends. Never shipped.
// usage: node mock-server.mjs [PORT]; prints the address. MOCK_EMPTY=1: nothing is there; MOCK_READ_ONLY=1.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateSync, gzipSync } from 'node:zlib'
import * as data from './mock-data.mjs'
import { model, plan, schemas } from './mock-specs.mjs'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.json': 'application/json', '.png': 'image/png' }
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

class Refused extends Error {
  constructor(status, kind, message, hint = '') { super(message); Object.assign(this, { status, kind, hint }) }
}

function plane(id, query) {
  const axis = query.get('axis'), index = Number(query.get('index')), facts = data.volume(id), level = facts.levels[Number(query.get('level') ?? 0)]
  const [fz, fy, fx] = level.factor_zyx, [nz, ny, nx] = level.size_zyx
  const [height, width] = axis === 'z' ? [ny, nx] : axis === 'y' ? [nz, nx] : [nz, ny]
  const at = (r, c) => (axis === 'z' ? data.voxel(id, index * fz, r * fy, c * fx) : axis === 'y' ? data.voxel(id, r * fz, index * fy, c * fx) : data.voxel(id, r * fz, c * fy, index * fx))
  const low = Number(query.get('low') ?? 0), high = Number(query.get('high') ?? 800)
  const values = Array.from({ length: height * width }, (_, i) => Math.min(Math.max((at(Math.floor(i / width), i % width) - low) / (high - low), 0), 1))
  if (query.get('as') === 'raw16') return { type: 'application/octet-stream', body: Buffer.from(Uint16Array.from(values, v => Math.round(v * 65535)).buffer), headers: { 'X-Width': width, 'X-Height': height } }
  return { type: 'image/png', body: png(width, height, values.map(v => Math.round(v * 255))) }
}

function png(width, height, grey) {
  const chunk = (name, body) => { const head = Buffer.alloc(4), tail = Buffer.alloc(4), named = Buffer.concat([Buffer.from(name), body]); head.writeUInt32BE(body.length); tail.writeUInt32BE(crc32 ? crc32(named) : crcOf(named)); return Buffer.concat([head, named, tail]) }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0), head.writeUInt32BE(height, 4), head.set([8, 0, 0, 0, 0], 8)
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) rows.set(grey.slice(y * width, (y + 1) * width), y * (width + 1) + 1)
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function crcOf(bytes) {
  let crc = ~0
  for (const byte of bytes) for (let k = 0, b = (crc ^= byte); k < 8; k++, b = crc) crc = b & 1 ? (b >>> 1) ^ 0xedb88320 : b >>> 1
  return ~crc >>> 0
}

function nifti(id) {
  const [nz, ny, nx] = data.volume(id).size_zyx
  const head = Buffer.alloc(352)
  head.writeInt32LE(348, 0)
  ;[3, nx, ny, nz, 1, 1, 1, 1].forEach((v, i) => head.writeInt16LE(v, 40 + 2 * i))
  head.writeInt16LE(4, 70), head.writeInt16LE(16, 72)
  ;[1, 1, 1, 3].forEach((v, i) => head.writeFloatLE(v, 76 + 4 * i))
  head.writeFloatLE(352, 108), head.writeFloatLE(1, 112), head.writeInt16LE(1, 254)
  data.volume(id).affine.slice(0, 3).flat().forEach((v, i) => head.writeFloatLE(v, 280 + 4 * i))
  head.write('n+1\0', 344)
  const body = new Int16Array(nz * ny * nx)
  for (let z = 0, i = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) body[i++] = data.voxel(id, z, y, x)
  return gzipSync(Buffer.concat([head, Buffer.from(body.buffer)]))
}

const found = id => (process.env.MOCK_EMPTY ? [] : data.experiments).find(one => one.id === id) ?? (() => { throw new Refused(404, 'missing', `There is no experiment ${id}.`) })()
const routes = {
  experiment: { '': data.detail, spec: () => data.spec, trials: data.trials, 'leave-one-out': () => data.leaveOneOut(), timeline: () => data.timeline(), next: data.expectations, report: data.report, log: () => data.log() },
}

function answer(method, path, query, body) {
  const [first, id, what, number] = path
  if (process.env.MOCK_EMPTY && !id && ['experiments', 'datasets', 'volumes'].includes(first)) return { [first]: [] }
  if (path.join('/') === 'server') return { ...data.server, read_only: !!process.env.MOCK_READ_ONLY }
  if (first === 'cluster') return process.env.MOCK_EMPTY ? { ...data.cluster(), waiting: [], slurm: { installed: false, asking: false, age_seconds: 0, partitions: [], queue: [], queue_known: false, more_queued: 0, troubles: ["Slurm is not installed on this host: there is no 'sinfo' on the PATH"] } } : data.cluster()
  if (first === 'jobs') return { jobs: [{ job: 1, kind: 'run', experiment: 'bayes', name: 'lr-bayes', state: 'running', exit_code: null, started_unix_milliseconds: Date.now(), ended_unix_milliseconds: null, output: '28 of 30' }] }
  if (first === 'schema') return schemas[id]
  if (first === 'models') return model(body) ?? (() => { throw new Refused(422, 'input', `depth is ${body.spec.depth}, and a U-Net goes down at most 8 times.`, 'Set depth to 8 or less.') })()
  if (first === 'datasets') return id ? (what === 'sampling' ? data.sampling(body) : what === 'labels' ? { case: Number(query.get('case')), voxels: { 1: 3000 + Number(query.get('case')) * 20, 2: 900 }, voxel_ml: 0.003 } : data.dataset) : data.datasets
  if (first === 'volumes' && !id) return { volumes: [{ id: 'scan-0-0', root: 0, file: 'cohort/P01/T1w.nii.gz', kind: 'nifti' }] }
  if (first === 'volumes') return what === 'range' ? { low: 20, high: 700, minimum: 0, maximum: 800, whole: true, integers: true } : what === 'plane' ? plane(id, query) : what === 'nifti' ? { type: 'application/gzip', body: nifti(id) } : data.volume(id)
  if (first !== 'experiments') throw new Refused(404, 'missing', `There is no route /api/${path.join('/')}.`)
  if (!id) return method === 'GET' ? { format: 'tomograd.experiments/1', experiments: data.experiments } : { spec: `${body.name}.toml`, job: null }
  if (id === 'plan') return plan(/bayesian|random/.test(body.toml) ? 30 : 96)
  if (method === 'POST') return { ...(path[2] === 'cancel' ? found(id) : {}), job: { job: 2 }, notes: [] }
  const one = found(id)
  if (what === 'trials' && number) return data.trial(one, Number(number))
  if (what === 'figures') return number ? { type: 'image/svg+xml', body: data.figure(number), headers: { 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox", 'Cache-Control': 'no-store' } } : data.figures(one)
  if (what === 'curves') return data.curves(query.get('trials').split(',').map(Number), Number(query.get('points') ?? 400))
  if (what === 'bayes') return data.search(one, query.get('x'), query.get('y'))
  return (routes.experiment[what ?? ''] ?? (() => { throw new Refused(404, 'missing', 'no such route') }))(one)
}

export function start(port = 0) {
  const streams = new Set()
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    const path = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
    response.setHeader('Content-Security-Policy', policy)
    response.setHeader('Cache-Control', 'no-store')
    try {
      if (path[0] !== 'api') {
        const file = normalize(join(dist, url.pathname === '/' ? 'index.html' : url.pathname))
        if (!file.startsWith(dist)) throw new Refused(404, 'missing', 'no such file')
        const text = await readFile(file).catch(() => { throw new Refused(404, 'missing', `no file ${url.pathname}`) })
        return response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream').end(text)
      }
      if (path[1] === 'events') {
        response.setHeader('Content-Type', 'text/event-stream')
        streams.add(response)
        return response.write('event: hello\ndata: {}\n\n')
      }
      let body = ''
      for await (const part of request) body += part
      const result = answer(request.method, path.slice(1), url.searchParams, body ? JSON.parse(body) : {})
      if (result.body) return response.writeHead(200, { 'Content-Type': result.type, ...result.headers }).end(result.body)
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(result))
    } catch (error) {
      response.writeHead(error.status ?? 500, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { kind: error.kind ?? 'failure', message: error.message, hint: error.hint ?? '', context: [] } }))
    }
  })
  return new Promise(resolve => server.listen(port, '127.0.0.1', () => resolve({
    address: `http://127.0.0.1:${server.address().port}/`,
    send: (name, value) => { for (const one of streams) one.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`) },
    stop: () => { server.closeAllConnections(); return new Promise(done => server.close(done)) },
  })))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await start(Number(process.argv[2] ?? 0))).address)
