// A trial of the tests of the real server: scores from its channels and seed, and as prediction the truth pushed aside the farther the worse it is
// said to be; at once, no network trained. See examples/tomograd_trial.py for the protocol.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

const said = name => process.env['TOMOGRAD_TRIAL_' + name] ?? ''
const channels = said('CHANNELS').split(','), settings = JSON.parse(said('SETTINGS') || '{}')
const noise = key => {
  let h = 2166136261
  for (const c of [key, said('SEED'), said('CHANNELS'), said('SETTINGS')].join('|')) h = Math.imul(h ^ c.charCodeAt(0), 16777619)
  h = Math.imul(h ^ (h >>> 15), 2246822507)
  return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32 - 0.5
}
const loss = { T2star: 0.2, T1ce: 0.1, T2w: 0.05 }
let base = 0.7 - Object.entries(loss).reduce((sum, [name, v]) => sum + (channels.includes(name) ? 0 : v), 0)
if (settings.rate) base -= 0.05 * (Math.log10(settings.rate) + 2.5) ** 2
if (settings.filters) base += 0.03 * Math.log2(settings.filters / 16)

const steps = Array.from({ length: 40 }, (_, i) => i * 10)
const curve = steps.flatMap((step, i) => [
  { step, loss: 0.2 + 0.9 / (1 + i / 5) + 0.05 * noise('loss' + i) },
  ...(i % 4 === 3 ? [{ step, validation_dice: base * (1 - Math.exp(-i / 9)) + 0.03 * noise('dice' + i) }] : []),
])
writeFileSync(said('OUT') + '/metrics.jsonl', curve.map(one => JSON.stringify(one)).join('\n') + '\n')

const wanted = said('SPLIT').split(',')
const cases = JSON.parse(readFileSync(said('DATA'))).cases.filter(one => !said('SPLIT') || wanted.includes(one.patient))
const test = cases.map(one => ({ case: one.id, patient: one.patient, classes: ['GTV-T', 'GTV-Ln'], dice: [base + 0.05 * noise('T' + one.id), base - 0.1 + 0.05 * noise('N' + one.id)] }))

mkdirSync(said('OUT') + '/predictions', { recursive: true })
for (const one of cases.filter(each => each.label)) writeFileSync(join(said('OUT'), 'predictions', one.id + '.nii.gz'), pushed(join(dirname(said('DATA')), one.label), 1 + Math.round((0.72 - base) * 20)))
writeFileSync(said('OUT') + '/metrics.json', JSON.stringify({ test, steps: 400 }))

/** The file with all voxels moved by so many along x. */
function pushed(path, by) {
  const file = gunzipSync(readFileSync(path))
  const width = file.readInt16LE(42), bytes = file.readInt16LE(72) / 8, first = file.readFloatLE(108)
  const next = Buffer.from(file)
  for (let at = first; at < file.length; at += width * bytes) {
    next.fill(0, at, at + by * bytes)
    file.copy(next, at + by * bytes, at, at + (width - by) * bytes)
  }
  return gzipSync(next)
}
