import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trialsFor } from '../../src/lib/case_trials.ts'
import type { Trials } from '../../src/api/types.ts'

const trials = (columns: Trials['columns'], rows: Trials['rows']): Trials => ({ format: 'tomograd.trials/1', version: '', total: rows.length, offset: 0, best_trial: 0, columns, rows })

test('complete trials, those tested on the patient first', () => {
  const columns: Trials['columns'] = [{ key: 'trial', kind: 'trial' }, { key: 'state', kind: 'trial' }, { key: 'left_out', kind: 'design' }, { key: 'test_name', kind: 'design' }, { key: 'dice', kind: 'metric', main: true }]
  const found = trialsFor(trials(columns, [[1, 'complete', '', 'P01', 0.5], [2, 'failed', '', 'P02', null], [3, 'complete', 'T1w', 'P02', 0.25]]), 'P02')
  assert.deepEqual(found, [{ trial: 3, say: 'trial 3 · without T1w · dice 0.250', tested: true }, { trial: 1, say: 'trial 1 · all channels · dice 0.500', tested: false }])
})

test('a search tests all: no trial is another patient’s', () => {
  const found = trialsFor(trials([{ key: 'trial', kind: 'trial' }, { key: 'state', kind: 'trial' }], [[1, 'complete']]), 'P02')
  assert.deepEqual(found, [{ trial: 1, say: 'trial 1', tested: true }])
})
