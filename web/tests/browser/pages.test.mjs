// The page in a browser, against made-up answers: every view is drawn, nothing outside is asked for, and the policy holds.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, program } from './support.mjs'

const skip = program ? false : 'there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one'
if (skip && process.env.TOMOGRAD_NO_SKIP) throw new Error(skip)

let tab
before(async () => { if (!skip) tab = await open() })
after(async () => tab?.close())
const shows = async text => assert.ok(await tab.page.getByText(text).first().isVisible(), `“${text}” is not shown`)

test('experiments are listed, sorted and filtered', { skip }, async () => {
  await tab.go('')
  await tab.page.getByRole('table', { name: 'Experiments' }).waitFor()
  await shows('hn-loo')
  await shows('0.71 ± 0.04')
  await shows('12 failed')
  await tab.page.getByLabel('Filter experiments').fill('bayesian')
  await tab.page.waitForFunction(() => !document.body.textContent.includes('big-sweep'))
  assert.match(tab.page.url(), /filter=bayesian/)
})

test('ten thousand trials: few rows are drawn, the last one can be reached', { skip }, async () => {
  await tab.go('experiments/sweep/trials')
  const table = tab.page.getByRole('table', { name: 'Trials' })
  await table.waitFor()
  assert.ok((await table.getByRole('row').count()) < 80)
  await table.focus()
  await tab.page.keyboard.press('End')
  await tab.page.waitForFunction(() => [...document.querySelectorAll('.table-body [role=cell]')].some(cell => cell.textContent === '10\u2009000'))
  await tab.page.getByRole('button', { name: 'dice', exact: true }).click()
  assert.match(tab.page.url(), /order=dice/)
})

test('a filter with a condition, a selection, its curves', { skip }, async () => {
  await tab.go('experiments/loo/trials')
  await tab.page.getByLabel('Filter trials').fill('left_out=T1ce')
  await tab.page.getByText('12 rows of 96').waitFor()
  await tab.page.getByLabel('Select 25', { exact: true }).click()
  await tab.page.getByLabel('Select 28', { exact: true }).click({ modifiers: ['Shift'] })
  await tab.page.getByText('4 selected').waitFor()
  assert.match(decodeURIComponent(tab.page.url()), /select=25-28/)
  await tab.page.getByRole('link', { name: 'Curves', exact: true }).last().click()
  await tab.page.locator('.uplot').first().waitFor()
  assert.equal(await tab.page.locator('.uplot').count(), 2)
})

test('leave-one-out: four charts, and a cell leads to the viewer', { skip }, async () => {
  await tab.go('experiments/loo/leave-one-out')
  for (const title of ['Leave-one-out training', 'Mean outcome per channel left out', 'Paired difference to all channels', 'Difference per patient']) await tab.page.getByRole('heading', { name: title }).waitFor()
  await shows('further below zero = the channel mattered more')
  await tab.page.getByLabel('P01 without T1ce', { exact: false }).first().click()
  await tab.page.locator('.stage.two .pane canvas').first().waitFor()
  assert.match(tab.page.url(), /viewer\?.*mode=7/)
})

test('charts are saved as SVG, PNG and CSV', { skip }, async () => {
  await tab.go('experiments/loo/leave-one-out')
  await tab.page.getByRole('heading', { name: 'Difference per patient' }).waitFor()
  for (const kind of ['SVG', 'PNG', 'CSV']) {
    const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.page.getByTitle(`Save “Difference per patient” as ${kind}`).click()])
    const { size } = await (await import('node:fs/promises')).stat(await download.path())
    assert.ok(size > 300, `${kind} has ${size} bytes`)
    assert.equal(download.suggestedFilename(), `difference-per-patient.${kind.toLowerCase()}`)
  }
})

