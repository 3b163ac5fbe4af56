// Pictures of every view for people to look at: web/shots/*.png. usage: node tests/browser/shots.mjs [light|dark] [WIDTHxHEIGHT] [NAME...]
import { mkdir } from 'node:fs/promises'
import { open } from './support.mjs'

const blocks = [{ name: 'a', op: 'conv', channels: 8, activation: 'relu' }, { name: 'b', op: 'pool', factor: 2 }, { name: 'c', op: 'upsample', factor: 2 }, { name: 'd', op: 'concat', from: ['a', 'c'] }]
const views = {
  experiments: 'experiments', trials: 'experiments/loo/trials?select=9,12&trial=9', sweep: 'experiments/sweep/trials', curves: 'experiments/loo/curves?select=1-5&smooth=0.6', loo: 'experiments/loo/leave-one-out', bayesian: 'experiments/bayes/bayesian',
  timeline: 'experiments/loo/timeline', report: 'experiments/loo/report', spec: 'experiments/loo/spec', log: 'experiments/loo/log', new: 'new', designer: 'designer', compare: 'designer?b=kind=deepmedic', blocks: `designer?a=${encodeURIComponent('kind=graph;block=' + JSON.stringify(blocks))}&block=a:b`, data: 'data', cluster: 'cluster',
  viewer: 'viewer?dataset=cohort&case=0&result=loo:1', montage: 'viewer?dataset=cohort&case=0&mode=6', two: 'viewer?dataset=cohort&case=0&result=loo:1,loo:14&mode=7', labels: 'viewer?dataset=cohort&case=0&mode=5', both: 'viewer?dataset=cohort&case=0&result=loo:1&mode=5',
}
const folder = new URL('../../shots/', import.meta.url).pathname
await mkdir(folder, { recursive: true })
const tab = await open()
const words = process.argv.slice(2)
const size = words.find(word => /^\d+x\d+$/.test(word)), scheme = words.find(word => word === 'light' || word === 'dark')
if (scheme) await tab.page.emulateMedia({ colorScheme: scheme })
if (size) await tab.page.setViewportSize({ width: Number(size.split('x')[0]), height: Number(size.split('x')[1]) })
const wanted = words.filter(word => word !== size && word !== scheme)
for (const [name, hash] of Object.entries(views)) {
  if (wanted.length && !wanted.includes(name)) continue
  await tab.go(hash)
  await tab.page.waitForTimeout(/viewer|labels/.test(hash) ? 3500 : 900)
  await tab.page.screenshot({ path: `${folder}${name}.png` })
}
console.log(tab.complaints.join('\n'))
await tab.close()
