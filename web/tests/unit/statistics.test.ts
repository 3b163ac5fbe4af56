import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestSoFar, deviation, mean, median, quantile, smooth, swarm, thin } from '../../src/lib/statistics.ts'

test('quantiles lie between the values', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.equal(quantile([0, 10], 0.25), 2.5)
  assert.ok(Number.isNaN(median([])))
})

test('mean and sample deviation', () => {
  assert.equal(mean([1, 2, 3, 4]), 2.5)
  assert.ok(Math.abs(deviation([1, 2, 3, 4]) - Math.sqrt(5 / 3)) < 1e-12)
  assert.ok(Number.isNaN(deviation([1])))
})

test('smoothing keeps constants from the first value on, and gaps', () => {
  for (const v of smooth([5, 5, 5, 5], 0.9)) assert.ok(Math.abs(v! - 5) < 1e-12)
  assert.deepEqual(smooth([1, null, 3], 0), [1, null, 3])
  const out = smooth([1, null, 3], 0.5)
  assert.equal(out[1], null)
  assert.ok(Math.abs(out[2]! - (0.25 * 1 + 0.5 * 3) / 0.75) < 1e-12)
})

test('best so far goes through gaps', () => assert.deepEqual(bestSoFar([null, 1, 0.5, null, 2]), [null, 1, 1, 1, 2]))

test('thinning means equal parts', () => {
  assert.deepEqual(thin([1, 3, 5, 7], 2), [2, 6])
  assert.equal(thin(Array.from({ length: 1001 }, (_, i) => i), 40).length, 40)
  assert.deepEqual(thin([1, 2], 5), [1, 2])
})

test('dots of a swarm do not touch', () => {
  const values = [10, 11, 12, 13, 40, 41]
  const offsets = swarm(values, 7)
  for (let i = 0; i < values.length; i++)
    for (let j = 0; j < i; j++) if (Math.abs(values[i] - values[j]) < 7) assert.notEqual(offsets[i], offsets[j], `${values[i]} and ${values[j]}`)
  assert.ok(offsets.every(v => Math.abs(v) <= 1))
})
