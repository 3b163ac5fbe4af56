import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classScores, measureName, otherMetrics, trialClasses } from '../../src/lib/case_metrics.ts'
import { changes, flatten, get, merged, same, set, type Table } from '../../src/lib/dotted.ts'
import { belongs } from '../../src/lib/model_fields.ts'
import { termsBody, termsOptions, wrongTerm, type Terms } from '../../src/lib/run_terms.ts'
import { defaultsOf, fieldsOf, rangeSentence, wrong } from '../../src/lib/schema.ts'
import { specFrom, specText } from '../../src/lib/spec_query.ts'
import { runWith, subsets, subsetToml } from '../../src/lib/subset.ts'
import { factors, factorText, product } from '../../src/lib/trial_count.ts'
import { firstRange, withCondition } from '../../src/lib/variables.ts'
import { parseValue, parseValues, splitList, valueText } from '../../src/lib/value_text.ts'

const schema: Table = {
  type: 'object',
  properties: {
    seed: { type: 'integer', default: 1, minimum: 0, description: 'seed', 'x-order': 1 },
    format: { type: 'string', default: 'a/1', description: 'kind', 'x-order': 0 },
    sampling: { type: 'object', 'x-order': 2, properties: { patch: { type: ['array', 'integer'], 'x-kind': 'extent', default: [64, 64, 64], items: { type: 'integer', minimum: 1 }, 'x-unit': 'voxels' } } },
    optimizer: { type: 'object', 'x-order': 3, properties: { kind: { type: 'string', enum: ['sgd', 'adam'], default: 'adam' }, rates: { type: 'array', items: { type: 'number', minimum: 0, maximum: 1 }, default: [] } } },
  },
}

test('fields of a schema, in their order', () => {
  const fields = fieldsOf(schema)
  assert.deepEqual(fields.map(field => field.path), ['format', 'seed', 'sampling.patch', 'optimizer.kind', 'optimizer.rates'])
  assert.deepEqual(fields.map(field => field.kind), ['text', 'integer', 'extent', 'choice', 'list'])
  assert.equal(rangeSentence(fields[2]), 'at least 1 voxels')
  assert.deepEqual(defaultsOf(schema).sampling, { patch: [64, 64, 64] })
})

test('wrong values are told', () => {
  const [, seed, patch, kind, rates] = fieldsOf(schema)
  assert.equal(wrong(seed, 3), '')
  assert.match(wrong(seed, -1), /-1 is outside at least 0/)
  assert.match(wrong(seed, 1.5), /not a whole number/)
  assert.match(wrong(seed, 'x'), /not a number/)
  assert.equal(wrong(patch, [64, 64, 32]), '')
  assert.match(wrong(patch, [64, 64]), /three: Z, Y, X/)
  assert.match(wrong(kind, 'rmsprop'), /one of sgd, adam/)
  assert.match(wrong(rates, [0.5, 2]), /2 is outside 0 to 1/)
})

test('dotted keys', () => {
  const tree: Table = { a: { b: 1 } }
  assert.equal(get(set(tree, 'a.c.d', 2), 'a.c.d'), 2)
  assert.deepEqual(set(tree, 'a.b', undefined), {})
  assert.deepEqual(tree, { a: { b: 1 } })
  assert.deepEqual(flatten({ a: { b: [1] }, c: 2 }), [['a.b', [1]], ['c', 2]])
  assert.deepEqual(changes({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }), { a: { c: 2 } })
  assert.deepEqual(merged({ a: { b: 1 } }, { a: { c: 2 } }), { a: { b: 1, c: 2 } })
  assert.ok(same({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }))
  assert.ok(!same([1], [1, 2]))
})

test('typed values', () => {
  assert.equal(parseValue('1e-3'), 0.001)
  assert.equal(parseValue('true'), true)
  assert.equal(parseValue('"12"'), '12')
  assert.deepEqual(parseValue('[1, 2]'), [1, 2])
  assert.deepEqual(parseValues('8, [1,2], adam'), [8, [1, 2], 'adam'])
  assert.deepEqual(splitList('a, "b, c",, d'), ['a', '"b, c"', 'd'])
  assert.deepEqual(parseValues(valueText([0.0001, 2, 'x'])), [0.0001, 2, 'x'])
})

test('a spec in an address comes back', () => {
  const spec: Table = { kind: 'unet', family: 'nnunet', channels: [16, 32], deep_supervision: false, sub: { name: 'a;b = c' }, word: 'true' }
  assert.deepEqual(specFrom(specText(spec)), spec)
  assert.deepEqual(specFrom('nonsense;kind=msd;=3'), { kind: 'msd' })
})

test('fields of a network', () => {
  const field = (sentence: string) => ({ ...fieldsOf(schema)[1], path: 'x', sentence })
  assert.ok(belongs(field('unet: channels of the first level'), { kind: 'unet' }))
  assert.ok(!belongs(field('unet: channels of the first level'), { kind: 'msd' }))
  assert.ok(belongs(field('msd, skip: 3 for kernels'), { kind: 'skip' }))
  assert.ok(belongs(field('unet: number of down-samplings; msd: number of layers'), { kind: 'msd' }))
  assert.ok(belongs(field('nnunet: losses at lower resolutions'), { kind: 'unet', family: 'nnunet' }))
  assert.ok(!belongs(field('nnunet: losses at lower resolutions'), { kind: 'unet' }))
  assert.ok(belongs(field('dropout; -1 = the default'), { kind: 'msd' }))
})

