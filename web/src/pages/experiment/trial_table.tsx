// Columns of the trials' table, made from what the server says there is.
import type { ComponentChildren } from 'preact'
import type { TrialColumn, Trials } from '../../api/types.ts'
import type { Json } from '../../lib/dotted.ts'
import { bytes, cell, count, duration, fixed, isNumber, money, none, percent, stamp } from '../../lib/format.ts'
import { href, route } from '../../router.ts'
import { State } from '../../parts/progress.tsx'
import type { CellValue, Column } from '../../parts/table_model.ts'
import { TrialSpark } from './trial_spark.tsx'

export type Row = Json[]
export const place = (trials: Trials, key: string): number => trials.columns.findIndex(column => column.key === key)
export const mainColumn = (trials: Trials): TrialColumn | undefined => trials.columns.find(column => column.main)

const heads: Record<string, string> = {
  trial: '#', left_out: 'left out', test_name: 'test', attempts: 'attempts', owner: 'worker', busy_seconds: 'time', cost: 'money', ended_unix_milliseconds: 'ended',
  peak_bytes: 'memory', seconds: 'training', seconds_per_step: 'per step',
}
const hidden = new Set(['progress', 'reason', 'abandoned', 'failures', 'started_unix_milliseconds'])
// Always told, even when the same in all rows; others are shown when they differ.
const told = new Set(['trial', 'state', 'attempts', 'owner', 'busy_seconds', 'cost'])

// What a trial is comes first, then what came out, then who worked on it.
const group = ({ key, kind }: TrialColumn): number => (key === 'trial' || key === 'state' ? 0 : kind === 'design' ? 1 : kind === 'variable' ? 2 : kind === 'metric' ? 3 : kind === 'timing' ? 5 : 4)

const scalar = (v: Json): CellValue => (v !== null && typeof v === 'object' ? cell(v) : v)

function shown(key: string, v: Json): string {
  if (v === null || v === '') return key === 'left_out' ? 'all channels' : none
  if (typeof v !== 'number') return cell(v)
  if (key.endsWith('_unix_milliseconds')) return stamp(v)
  if (key.endsWith('seconds') || key === 'seconds_per_step') return duration(v)
  if (key.endsWith('bytes')) return bytes(v)
  if (key === 'parameters') return count(v)
  return cell(v)
}

const short = (key: string): string => heads[key] ?? key.split('.').pop()!.replaceAll('_', ' ')

/** experiment: its id, for the spark lines. */
export function trialColumns(experiment: string, trials: Trials, curve: string | undefined): Column<Row>[] {
  const at = (key: string) => place(trials, key)
  const [state, progress, reason, abandoned, owner] = ['state', 'progress', 'reason', 'abandoned', 'owner'].map(at)
  const differs = (i: number) => trials.rows.some(row => JSON.stringify(row[i]) !== JSON.stringify(trials.rows[0][i]))
  const keys = new Map<string, number>()
  trials.columns.forEach(column => keys.set(short(column.key), (keys.get(short(column.key)) ?? 0) + 1))
  const ordered = trials.columns.map((column, i) => ({ column, i })).sort((a, b) => group(a.column) - group(b.column) || Number(!!b.column.main) - Number(!!a.column.main) || a.i - b.i)
  return ordered.flatMap(({ column, i }): Column<Row>[] => {
    const { key, main } = column
    if (hidden.has(key) || !(told.has(key) || main || column.kind === 'variable' || differs(i))) return []
    const numeric = trials.rows.some(row => typeof row[i] === 'number')
    const head = keys.get(short(key))! > 1 ? key : short(key)
    const base: Column<Row> = {
      id: key, head, say: key, value: row => scalar(row[i]), right: numeric, cell: row => shown(key, row[i]),
      width: Math.max(main ? 92 : 74, head.length * 8 + 30, { ended_unix_milliseconds: 120, owner: 130, test_name: 100, left_out: 110 }[key] ?? 0),
    }
    if (key === 'trial') return [{ ...base, width: 64, cell: row => <a href={href(route.value.path, { ...Object.fromEntries(route.value.query), trial: Number(row[0]) })}>{shown(key, row[0])}</a> }]
    if (key === 'state') return [{ ...base, width: 150, cell: row => stateCell(row, state, progress, reason, abandoned) }]
    if (column.kind === 'money') return [{ ...base, cell: row => money(isNumber(row[i]) ? row[i] : null, column.unit) }]
    if (key === 'owner') return [{ ...base, right: false, cell: row => <span title={String(row[owner] ?? '')}>{row[owner] ? String(row[owner]) : none}</span> }]
    if (!main) return [base]
    const metric: Column<Row> = { ...base, cell: row => fixed(isNumber(row[i]) ? row[i] : null, 4) }
    return curve ? [metric, { id: 'spark', head: curve.replaceAll('_', ' '), width: 120, value: () => null, cell: row => <TrialSpark experiment={experiment} trial={Number(row[0])} state={`${row[state]}`} curve={curve} /> }] : [metric]
  })
}

function stateCell(row: Row, state: number, progress: number, reason: number, abandoned: number): ComponentChildren {
  const why = String(row[reason] ?? '')
  if (row[state] === 'running') return row[abandoned] ? <State state="lost" say="Its worker is gone; Resume starts it again" /> : <span><State state="running" /> {percent(Number(row[progress] ?? 0))}</span>
  return <span title={why}><State state={String(row[state])} />{why && row[state] === 'failed' && <span class="quiet"> {why}</span>}</span>
}
