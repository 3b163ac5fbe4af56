// How soon the page is seen: the list of experiments, one of which has 10,000 trials, and that one's table, from `tomograd serve` and a real store.
// One line of JSON; medians over browsers that have nothing in their cache. It measures and asserts no time. usage: npm run figures
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { browse, program } from './support.mjs'
import * as study from './study.mjs'

const lacks = program ? study.lacks : 'there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one'
if (lacks) throw new Error(lacks)
const runs = 7, trials = 10_000, seeds = trials / 20

// What a store says of complete trials, as src/experiments writes it (schema: src/experiments/sqlite_schema.h).
const fill = `
import json, random, sqlite3, sys
store = sqlite3.connect(sys.argv[1])
random.seed(1)
start = store.execute("SELECT created FROM experiment").fetchone()[0]
for number, settings in store.execute("SELECT number, settings FROM trial WHERE state = 'waiting'").fetchall():
    begin = start + number * 1000
    dice = [round(random.gauss(0.7, 0.03), 6), round(random.gauss(0.6, 0.04), 6)]
    metrics = {"test": [{"case": "P01-1", "patient": "P01", "classes": ["a", "b"], "dice": dice}], "steps": 400}
    store.execute("INSERT INTO attempt(trial, attempt, owner, boot, lease_until, progress, started, ended, outcome) VALUES (?, 1, 'node1-4711-1a2b3c', '', 0, 1, ?, ?, 'complete')", (number, begin, begin + 900))
    store.execute("INSERT INTO result VALUES (?, 1, ?, ?)", (number, json.dumps(metrics), json.dumps({"seconds": 0.9})))
    store.execute("UPDATE trial SET state = 'complete', attempts = 1 WHERE number = ?", (number,))
    for kind, at in (("claimed", begin), ("complete", begin + 900)):
        store.execute("INSERT INTO event(at, kind, trial, attempt, text) VALUES (?, ?, ?, 1, '')", (at, kind, number))
store.commit()
`

const folder = mkdtempSync(join(tmpdir(), 'tomograd-paint-'))
let server, tab
try {
  makeStore()
  server = await study.serve(folder)
  const address = new URL('/', server.link).href
  tab = await browse(address)
  await tab.page.goto(server.link)
  const { experiments } = await tab.page.evaluate(async () => (await fetch('api/experiments')).json())
  const large = experiments.find(one => one.trials.total === trials)
  if (!large || large.trials.complete !== trials) throw new Error(`the store is not what was made: ${JSON.stringify(experiments.map(one => one.trials))}`)
  await server.stop()

  // A server that has read nothing yet, and one that has: the former's first answer reads 10,000 trials.
  const colds = [], list = [], table = []
  for (let i = 0; i < runs; i++) {
    server = await study.serve(folder)
    const login = await browse(new URL('/', server.link).href)
    await login.page.context().request.get(server.link)
    const state = await login.page.context().storageState(), here = new URL('/', server.link).href
    colds.push(await painted(login.page.context().browser(), state, here + '#/experiments'))
    list.push(await painted(login.page.context().browser(), state, here + '#/experiments'))
    table.push(await painted(login.page.context().browser(), state, `${here}#/experiments/${large.id}/trials`))
    await login.close()
    await server.stop()
  }
  console.log(JSON.stringify({
    format: 'tomograd.page_paint/1', trials, experiments: experiments.length, runs, processors: cpus().length, processor: cpus()[0].model, browser: `Chromium ${tab.page.context().browser().version()}`,
    experiment_list: medians(list), experiment_list_of_a_fresh_server: medians(colds), trial_table: medians(table),
  }))
} finally {
  await tab?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Twenty trials run; a fork repeats them with other seeds, and results like theirs are written into its store. */
function makeStore() {
  const run = (...words) => execFileSync(study.tomograd, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const trial = `echo '{"test": [{"case": "P01-1", "patient": "P01", "classes": ["a", "b"], "dice": [0.7, 0.6]}], "steps": 400}' > {out}/metrics.json`
  writeFileSync(join(folder, 'small.toml'), `format = "tomograd.experiment/1"\nworkers = 2\n[trial]\ncommand = ["/bin/sh", "-c", ${JSON.stringify(trial)}]\n[strategy]\nkind = "sweep"\n[[variable]]\nkey = "rate"\nvalues = [0.0003, 0.001, 0.003, 0.01, 0.03]\n[[variable]]\nkey = "filters"\nvalues = [8, 16, 32, 64]\n`)
  run('experiment', 'run', 'small.toml')
  run('experiment', 'fork', 'small', 'large.toml', '--set', `strategy.seeds=${seeds}`)
  execFileSync('python3', ['-c', fill, join(folder, 'large', 'experiment.sqlite')])
}

/** Seconds from the request for the page to its first paint, and to the frame in which the rows of its table stand. */
async function painted(browser, storageState, at) {
  const context = await browser.newContext({ storageState, viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript(() => {
    const look = () => (document.querySelector('.table-body [role=row]') ? requestAnimationFrame(() => setTimeout(() => (window.rowsAt = performance.now()))) : requestAnimationFrame(look))
    requestAnimationFrame(look)
  })
  await page.goto(at)
  await page.waitForFunction(() => window.rowsAt && performance.getEntriesByName('first-contentful-paint').length)
  const seconds = await page.evaluate(() => ({ first_paint_seconds: performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000, rows_seconds: window.rowsAt / 1000 }))
  await context.close()
  return seconds
}

function medians(all) {
  const of = key => { const sorted = all.map(one => one[key]).sort((a, b) => a - b); return Number(sorted[Math.floor(sorted.length / 2)].toFixed(3)) }
  return Object.fromEntries(Object.keys(all[0]).map(key => [key, of(key)]))
}
