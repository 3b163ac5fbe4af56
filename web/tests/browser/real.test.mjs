// The page against `tomograd serve` itself: a phantom cohort and two small experiments whose trials are a script, no network trained.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { browse, program } from './support.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const tomograd = process.env.TOMOGRAD ?? here('../../../build/tomograd')
const lacks = !program ? 'there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one' : !existsSync(tomograd) ? `there is no ${tomograd}; make build, or name it by TOMOGRAD` : ''
const skip = lacks || false
if (skip && process.env.TOMOGRAD_NO_SKIP) throw new Error(skip)

let folder, server, tab
const run = (...words) => execFileSync(tomograd, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })

before(async () => {
  if (skip) return
  folder = mkdtempSync(join(tmpdir(), 'tomograd-page-'))
  run('phantom', 'head-neck', 'cohort', '--patients', '5', '--size', '24', '72', '80')
  run('import', 'cohort', '--filter', 'normalization', '--label-name', '1=GTV-T', '--label-name', '2=GTV-Ln', '--out', 'dataset.json')
  const spec = (name, rest) => writeFileSync(join(folder, name + '.toml'), `format = "tomograd.experiment/1"\nname = "${name}"\ndata = "dataset.json"\nworkers = 2\n[trial]\ncommand = ["${process.execPath}", "${here('trial.mjs')}"]\n${rest}`)
  spec('which-channel', '[strategy]\nkind = "leave-one-out"\n')
  spec('which-rate', '[strategy]\nkind = "random"\ntrials = 12\n[[variable]]\nkey = "rate"\nrange = [1e-4, 1e-1]\nscale = "log"\n[[variable]]\nkey = "filters"\nvalues = [8, 16, 32]\n')
  run('experiment', 'run', 'which-channel.toml')
  run('experiment', 'run', 'which-rate.toml')
  server = spawn(tomograd, ['serve', '.', '--port', '0', '--page', here('../../dist'), '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const { link } = await new Promise((resolve, reject) => {
    let said = '', complained = ''
    server.stderr.on('data', part => (complained += part))
    server.on('exit', code => reject(new Error(`tomograd serve ended with ${code}: ${complained}`)))
    server.stdout.on('data', part => {
      said += part
      try { resolve(JSON.parse(said)) } catch { /* not whole yet */ }
    })
  })
  tab = await browse(new URL('/', link).href)
  await tab.page.goto(link)
})
after(async () => {
  await tab?.close()
  if (server?.exitCode === null) { server.removeAllListeners('exit'); server.kill('SIGTERM'); await new Promise(done => server.on('exit', done)) }
  if (folder) rmSync(folder, { recursive: true, force: true })
})
const open = async name => {
  await tab.go('experiments')
  await tab.page.getByRole('link', { name, exact: true }).click()
}

test('the link opens the list', { skip }, async () => {
  await tab.page.getByRole('link', { name: 'which-channel', exact: true }).waitFor()
  await tab.page.getByText('40/40').waitFor()
  assert.ok(!tab.page.url().includes('token'))
})

test('tabs of a leave-one-out', { skip }, async () => {
  await open('which-channel')
  await tab.page.getByText('40 trials').waitFor()
  for (const [name, text] of [['Curves', 'loss'], ['Leave-one-out', 'Paired difference to all channels'], ['Timeline', 'Drag to zoom'], ['Report', 'Channels'], ['Spec', 'Differs from the defaults'], ['Log', 'newest events']]) {
    await tab.page.locator('.tabs').getByRole('link', { name, exact: true }).click()
    await tab.page.getByText(text).first().waitFor()
    assert.equal(await tab.page.locator('.failure').count(), 0, name)
  }
})

test('tabs of a search', { skip }, async () => {
  await open('which-rate')
  await tab.page.locator('.tabs').getByRole('link', { name: 'Search' }).click()
  for (const title of ['Best so far', 'Importance of variables', 'Uncertainty', 'Parallel coordinates']) await tab.page.getByRole('heading', { name: title, exact: true }).waitFor()
})

