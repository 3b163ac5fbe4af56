// Pictures of every view for people to look at: web/shots/*.png. usage: node tests/browser/shots.mjs [light|dark]
import { mkdir } from 'node:fs/promises'
import { open } from './support.mjs'

const views = {
  experiments: 'experiments', trials: 'experiments/loo/trials?select=9,12&trial=9', sweep: 'experiments/sweep/trials', curves: 'experiments/loo/curves?select=1-5&smooth=0.6', loo: 'experiments/loo/leave-one-out', bayesian: 'experiments/bayes/bayesian',
  timeline: 'experiments/loo/timeline', report: 'experiments/loo/report', spec: 'experiments/loo/spec', log: 'experiments/loo/log', new: 'new', designer: 'designer', compare: 'designer?b=kind=deepmedic', data: 'data', cluster: 'cluster',
  viewer: 'viewer?dataset=cohort&case=0&result=loo:1', montage: 'viewer?dataset=cohort&case=0&mode=6', two: 'viewer?dataset=cohort&case=0&result=loo:1,loo:14&mode=7', labels: 'viewer?dataset=cohort&case=0&mode=5',
}
const folder = new URL('../../shots/', import.meta.url).pathname
await mkdir(folder, { recursive: true })
const tab = await open()
if (process.argv[2]) await tab.page.emulateMedia({ colorScheme: process.argv[2] })
const wanted = process.argv.slice(3)
for (const [name, hash] of Object.entries(views)) {
  if (wanted.length && !wanted.includes(name)) continue
  await tab.go(hash)
  await tab.page.waitForTimeout(/viewer|labels/.test(hash) ? 3500 : 900)
  await tab.page.screenshot({ path: `${folder}${name}.png` })
}
console.log(tab.complaints.join('\n'))
await tab.close()
