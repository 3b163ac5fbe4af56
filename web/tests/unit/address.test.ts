// What stands in the address comes back as it was: the draft of an experiment, looks and place of the viewer, the parts of axes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftFrom, draftQuery, emptyDraft, sameDraft, saidOf, type Draft } from '../../src/lib/draft_query.ts'
import { lookText, looksFrom, viewFrom, viewText, type Look } from '../../src/lib/look_query.ts'
import { brushFrom, brushText } from '../../src/lib/ranges.ts'
import { parse } from '../../src/router.ts'
import { href } from '../../src/router.ts'

const through = (draft: Draft): Draft | null => draftFrom(parse(href(['new'], { ...draftQuery(draft) })).query)

test('a draft goes through the address', () => {
  const draft: Draft = { name: 'lr', root: 1, spec: { data: 'cohort/dataset.json', strategy: { kind: 'random', trials: 40 }, variable: [{ key: 'optimizer.learning_rate', range: [1e-4, 0.1], scale: 'log', when: { 'model.kind': ['unet', 'a;b=c&d#e'] } }], run: { max_steps: 1000, model: { kind: 'unet' } } } }
  assert.deepEqual(through(draft), draft)
  assert.deepEqual(through({ ...draft, spec: { trial: { command: ['python3', 'x y.py'] }, strategy: {} } })!.spec, { trial: { command: ['python3', 'x y.py'] }, strategy: {} })
})

test('an untouched draft leaves the address empty, and an address without one says nothing', () => {
  assert.equal(href(['new'], { ...draftQuery(emptyDraft) }), '#/new')
  assert.equal(draftFrom(parse('#/new?hours=4').query), null)
  assert.deepEqual(draftFrom(parse('#/new?name=a').query), { ...emptyDraft, name: 'a' })
})

test('what is read from an address is written as the same', () => {
  for (const text of ['#/new?spec=strategy.kind=sweep', '#/new?spec=nonsense', '#/new?root=-3&name=x', '#/new?spec=run=x.toml;strategy=']) {
    const said = draftQuery(draftFrom(parse(text).query)!)
    const again = parse(href(['new'], { ...said })).query
    assert.ok(sameDraft(said, saidOf(again)), text)
    const read = draftFrom(again)
    if (read) assert.ok(sameDraft(draftQuery(read), said), text)
  }
})

const first = (more: Partial<Look> = {}): Look => ({ shown: true, opacity: 1, map: 'grey', low: 10, high: 700, outline: false, hidden: new Set(), colours: new Map([[1, [0, 114, 178]], [2, [230, 159, 0]]]), ...more })

test('only changed looks are said, and they come back', () => {
  const changed = first({ opacity: 0.3, map: 'heat', low: 12.5, high: 300, outline: true, hidden: new Set([2, 1]), colours: new Map([[1, [255, 0, 128]], [2, [230, 159, 0]]]) })
  const text = lookText([{ id: 'image:T1 ~;', now: changed, first: first() }, { id: 'truth:truth', now: first(), first: first() }])
  assert.ok(!text.includes('truth'))
  assert.deepEqual(looksFrom(text), new Map([['image:T1 ~;', { opacity: 0.3, map: 'heat', low: 12.5, high: 300, outline: true, hidden: new Set([1, 2]), colours: new Map([[1, [255, 0, 128]]]) }]]))
  assert.equal(lookText([{ id: 'a', now: first(), first: first() }]), '')
})

test('looks that nobody wrote change nothing', () => {
  assert.deepEqual(looksFrom('a~opacity=7~map=rainbow~window=1~colours=1:red;%E0%A4%A~opacity=0.5'), new Map([['a', { colours: new Map() }]]))
})

test('zoom and place', () => {
  assert.equal(viewText(1, [12, 48, 48], [12, 48, 48]), '')
  assert.deepEqual(viewFrom(viewText(2.5, [12, 40.26, 48], [12, 48, 48])), [2.5, 12, 40.3, 48])
  for (const text of ['', '1,2,3', '0,1,1,1', 'a,b,c,d']) assert.equal(viewFrom(text), null)
})

test('parts of axes', () => {
  assert.deepEqual(brushFrom(brushText({ 0: [0.1, 0.45], 2: [0.5, 1] })), { 0: [0.1, 0.45], 2: [0.5, 1] })
  assert.deepEqual(brushFrom('0:0.9-0.1,x:0-1'), {})
})
