// Writes docs/images/*.png: the page of `tomograd serve` on a phantom cohort. The trials are trial.mjs, whose scores are made up and whose
// predictions are the truth pushed aside: the pictures show the page, not a result. usage: npm run shots [-- NAME...]
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { palettePng } from './palette_png.mjs'
import { browse, program } from './support.mjs'
import * as study from './study.mjs'

const lacks = program ? study.lacks : 'there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one'
if (lacks) throw new Error(lacks)
const out = fileURLToPath(new URL('../../../docs/images/', import.meta.url))
mkdirSync(out, { recursive: true })
const wanted = process.argv.slice(2)

const made = study.makeStudy(['--patients', '6', '--size', '30,128,128', '--seed', '3'])
let server, tab
try {
  made.experiment('which-channel', study.strategies.leaveOneOut)
  made.experiment('which-rate', study.strategies.search('bayesian', 24))
  made.experiment('which-optimizer', '[strategy]\nkind = "sweep"\n[[variable]]\nkey = "rate"\nvalues = [0.0003, 0.001, 0.003, 0.01, 0.03]\n[[variable]]\nkey = "filters"\nvalues = [8, 16, 32]\n')
  server = await study.serve(made.folder)
  tab = await browse(new URL('/', server.link).href)
  const { page } = tab
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(server.link)
  await page.getByRole('link', { name: 'which-channel', exact: true }).waitFor()

  const get = path => page.evaluate(async at => (await fetch('api/' + at)).json(), path)
  const { experiments } = await get('experiments')
  const id = name => experiments.find(one => one.name === name).id
  const dataset = (await get('datasets')).datasets[0].id
  const loo = await get(`experiments/${id('which-channel')}/leave-one-out`)
  // A patient's case whose tumour is large, the cross-hair in it, and the trials with all channels and without T2*.
  const { cases } = await get(`datasets/${dataset}`)
  const counts = await Promise.all(cases.map(async one => ({ ...one, voxels: (await get(`datasets/${dataset}/labels?case=${one.index}`)).voxels })))
  const one = counts.sort((a, b) => (b.voxels[1] ?? 0) * ((b.voxels[2] ?? 0) > 0) - (a.voxels[1] ?? 0) * ((a.voxels[2] ?? 0) > 0))[0]
  const patient = loo.matrix.patients.indexOf(one.patient)
  const trials = [loo.matrix.baseline_trials[patient][0], loo.matrix.trials[loo.matrix.channels.indexOf('T2star')][patient][0]]
  const at = await centre(page, one)
  const viewer = (rest = '') => `viewer?dataset=${dataset}&case=${one.index}&at=${at}${rest}`
  const result = n => `&result=${trials.slice(0, n).map(trial => `${id('which-channel')}:${trial}`).join(',')}`
  const drawn = () => page.waitForTimeout(4000)            // tiles arrive, and WebGL runs in software

  const ends = async () => {                               // a run of 2000 steps, tested in three folds
    await page.getByPlaceholder(/^Search \d+ fields/).fill('steps')
    await page.getByLabel('max_steps', { exact: true }).first().fill('2000')
    await page.getByPlaceholder(/^Search \d+ fields/).fill('')
    await page.getByLabel('folds', { exact: true }).fill('3')
  }
  const views = {
    experiments: ['experiments', () => page.getByText('48/48').waitFor(), { height: 360 }],
    'new-sweep': ['new', async () => {
      await page.getByRole('combobox', { name: /^Data/ }).selectOption('dataset.json')
      await page.getByRole('button', { name: 'Sweep' }).click()
      for (const [i, [key, values]] of [['optimizer.learning_rate', '0.0003, 0.001, 0.003, 0.01'], ['sampling.batch', '1, 2, 4']].entries()) {
        await page.getByRole('button', { name: 'Add variable' }).click()
        await page.getByRole('combobox', { name: 'Field' }).nth(i).fill(key)
        await page.getByLabel('Values', { exact: true }).nth(i).fill(values)
      }
      await ends()
      await page.getByText('36 trials').waitFor()
      await page.getByRole('columnheader', { name: 'on demand' }).waitFor()
    }],
    'new-bayesian': ['new?on=slurm&queue=gpu&gpus=1&each=12&instance=g5.xlarge&budget=900', async () => {
      await page.getByRole('button', { name: 'Clear' }).click()
      await page.getByRole('combobox', { name: /^Data/ }).selectOption('dataset.json')
      await page.getByRole('button', { name: 'Bayesian' }).click()
      await page.getByRole('button', { name: 'Add variable' }).click()
      await page.getByRole('combobox', { name: 'Field' }).fill('optimizer.learning_rate')
      await page.getByRole('button', { name: 'range', exact: true }).click()
      await ends()
      await page.getByPlaceholder('hn-loo').fill('lr-bayes')
      await page.getByRole('columnheader', { name: 'on demand' }).waitFor()
    }, { height: 1250 }],
    trials: [`experiments/${id('which-optimizer')}/trials?trial=8&select=7-9`, () => page.getByText('15 trials').waitFor()],
    bayesian: [`experiments/${id('which-rate')}/bayesian`, () => page.getByRole('heading', { name: 'Uncertainty', exact: true }).waitFor(), { height: 1180 }],
    'leave-one-out': [`experiments/${id('which-channel')}/leave-one-out`, () => page.getByRole('heading', { name: 'Difference per patient' }).waitFor(), { height: 1180 }],
    'designer-deepmedic': ['designer?a=kind=deepmedic;in_channels=7;out_channels=3&patch=57,57,57', async () => {
      await page.getByText('concat').first().waitFor()
      await page.getByRole('button', { name: 'whole' }).click()
    }, { height: 900 }],
    'designer-blocks': ['designer?a=kind=unet&patch=64,64,64', async () => {
      await page.getByRole('button', { name: 'blocks', exact: true }).click()
      await page.getByRole('option', { name: 'join1' }).click()
      await page.locator('.diagram').getByText('concat').first().waitFor()
    }, { height: 900 }],
    data: [`data/${dataset}?validation=P02&test=P01`, async () => {
      await page.getByRole('columnheader', { name: 'T2star' }).waitFor()
      await page.getByLabel('patch', { exact: true }).fill('16,48,48')
      await page.getByRole('button', { name: 'Preview 200 patches' }).click()
      await page.getByRole('heading', { name: 'Patch centres' }).waitFor()
    }, { height: 1900 }],
    'viewer-planes': [viewer(result(1)), drawn],
    'viewer-labels': [viewer('&mode=5'), drawn],
    'viewer-montage': [viewer('&mode=6'), drawn],
    'viewer-compare': [viewer(result(2) + '&mode=7'), drawn],
  }
  for (const [name, [hash, ready, { height = 800 } = {}]] of Object.entries(views)) {
    if (wanted.length && !wanted.includes(name)) continue
    await page.setViewportSize({ width: 1280, height })
    await tab.go(hash)
    await ready()
    await page.mouse.move(2, 2)
    await page.evaluate(() => { document.activeElement?.blur(); for (const one of document.querySelectorAll('.columns > *')) one.scrollTop = 0 })
    await page.waitForTimeout(900)
    assert.deepEqual(await page.locator('.failure').allTextContents(), [], name)
    await page.evaluate(hideMachine, hostname())
    const picture = palettePng(await page.screenshot())
    assert.ok(picture.length < 300_000, `${name} has ${picture.length} bytes`)
    writeFileSync(`${out}${name}.png`, picture)
    console.log(`docs/images/${name}.png ${Math.round(picture.length / 1000)} kB`)
  }
} finally {
  await tab?.close()
  await server?.stop()
  made.remove()
}

// Workers are called after the machine they run on; a picture for everybody does not say it.
function hideMachine(name) {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) node.data = node.data.replace(new RegExp(name.replace(/[.\\-]/g, '\\$&') + '-\\d+-[0-9a-f]+(-\\d+)?', 'g'), 'node1-4711-1a2b3c')
}

// z,y,x in the middle of the first class, from its middle slices.
async function centre(page, { label, shape_zyx: shape }) {
  return page.evaluate(async ({ volume, shape }) => {
    const sums = [0, 0, 0]
    let n = 0
    for (let z = 0; z < shape[0]; z++) {
      const data = new Uint16Array(await (await fetch(`api/volumes/${volume}/plane?axis=z&index=${z}&as=raw16&low=0&high=65535`)).arrayBuffer())
      data.forEach((v, i) => v === 1 && (n++, (sums[0] += z), (sums[1] += Math.floor(i / shape[2])), (sums[2] += i % shape[2])))
    }
    return sums.map(sum => Math.round(sum / n)).join(',')
  }, { volume: label.volume, shape })
}
