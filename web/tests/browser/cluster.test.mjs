// Cluster, money and the next trials of a search against `tomograd serve`: what stands on the screen is what the API says. Slurm is a folder of stand-ins.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { browse, program } from './support.mjs'
import * as study from './study.mjs'

const skip = (!program ? 'there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one' : study.lacks) || false
if (skip && process.env.TOMOGRAD_NO_SKIP) throw new Error(skip)

const clock = hours => { const at = new Date(Date.now() + hours * 3600e3); return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}` }
const between = `${clock(2)}-${clock(5)}`

let made, server, tab, slurm
before(async () => {
  if (skip) return
  made = study.makeStudy(['--patients', '3', '--size', '24', '72', '80'])
  const run = (name, strategy, ...words) => {
    writeFileSync(join(made.folder, name + '.toml'), made.spec(name, strategy))
    return ['experiment', 'run', name + '.toml', ...words]
  }
  made.run(...run('which-rate', study.strategies.search('bayesian', 10), '--price', '3600', '--budget', '5000'))
  made.run(...run('free', '[strategy]\nkind = "sweep"\nseeds = 2\n'))
  // Its hours begin later: nothing runs, and it is asked to end.
  const late = spawn(study.tomograd, run('at-night', '[strategy]\nkind = "sweep"\nseeds = 3\n', '--between', between, '--workers', '2'), { cwd: made.folder, stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise(done => late.stderr.on('data', part => String(part).includes('outside the booked hours') && done()))
  late.kill('SIGTERM')
  await new Promise(done => late.on('exit', done))
  const tools = join(made.folder, '..', 'tools')
  slurm = join(made.folder, '..', 'slurm')
  mkdirSync(tools)
  const prints = { sinfo: 'main*|up|1:00:00|1/0/1/2|1/0/1/2|1000|(null)\ngpu|up|infinite|1/1/0/2|32/32/0/64|515000|gpu:a100:4(S:0-1)\n', squeue: '4711_[3-9%2]|gpu|PENDING|0:00|12:00:00|8|30G|1|N/A|Priority|tomograd-trials\n4711_0|gpu|RUNNING|1:02:03|12:00:00|8|30G|1|N/A|None|tomograd-trials\n', scontrol: 'NodeName=n1 AllocMem=300 FreeMem=600 Partitions=main\n' }
  // What submits and follows jobs asks the stand-in of the other tests; what the page shows of partitions and queue is fixed.
  const fake = name => `exec ${fileURLToPath(new URL('../../../tests/support/fake_slurm.sh', import.meta.url))} ${slurm} ${name} "$@"`
  mkdirSync(slurm)
  const tool = (name, text) => (writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`), chmodSync(join(tools, name), 0o755))
  for (const [name, lines] of Object.entries(prints)) tool(name, `case "$*" in *--jobs=*|*%k*|*'show config'*) ${fake(name)};; esac\ncat <<'LINES'\n${lines}LINES`)
  for (const name of ['sbatch', 'sacct', 'scancel']) tool(name, fake(name))
  process.env.PATH = tools + delimiter + process.env.PATH
  server = await study.serve(made.folder)
  tab = await browse(new URL('/', server.link).href)
  await tab.page.goto(server.link)
})
after(async () => {
  await tab?.close()
  await server?.stop()
  made?.remove()
})