test('trials of a plan', () => {
  const data = { channels: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], patients: Array.from({ length: 36 }, (_, i) => String(i)) }
  const loo = factors({ strategy: { kind: 'leave-one-out' } }, data)
  assert.equal(factorText(loo), '8 channel sets × 36 patients')
  assert.equal(product(loo), 288)
  assert.equal(product(factors({ strategy: { kind: 'leave-one-out', channel_pairs: true, folds: 4, seeds: 2 } }, data)), (1 + 7 + 21) * 4 * 2)
  assert.equal(product(factors({ strategy: { kind: 'sweep' }, variable: [{ key: 'a', values: [1, 2, 3] }, { key: 'b', range: [0, 1] }] }, data)), 15)
  assert.equal(product(factors({ strategy: { kind: 'bayesian', trials: 30, seeds: 2 }, variable: [{ key: 'a', range: [0, 1] }] }, data)), 60)
})

test('a run takes over the split of the page, and no data of its own', () => {
  assert.deepEqual(runWith({ data: 'x', seed: 2, validation: { fraction: 0.1 } }, ['b'], []), { format: 'tomograd.run/1', seed: 2, validation: { fraction: 0.1, patients: ['b'] } })
  assert.deepEqual(runWith({}, [], []), { format: 'tomograd.run/1' })
})

test('subsets keep patients together', () => {
  const cases = [{ id: 'a1', patient: 'a' }, { id: 'a2', patient: 'a' }, { id: 'b1', patient: 'b' }, { id: 'c1', patient: 'c' }]
  const parts = subsets(cases, new Set(['b']), new Set(['c', 'b']))
  assert.deepEqual([parts.train.length, parts.validation.length, parts.test.length], [2, 0, 2])
  assert.equal(subsetToml(['b'], []), '[validation]\npatients = ["b"]\n')
})

test('a variable begins with a range that makes sense', () => {
  const field = (more: object) => ({ ...fieldsOf(schema)[1], path: 'x', ...more })
  assert.deepEqual(firstRange(field({ kind: 'number', default: 0.002, low: 0, high: 100 })), { range: [0.0002, 0.02], scale: 'log' })
  assert.deepEqual(firstRange(field({ kind: 'number', default: 0.5, low: 0, high: 1 })), { range: [0.05, 1], scale: 'linear' })
  assert.deepEqual(firstRange(field({ kind: 'integer', default: 2, low: 1, high: 8 })), { range: [1, 8], scale: 'integer' })
  assert.deepEqual(firstRange(undefined), { range: [0, 1], scale: 'linear' })
})

test('conditions of a variable', () => {
  assert.deepEqual(withCondition({ key: 'a' }, 'model.kind = unet; depth = 3, 4'), { key: 'a', when: { 'model.kind': 'unet', depth: [3, 4] } })
  assert.deepEqual(withCondition({ key: 'a', when: { b: 1 } }, 'unfinished ='), { key: 'a' })
})

test('scores per case and class', () => {
  const metrics: Table = { steps: 10, test: [{ case: 'P01-1', patient: 'P01', classes: ['T', 'N'], dice: [0.6, null], hd95_mm: [4, 5] }, { case: 'P02-1', patient: 'P02', classes: ['T', 'N'], dice: [0.5, 0.4] }], without: { T1: { test: [{ case: 'P01-1' }] } } }
  const { measures, rows } = classScores(metrics)
  assert.deepEqual(measures, ['dice', 'hd95_mm'])
  assert.deepEqual(rows.map(row => [row.case, row.class, row.values.dice ?? null, row.values.hd95_mm ?? null]), [['P01-1', 'T', 0.6, 4], ['P01-1', 'N', null, 5], ['P02-1', 'T', 0.5, null], ['P02-1', 'N', 0.4, null]])
  assert.deepEqual(otherMetrics(metrics), { steps: 10 })
  assert.deepEqual(classScores({ dice: 0.7 }).rows, [])
  assert.equal(measureName('hd95_mm'), 'hd95, mm')
})

test('terms are sent as they would be typed', () => {
  const none: Terms = { on: 'local', queue: '', gpus: '', each: '', listen: '', between: '', within: '', instance: '', budget: '' }
  assert.deepEqual(termsBody(none), { on: 'local' })
  assert.equal(termsOptions(none), '')
  const slurm: Terms = { on: 'slurm', queue: "a 'b'", gpus: '0', each: '1.5', listen: '10.0.0.1', between: '19:00-07:00', within: '40', instance: 'g5.xlarge', budget: '900' }
  assert.deepEqual(termsBody(slurm), { on: 'slurm', trial_hours: 40, instance: 'g5.xlarge', budget: 900, between: '19:00-07:00', queue: "a 'b'", hours: 1.5, listen: '10.0.0.1' })
  assert.equal(termsOptions(slurm), " --on slurm --trial-hours 40 --instance g5.xlarge --budget 900 --between 19:00-07:00 --queue 'a '\\''b'\\''' --hours 1.5 --listen 10.0.0.1")
  assert.deepEqual(termsBody({ ...slurm, on: 'local' }), { on: 'local', trial_hours: 40, instance: 'g5.xlarge', budget: 900, between: '19:00-07:00' })
  assert.deepEqual(termsBody({ ...none, budget: '900' }), { on: 'local' })  // a cap means nothing without a price
  assert.equal(wrongTerm({ ...slurm, gpus: 'two' }), 'gpus')
  assert.equal(wrongTerm({ ...slurm, on: 'local', gpus: 'two' }), undefined)
})

test('classes of a trial are those it was scored by', () => {
  assert.deepEqual(trialClasses({ test: [{ case: 'a', classes: ['background', 'whole'], dice: [0.9, 0.7] }, { case: 'b', classes: ['background', 'whole'], dice: [0.9, 0.8] }] }), ['whole'])
  assert.deepEqual(trialClasses({ dice: 0.5 }), [])
})
