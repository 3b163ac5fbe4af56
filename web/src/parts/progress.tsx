// How far an experiment is: one bar of its trials by state.
import type { TrialCounts } from '../api/types.ts'
import { stateColour } from '../lib/colour.ts'
import { percent } from '../lib/format.ts'
import { tip } from './tip.tsx'

const order = ['complete', 'pruned', 'failed', 'cancelled', 'running', 'preempted'] as const

export function TrialBar({ counts, total }: { counts: TrialCounts; total: number }) {
  const all = Math.max(total, counts.total, 1)
  const lines = [...order, 'waiting' as const].filter(state => counts[state] > 0).map(state => `${counts[state]} ${state}`)
  return (
    <span class="progress" role="img" {...tip(...lines)}>
      {order.map(state => counts[state] > 0 && <i key={state} style={{ width: percent(counts[state] / all, 2).replace(/\s/g, ''), background: stateColour[state] }} />)}
    </span>
  )
}

export const over = (counts: TrialCounts): number => counts.complete + counts.pruned + counts.failed + counts.cancelled

export const State = ({ state, say }: { state: string; say?: string }) => (
  <span class="badge" title={say}><i class="swatch" style={{ background: stateColour[{ done: 'complete', stopped: 'preempted', stopping: 'preempted', unreadable: 'failed' }[state] ?? state] ?? '#999999' }} />{state}</span>
)