const asked = path => tab.page.evaluate(async at => (await fetch(at)).json(), `api/${path}`)
const experiment = async name => (await asked('experiments')).experiments.find(one => one.name === name)
const cells = async (table, words) => (await tab.page.getByRole('table', { name: table }).locator('tbody tr').filter({ hasText: words }).first().getByRole('cell').allInnerTexts()).map(text => text.replace(/\s+/g, ' ').trim())
const dollars = v => (Math.abs(v) < 10 ? v.toFixed(2) : String(Math.round(v)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')) + ' $'

test('partitions and queue are those of the API', { skip }, async () => {
  await tab.go('cluster')
  await tab.page.getByRole('table', { name: 'Partitions' }).waitFor()
  const { slurm } = await asked('cluster')
  for (const one of slurm.partitions) {
    const [name, state, nodes, cores, , , , gpus] = await cells('Partitions', one.name)
    assert.deepEqual([name.split(' ')[0], state, nodes.split(' · ')[0], cores.split(' · ')[0], gpus], [one.name, one.state, `${one.nodes.allocated} / ${one.nodes.total}`, `${one.cpus.allocated} / ${one.cpus.total}`, one.gpus ? String(one.gpus) : '–'])
  }
  assert.equal(slurm.queue.length, 2)
  assert.deepEqual((await cells('Queue', 'pending')).slice(0, 7), ['4711', 'tomograd-trials', 'gpu', 'pending', 'priority', '3-9%2', '0 s / 12 h'])
  assert.equal((await cells('Queue', 'running'))[6], '62 min / 12 h')
})

test('what waits has its booked hours', { skip }, async () => {
  await tab.go('cluster')
  await tab.page.getByRole('table', { name: 'Waiting' }).waitFor()
  const { waiting } = await asked('cluster')
  assert.deepEqual(waiting.map(one => one.name), ['at-night'])
  assert.equal(waiting[0].between, between)
  assert.equal(waiting[0].workers, 2)
  assert.ok(!waiting[0].open && waiting[0].opens_in_seconds > 6000 && waiting[0].opens_in_seconds <= 7200)
  const shown = await cells('Waiting', 'at-night')
  assert.equal(shown[2], '3')
  assert.equal(shown[5], '2')
  assert.match(shown[9], new RegExp(`^${between} opens in (1 h 5\\d min|2 h)$`))
  assert.match(shown[10], new RegExp(`^tomograd experiment resume .*/at-night --between ${between}$`))
})

test('money of trials adds up to what is spent', { skip }, async () => {
  const one = await experiment('which-rate'), free = await experiment('free')
  assert.equal(one.cap, 5000)
  assert.equal(free.spent, null)
  await tab.go('experiments')
  await tab.page.getByRole('link', { name: 'which-rate', exact: true }).waitFor()
  await tab.page.waitForFunction(text => document.body.innerText.replace(/\s+/g, ' ').includes(text), `${dollars(one.spent)} / ${dollars(5000)}`)
  await tab.go(`experiments/${one.id}/trials`)
  await tab.page.getByRole('table', { name: 'Trials' }).waitFor()
  const table = await asked(`experiments/${one.id}/trials`)
  const at = table.columns.findIndex(column => column.key === 'cost')
  const sum = table.rows.reduce((all, row) => all + row[at], 0)
  assert.ok(Math.abs(sum - one.spent) < 1e-6 * one.spent, `${sum} and ${one.spent}`)
  const shown = (await tab.page.locator('.table-body [role=cell]').allInnerTexts()).map(text => text.replace(/\s+/g, ' ').trim())
  for (const row of table.rows) assert.ok(shown.includes(dollars(row[at])), `${dollars(row[at])} is not shown`)
  await tab.go(`experiments/${free.id}/trials`)
  await tab.page.getByRole('table', { name: 'Trials' }).waitFor()
  assert.equal(await tab.page.getByText('$').count(), 0)
})

test('the next trial of a search, and why', { skip }, async () => {
  const one = await experiment('which-rate')
  await tab.go(`experiments/${one.id}/bayesian`)
  await tab.page.getByRole('table', { name: 'Next trials' }).waitFor()
  const next = await asked(`experiments/${one.id}/next`)
  assert.equal(next.results, 10)
  assert.equal(next.proposals.length, 1)
  const [guess] = next.proposals
  assert.equal(guess.basis, 'model')
  const digits = (v, n) => v.toFixed(n).replace('-', '−')
  const shown = await cells('Next trials', 'if it is extended')
  assert.deepEqual([shown[0], shown[4], shown[5], shown[7]], ['next', digits(guess.mean, 4), digits(guess.standard_deviation, 4), digits(guess.model.log_improvement, 2)])
  assert.match(shown[8], /its mean|above the best|near the best/)
  assert.ok(Math.abs(guess.mean - one.best.value) < 0.3, 'the mean is in units of the metric')
})

test('an experiment is started on Slurm from here, on the terms of the page', { skip }, async () => {
  writeFileSync(join(made.folder, 'there.toml'), made.spec('there', '[strategy]\nkind = "sweep"\nseeds = 4\n'))
  await tab.go('experiments')
  const [chooser] = await Promise.all([tab.page.waitForEvent('filechooser'), tab.page.getByRole('button', { name: 'Import TOML' }).click()])
  await chooser.setFiles(join(made.folder, 'there.toml'))
  await tab.page.getByPlaceholder('hn-loo').fill('on-slurm')
  await tab.page.getByLabel('Start on').selectOption('slurm')
  await tab.page.getByLabel('partition').fill('gpu')
  await tab.page.getByLabel('GPUs each').fill('1')
  await tab.page.getByLabel('hours each').fill('2')
  await tab.page.getByLabel('budget', { exact: true }).fill('900')
  await tab.page.getByLabel('priced as').selectOption('g5.xlarge')
  await tab.page.getByText('tomograd experiment run on-slurm.toml --on slurm --instance g5.xlarge --budget 900 --queue gpu --gpus 1 --hours 2').first().waitFor()
  await tab.page.getByRole('button', { name: 'Start', exact: true }).click()
  await tab.page.getByRole('link', { name: 'on-slurm', exact: true }).waitFor()
  const jobs = join(slurm, 'jobs')
  for (let i = 0; i < 100 && !(existsSync(jobs) && readdirSync(jobs).length); ++i) await tab.page.waitForTimeout(100)
  const [job] = readdirSync(jobs)
  const [, name, array, script] = readFileSync(join(jobs, job), 'utf8').trim().split('|')
  assert.match(name, /^tomograd-trials/)
  assert.equal(array.split('%')[0], '0-1')
  const text = readFileSync(script, 'utf8')
  for (const line of [/^#SBATCH --partition=gpu$/m, /^#SBATCH --time=0-02:00:00$/m, /^#SBATCH --gres=gpu:1$/m, /--budget 900.0 --price [0-9.]+$/m]) assert.match(text, line)
  const one = await experiment('on-slurm')
  assert.deepEqual([one.where, one.cap, one.terms.instance, one.trials.total], ['slurm', 900, 'g5.xlarge', 4])
  // Nobody works there: it is ended, and so is the array.
  await tab.go(`experiments/${one.id}/trials`)
  const ended = await tab.page.evaluate(async at => (await fetch(at, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status, `api/experiments/${one.id}/cancel`)
  assert.equal(ended, 200)
  for (let i = 0; i < 300 && (await asked('jobs')).jobs[0].state === 'running'; ++i) await tab.page.waitForTimeout(100)
  assert.deepEqual(readdirSync(jobs), [])
})

test('nothing was asked of another host, and the browser had nothing to complain of', { skip }, () => {
  assert.deepEqual(tab.outside, [])
  assert.deepEqual(tab.complaints, [])
})
