// The page against `tomograd serve` itself: a phantom cohort and two small experiments whose trials are a script, no network trained.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { browse, program } from './support.mjs'
import * as study from './study.mjs'

const skip = (!program ? 'there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one' : study.lacks) || false
if (skip && process.env.TOMOGRAD_NO_SKIP) throw new Error(skip)

let made, server, tab
before(async () => {
  if (skip) return
  made = study.makeStudy(['--patients', '5', '--size', '24', '72', '80'])
  made.experiment('which-channel', study.strategies.leaveOneOut)
  made.experiment('which-rate', study.strategies.search('random', 12))
  server = await study.serve(made.folder)
  tab = await browse(new URL('/', server.link).href)
  await tab.page.goto(server.link)
})
after(async () => {
  await tab?.close()
  await server?.stop()
  made?.remove()
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

test('the report’s figures are drawn by the server', { skip }, async () => {
  await open('which-channel')
  await tab.page.locator('.tabs').getByRole('link', { name: 'Report', exact: true }).click()
  const pictures = tab.page.locator('.figures img')
  await pictures.first().waitFor()
  for (let i = 0; i < await pictures.count(); i++) {
    await pictures.nth(i).scrollIntoViewIfNeeded()
    await tab.page.waitForFunction(k => { const one = document.querySelectorAll('.figures img')[k]; return one.complete && one.naturalWidth > 100 }, i)
  }
  assert.ok(await pictures.count() >= 4)
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
  writeFileSync(join(made.folder, 'mine.toml'), made.spec('mine', '[strategy]\nkind = "sweep"\n[[variable]]\nkey = "rate"\nvalues = [0.001, 0.01]\n'))
  await tab.go('experiments')
  const [chooser] = await Promise.all([tab.page.waitForEvent('filechooser'), tab.page.getByRole('button', { name: 'Import TOML' }).click()])
  await chooser.setFiles(join(made.folder, 'mine.toml'))
  await tab.page.getByText('The trial is a program of its own').waitFor()
  await tab.page.getByText('2 rate = 2 trials').waitFor()
  await tab.page.getByPlaceholder('hn-loo').fill('mine-too')
  await tab.page.getByRole('button', { name: 'Start', exact: true }).click()
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

test('a network is built block by block', { skip }, async () => {
  await tab.go('designer?a=kind=unet&patch=64,64,64')
  await tab.page.getByRole('button', { name: 'blocks', exact: true }).click()
  const list = tab.page.getByRole('listbox', { name: 'Blocks' })
  const settled = async blocks => {
    await tab.page.waitForFunction(n => document.querySelectorAll('.block-list [role=option]').length === n, blocks)
    await tab.page.waitForLoadState('networkidle')
    await tab.page.waitForTimeout(400)
    assert.deepEqual(await tab.page.locator('.failure').allTextContents(), [])
  }
  await settled(14)
  await list.getByRole('option', { name: 'bridge' }).click()
  await tab.page.getByLabel('Add a block').selectOption('conv')
  await settled(15)
  await tab.page.getByLabel('channels', { exact: true }).fill('48')
  await tab.page.getByLabel('name', { exact: true }).fill('wider')
  await tab.page.keyboard.press('Enter')
  await tab.page.locator('.diagram').getByText('48 x').first().waitFor()
  await tab.page.getByRole('button', { name: 'Duplicate' }).click()
  await settled(16)
  await tab.page.getByRole('button', { name: 'Delete' }).click()
  await settled(15)
  await tab.page.locator('.diagram [role=button]').filter({ hasText: 'concat' }).first().click()
  await tab.page.locator('.block-list [aria-selected=true]').waitFor()
  await tab.page.getByLabel('Begin with').selectOption('two paths')
  await tab.page.getByLabel('Patch Z, Y, X').fill('57')
  await settled(15)
  await tab.page.locator('.diagram').getByText('concat').first().waitFor()
  await tab.page.goBack()
  await list.getByRole('option', { name: 'wider' }).waitFor()
})

test('where the patches of a run would fall', { skip }, async () => {
  await tab.go('data')
  await tab.page.getByLabel('patch', { exact: true }).fill('16, 32, 32')
  await tab.page.getByRole('button', { name: 'Preview 200 patches' }).click()
  await tab.page.getByRole('heading', { name: 'Patch centres' }).waitFor()
  assert.ok(await tab.page.locator('figure:has-text("Patch centres") circle').count() > 30)
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

test('two trials’ predictions are laid over a case and compared', { skip }, async () => {
  await tab.go('viewer')
  const lay = async label => {
    await tab.page.getByLabel('Experiment whose result is laid over').selectOption({ label: 'which-channel' })
    const trials = tab.page.getByLabel('Trial whose result is laid over')
    await trials.waitFor()
    await trials.selectOption(await trials.locator('option').filter({ hasText: label }).first().getAttribute('value'))
  }
  await lay('all channels')
  await tab.page.getByText(/^trial \d+ − truth$/).waitFor()
  await lay('without T2star')
  await tab.page.getByRole('heading', { name: /^Trial \d+$/ }).nth(1).waitFor()
  await tab.page.keyboard.press('7')
  await tab.page.locator('.stage.two .pane canvas').nth(1).waitFor()
  assert.match((await tab.page.locator('.stage.two .mark.name').allTextContents()).join(), /^trial \d+,trial \d+$/)
  assert.equal(await tab.page.locator('.failure').count(), 0)
})

test('nothing was asked of another host, and the browser had nothing to complain of', { skip }, () => {
  assert.deepEqual(tab.outside, [])
  assert.deepEqual(tab.complaints.filter(text => !/422|WebGL|swiftshader|GPU stall|GL Driver|willReadFrequently/i.test(text)), [])
})
