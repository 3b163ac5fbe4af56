// Which trials of an experiment can be laid over a case: complete ones, those that were tested on its patient first.
import { fixed, isNumber } from './format.ts'
import type { Trials } from '../api/types.ts'

export interface TrialChoice { trial: number; say: string; tested: boolean }

export function trialsFor(trials: Trials, patient: string): TrialChoice[] {
  const at = (key: string) => trials.columns.findIndex(column => column.key === key)
  const [state, test, left] = ['state', 'test_name', 'left_out'].map(at)
  const main = trials.columns.findIndex(column => column.main)
  const choices = trials.rows.filter(row => row[state] === 'complete').map((row): TrialChoice => {
    const named = test >= 0 ? String(row[test] ?? '') : ''
    const without = left >= 0 && row[left] ? `without ${String(row[left])}` : left >= 0 ? 'all channels' : ''
    const value = main >= 0 && isNumber(row[main]) ? `${trials.columns[main].key} ${fixed(row[main], 3)}` : ''
    return { trial: Number(row[0]), say: [`trial ${String(row[0])}`, without, value].filter(Boolean).join(' · '), tested: !named || named.split(/[,\s]+/).includes(patient) }
  })
  return [...choices.filter(one => one.tested), ...choices.filter(one => !one.tested)]
}