test('a search: surface, importance, parallel coordinates, the next trials', { skip }, async () => {
  await tab.go('experiments/bayes/bayesian')
  for (const title of ['Best so far', 'Importance of variables', 'Predicted dice', 'Uncertainty', 'Parallel coordinates', 'Where the search looks now']) await tab.page.getByRole('heading', { name: title, exact: true }).waitFor()
})

for (const [path, text] of [['loo/timeline', 'the node went away'], ['loo/report', 'What this cannot prove'], ['loo/spec', 'Differs from the defaults'], ['loo/log', '200 newest events']])
  test(`tab ${path}`, { skip }, async () => {
    await tab.go(`experiments/${path}`)
    if (path.endsWith('timeline')) await tab.page.locator('.chart rect.hit').first().waitFor()
    else await tab.page.getByText(text).first().waitFor()
  })

test('a new experiment is planned while one types', { skip }, async () => {
  await tab.go('new')
  await tab.page.getByRole('combobox', { name: /^Data/ }).selectOption('cohort/dataset.json')
  await tab.page.getByText('8 channel sets × 12 patients = 96 trials').waitFor()
  await tab.page.getByRole('button', { name: 'Bayesian' }).click()
  await tab.page.getByRole('button', { name: 'Add variable' }).click()
  await tab.page.getByRole('combobox', { name: 'Field' }).fill('optimizer.learning_rate')
  await tab.page.getByRole('button', { name: 'range' }).click()
  await tab.page.getByLabel('Scale').selectOption('log')
  await tab.page.getByText('default 0.002').waitFor()
  const name = tab.page.getByPlaceholder('hn-loo')
  assert.ok(await tab.page.getByRole('button', { name: 'Start on this machine' }).isDisabled())
  await name.fill('lr')
  await tab.page.waitForFunction(() => [...document.querySelectorAll('button')].some(one => one.textContent === 'Start on this machine' && !one.disabled))
})

test('the designer draws, counts, compares and says what is wrong', { skip }, async () => {
  await tab.go('designer')
  await tab.page.locator('.diagram svg rect').first().waitFor()
  await shows('exact tiling halo')
  await tab.page.getByRole('button', { name: 'Compare' }).click()
  await tab.page.getByText('DeepMedic').nth(1).waitFor()
  assert.equal(await tab.page.locator('.diagram svg').count(), 2)
  await tab.go('designer?a=kind=unet;depth=9')
  await tab.page.getByText('a U-Net goes down at most 8 times').waitFor()
})

test('blocks are added, chosen, renamed and deleted; going back undoes', { skip }, async () => {
  await tab.go('designer')
  await tab.page.getByRole('button', { name: 'blocks', exact: true }).click()
  const options = tab.page.locator('.block-list [role=option]')
  await tab.page.waitForFunction(() => document.querySelectorAll('.block-list [role=option]').length === 14)
  await tab.page.keyboard.press('ArrowDown')
  await tab.page.keyboard.press('a')
  await tab.page.waitForFunction(() => document.querySelectorAll('.block-list [role=option]').length === 15)
  assert.match(await options.nth(1).textContent(), /^conv/)
  await tab.page.getByLabel('name', { exact: true }).fill('first')
  await tab.page.keyboard.press('Enter')
  await options.filter({ hasText: 'first' }).waitFor()
  await tab.page.getByLabel('reads, 1').selectOption('input')
  await tab.page.getByText('reads input').waitFor()
  await tab.page.getByLabel('does').selectOption('pool')
  await options.filter({ hasText: 'max pool 2' }).filter({ hasText: 'first' }).waitFor()
  await tab.page.getByRole('button', { name: 'Delete' }).click()
  await tab.page.waitForFunction(() => document.querySelectorAll('.block-list [role=option]').length === 14)
  await tab.page.goBack()
  await tab.page.waitForFunction(() => document.querySelectorAll('.block-list [role=option]').length === 15)
  await tab.page.getByRole('button', { name: 'Use in experiment' }).click()
  await tab.page.getByText('kind = "graph"').waitFor({ state: 'attached' })
  await tab.page.getByRole('button', { name: 'Clear' }).click()
})

