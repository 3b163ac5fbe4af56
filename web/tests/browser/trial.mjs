// A trial of the test of the real server: scores from its channels and seed, at once. See examples/tomograd_trial.py for the protocol.
import { readFileSync, writeFileSync } from 'node:fs'

const said = name => process.env['TOMOGRAD_TRIAL_' + name] ?? ''
const channels = said('CHANNELS').split(','), settings = JSON.parse(said('SETTINGS') || '{}')
const noise = key => { let h = 7; for (const c of key + said('SEED') + said('CHANNELS')) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0; return h / 2 ** 32 - 0.5 }
const loss = { T2star: 0.2, T1ce: 0.1, T2w: 0.05 }
let base = 0.7 - Object.entries(loss).reduce((sum, [name, v]) => sum + (channels.includes(name) ? 0 : v), 0)
if (settings.rate) base -= 0.05 * (Math.log10(settings.rate) + 2.5) ** 2
const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ step: i * 10, loss: 1 / (1 + i / 5) + 0.05 * noise('loss' + i) }))
writeFileSync(said('OUT') + '/metrics.jsonl', lines.join('\n') + '\n')
const wanted = said('SPLIT').split(',')
const cases = JSON.parse(readFileSync(said('DATA'))).cases.filter(one => !said('SPLIT') || wanted.includes(one.patient))
const test = cases.map(one => ({ case: one.id, patient: one.patient, classes: ['GTV-T', 'GTV-Ln'], dice: [base + 0.05 * noise('T' + one.id), base - 0.1 + 0.05 * noise('N' + one.id)] }))
writeFileSync(said('OUT') + '/metrics.json', JSON.stringify({ test, steps: 200 }))