test('a trial and a note on it', { skip }, async () => {
  await open('which-channel')
  await tab.page.locator('.table-body').getByRole('link', { name: '7', exact: true }).click()
  await tab.page.getByText('GTV-Ln').waitFor()
  await tab.page.getByLabel('Note', { exact: true }).fill('looks odd')
  await tab.page.keyboard.press('Enter')
  await tab.page.getByText('looks odd').waitFor()
})

test('a new experiment is planned by the server', { skip }, async () => {
  await tab.go('new')
  await tab.page.getByRole('combobox', { name: /^Data/ }).selectOption('dataset.json')
  await tab.page.getByPlaceholder(/^Search \d+ fields/).fill('max_steps')
  await tab.page.getByLabel('max_steps', { exact: true }).first().fill('100')
  await tab.page.getByText('8 channel sets × 5 patients = 40 trials').waitFor()
  await tab.page.getByRole('columnheader', { name: 'on demand' }).waitFor()
})

test('an experiment from a file is started, and appears when it runs', { skip }, async () => {
  writeFileSync(join(folder, 'mine.toml'), `format = "tomograd.experiment/1"\nname = "mine"\ndata = "dataset.json"\n[trial]\ncommand = ["${process.execPath}", "${here('trial.mjs')}"]\n[strategy]\nkind = "sweep"\n[[variable]]\nkey = "rate"\nvalues = [0.001, 0.01]\n`)
  await tab.go('experiments')
  const [chooser] = await Promise.all([tab.page.waitForEvent('filechooser'), tab.page.getByRole('button', { name: 'Import TOML' }).click()])
  await chooser.setFiles(join(folder, 'mine.toml'))
  await tab.page.getByText('The trial is a program of its own').waitFor()
  await tab.page.getByText('2 rate = 2 trials').waitFor()
  await tab.page.getByPlaceholder('hn-loo').fill('mine-too')
  await tab.page.getByRole('button', { name: 'Start on this machine' }).click()
  await tab.page.getByRole('link', { name: 'mine-too', exact: true }).waitFor()
  await tab.page.getByText('2/2').waitFor()
})

test('the designer draws every kind of network', { skip }, async () => {
  for (const kind of ['unet', 'deepmedic', 'msd', 'skip']) {
    await tab.go(`designer?a=kind=${kind}&patch=64,64,64`)
    await tab.page.waitForFunction(() => document.querySelectorAll('.diagram svg rect').length > 0 || document.querySelector('.failure'))
    const failure = await tab.page.locator('.failure').allTextContents()
    if (kind !== 'deepmedic') assert.deepEqual(failure, [], kind)
  }
})

test('the dataset, and a case in the viewer', { skip }, async () => {
  await tab.go('data')
  await tab.page.getByRole('columnheader', { name: 'T2star' }).waitFor()
  await tab.page.getByRole('button', { name: 'Check all grids' }).click()
  await tab.page.locator('table a').first().click()
  const lit = view => tab.page.waitForFunction(of => { const canvas = document.querySelector(`.pane[data-view=${of}] canvas`); const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data; return data && data.some((v, i) => i % 4 === 0 && v > 60) }, view)
  for (const view of ['axial', 'coronal', 'sagittal']) await lit(view)
  assert.deepEqual(await tab.page.locator('.pane[data-view=coronal] .mark:not(.name):not(.place)').allTextContents(), ['R', 'L', 'S', 'I'])
  await tab.page.keyboard.press('5')
  await tab.page.locator('canvas[aria-label="3-D view"]').waitFor()
  await tab.page.waitForTimeout(3000)
  assert.equal(await tab.page.locator('.failure').count(), 0)
})

test('nothing was asked of another host, and the browser had nothing to complain of', { skip }, () => {
  assert.deepEqual(tab.outside, [])
  assert.deepEqual(tab.complaints.filter(text => !/422|WebGL|swiftshader|GPU stall|GL Driver|willReadFrequently/i.test(text)), [])
})