test('the viewer shows planes, marks and values; keys choose the mode', { skip }, async () => {
  await tab.go('viewer?dataset=cohort&case=0')
  await tab.page.locator('.stage.planes .pane canvas').first().waitFor()
  assert.deepEqual(await tab.page.locator('.pane[data-view=axial] .mark:not(.name):not(.place)').allTextContents(), ['R', 'L', 'A', 'P'])
  const lit = view => tab.page.waitForFunction(of => { const canvas = document.querySelector(`.pane[data-view=${of}] canvas`); const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data; return data && data.some((v, i) => i % 4 === 0 && v > 60) }, view)
  for (const view of ['axial', 'coronal', 'sagittal']) await lit(view)
  await tab.page.getByText('background').first().waitFor()
  await tab.page.keyboard.press('6')
  await tab.page.waitForFunction(() => document.querySelectorAll('.stage.montage .pane').length === 8)
  await tab.page.keyboard.press('3')
  await lit('coronal')
})

test('3-D needs Niivue and nothing else', { skip }, async () => {
  await tab.go('viewer?dataset=cohort&case=0&mode=5')
  await tab.page.locator('canvas[aria-label="3-D view"]').waitFor()
  await tab.page.waitForTimeout(4000)
  assert.equal(await tab.page.locator('.failure').count(), 0)
})

test('data: what is missing, what differs, a split', { skip }, async () => {
  await tab.go('data')
  await tab.page.getByRole('columnheader', { name: 'ktrans' }).waitFor()
  await tab.page.getByRole('button', { name: 'P03' }).click()
  assert.match(tab.page.url(), /validation=P03/)
  await tab.page.getByRole('button', { name: 'Count voxels' }).click()
  await tab.page.getByText('12 of 12').first().waitFor()
  await tab.page.getByLabel('patch', { exact: true }).fill('16, 64, 64')
  await tab.page.getByRole('button', { name: 'Preview 200 patches' }).click()
  await tab.page.getByText('24.6 %').waitFor()
  await tab.page.getByLabel('patch', { exact: true }).fill('16, 32, 32')
  await tab.page.getByText('Of the settings before').waitFor()
  await tab.page.getByLabel('Case whose patches are shown').selectOption({ label: 'P02-1' })
  await tab.page.locator('figure:has-text("Patch centres") circle').first().click()
  await tab.page.waitForFunction(() => /viewer\?dataset=cohort&case=1&at=\d+,\d+,\d+/.test(location.hash))
})

test('the cluster shows who works', { skip }, async () => {
  await tab.go('cluster')
  await tab.page.getByText('node2-4711-1a2b3c').first().waitFor()
})

test('keys: g and a letter, ?', { skip }, async () => {
  await tab.go('cluster')
  await tab.page.keyboard.press('g')
  await tab.page.keyboard.press('e')
  await tab.page.getByRole('heading', { name: 'Experiments' }).waitFor()
  await tab.page.keyboard.press('?')
  await tab.page.getByRole('dialog').waitFor()
  await tab.page.keyboard.press('Escape')
})

test('what streams in is shown', { skip }, async () => {
  await tab.go('experiments')
  const { experiments } = await import('../mock-data.mjs')
  tab.server.send('experiment', { ...experiments[1], name: 'just-arrived', id: 'new1', created_unix_milliseconds: Date.now() })
  await tab.page.getByText('just-arrived').waitFor()
})

test('nothing was asked of another host, and the browser had nothing to complain of', { skip }, async () => {
  assert.deepEqual(tab.outside, [])
  const expected = /422|WebGL|swiftshader|GPU stall|GL Driver|willReadFrequently/i  // what the tests provoke, and a GPU in software
  assert.deepEqual(tab.complaints.filter(text => !expected.test(text)), [])
})
