import assert from 'node:assert/strict'
import { test } from 'node:test'
import { windowParts } from '../../src/lib/booking.ts'
import { reasonOf } from '../../src/lib/proposal_text.ts'
import { slurmWord } from '../../src/lib/slurm_text.ts'
import type { Proposal } from '../../src/api/types.ts'

test('booked hours over midnight are two stretches of the day', () => {
  assert.deepEqual(windowParts('09:30-17:00'), [[570, 1020]])
  assert.deepEqual(windowParts('19:00-07:00'), [[0, 420], [1140, 1440]])
  assert.deepEqual(windowParts('19:00-00:00'), [[1140, 1440]])
  for (const none of ['', '19-7', '19:00-19:00']) assert.deepEqual(windowParts(none), [])
})

test('words of Slurm are told as people say them', () => {
  assert.equal(slurmWord('PENDING'), 'pending')
  assert.equal(slurmWord('NODE_FAIL'), 'node fail')
  assert.equal(slurmWord('JobArrayTaskLimit'), 'job array task limit')
  assert.equal(slurmWord('QOSMaxCpuPerUserLimit'), 'QOS max cpu per user limit')
  assert.equal(slurmWord('(Nodes required for job are DOWN)'), '(Nodes required for job are DOWN)')
})

test('why a proposal was made is told by its own numbers', () => {
  const one = (mean: number, more: Partial<Proposal> = {}): Proposal => ({ proposal: 9, trial: 9, state: 'waiting', settings: {}, basis: 'model', model: { mean, standard_deviation: 0.4, best: 1.6, log_improvement: -2 }, ...more })
  assert.equal(reasonOf(one(1.1)), 'the best lies 1.3 deviations above its mean')
  assert.equal(reasonOf(one(1.7)), 'its mean is above the best')
  assert.equal(reasonOf(one(1.59)), 'its mean is near the best')
  assert.equal(reasonOf(one(1.1, { exploits: true })), 'taken for its mean, since others run: the best lies 1.3 deviations above its mean')
  assert.equal(reasonOf(one(1, { basis: 'quasi-random', model: undefined })), 'spread over the space: there is no model yet')
  assert.equal(reasonOf(one(1, { model: { mean: null, standard_deviation: 1, best: 1, log_improvement: null } })), '')
})
