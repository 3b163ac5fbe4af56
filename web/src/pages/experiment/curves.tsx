// Loss and metrics over steps or wall time, of the selected trials; without a selection the best ones.
import { useMemo } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { Curve, Trials } from '../../api/types.ts'
import { colourAt } from '../../lib/colour.ts'
import { duration, grouped, plural } from '../../lib/format.ts'
import type { Line } from '../../lib/line_svg.ts'
import { rangeNumbers, rangeText } from '../../lib/ranges.ts'
import { smooth } from '../../lib/statistics.ts'
import { LineChart, type Mark } from '../../parts/line_chart.tsx'
import { Empty, Loaded } from '../../parts/states.tsx'
import { go, href, queryText, setQuery } from '../../router.ts'
import type { TabProps } from '../experiment.tsx'
import { mainColumn, place } from './trial_table.tsx'

const most = 64

function best(trials: Trials, number: number): number[] {
  const main = place(trials, mainColumn(trials)?.key ?? ''), state = place(trials, 'state')
  const begun = trials.rows.filter(row => row[state] !== 'waiting')
  const value = (row: (typeof begun)[number]) => (typeof row[main] === 'number' ? (row[main] as number) : -Infinity)
  return begun.sort((a, b) => value(b) - value(a)).slice(0, number).map(row => Number(row[0]))
}

export function CurvesTab({ experiment, version }: TabProps) {
  const text = queryText('select')
  const chosen = rangeNumbers(text)
  const resource = useResource(`curves ${experiment.id} ${version} ${text}`, async () => {
    const trials = chosen.length ? chosen.slice(0, most) : best(await api.trials(experiment.id), 8)
    return { trials, curves: trials.length ? (await api.curves(experiment.id, trials, 800)).curves : [] }
  }, experiment.id)
  return <Loaded of={resource}>{({ trials, curves }) => <Curves id={experiment.id} names={experiment.curve_names} trials={trials} curves={curves} chosen={chosen} />}</Loaded>
}

function Curves({ id, names, trials, curves, chosen }: { id: string; names: string[]; trials: number[]; curves: Curve[]; chosen: number[] }) {
  const byTime = queryText('x') === 'time', logY = queryText('log') === '1', weight = Number(queryText('smooth', '0'))
  const shown = queryText('curve').split(',').filter(name => names.includes(name))
  const now = shown.length ? shown : names
  if (!curves.length) return <Empty title="No curves yet.">They appear with the first validation of the first trial.</Empty>
  const timed = curves.some(curve => curve.seconds.length)
  const toggle = (name: string) => setQuery({ curve: (now.includes(name) ? now.filter(one => one !== name) : [...now, name]).join(',') })
  return (
    <>
      <div class="bar">
        <span class="segmented" role="group" aria-label="Curves">{names.map(name => <button type="button" key={name} aria-pressed={now.includes(name)} onClick={() => toggle(name)}>{name.replaceAll('_', ' ')}</button>)}</span>
        {timed && <span class="segmented" role="group" aria-label="Along">
          <button type="button" aria-pressed={!byTime} onClick={() => setQuery({ x: null })}>steps</button>
          <button type="button" aria-pressed={byTime} onClick={() => setQuery({ x: 'time' })}>wall time</button>
        </span>}
        <label class="row">smoothing <input type="range" min="0" max="0.98" step="0.02" value={weight} onInput={event => setQuery({ smooth: event.currentTarget.value === '0' ? null : event.currentTarget.value })} /> {weight.toFixed(2)}</label>
        <label class="row"><input type="checkbox" checked={logY} onChange={event => setQuery({ log: event.currentTarget.checked ? 1 : null })} /> log</label>
        <span class="quiet">{chosen.length ? `${plural(trials.length, 'selected trial')}${chosen.length > most ? `, the first of ${chosen.length}` : ''}` : `the best ${trials.length}; select others under Trials`}</span>
      </div>
      <div class="bar legend">
        {trials.map((trial, i) => <a key={trial} class="badge" href={href(['experiments', id, 'trials'], { trial, select: rangeText(trials) })}><i class="swatch" style={{ background: colourAt(i) }} />trial {trial}</a>)}
      </div>
      <div class="charts">{now.map(name => <OneCurve key={name} id={id} name={name} trials={trials} curves={curves} byTime={byTime && timed} logY={logY} weight={weight} />)}</div>
    </>
  )
}

interface OneProps { id: string; name: string; trials: number[]; curves: Curve[]; byTime: boolean; logY: boolean; weight: number }

function OneCurve({ id, name, trials, curves, byTime, logY, weight }: OneProps) {
  const lines = useMemo(() => curveLines(name, trials, curves, byTime, weight), [name, trials, curves, byTime, weight])
  const marks = useMemo(() => resumeMarks(name, trials, curves, byTime), [name, trials, curves, byTime])
  if (!lines.length) return null
  const pick = (line: Line, compare: boolean) => {
    const trial = Number(line.label.replace(/\D/g, ''))
    if (compare) setQuery({ select: rangeText(trials.filter(one => one !== trial)) }, false)
    else go(['experiments', id, 'curves'], { select: trial, curve: queryText('curve'), x: queryText('x'), smooth: queryText('smooth') })
  }
  return (
    <LineChart title={name.replaceAll('_', ' ')} lines={lines} xLabel={byTime ? 'wall time' : 'step'} yLabel={name.replaceAll('_', ' ')} xText={byTime ? duration : grouped} logY={logY} marks={marks} onPick={pick}
      tools={marks.length > 0 && <span class="quiet small">dashed verticals: resumed</span>} />
  )
}

const along = (curve: Curve, byTime: boolean): number[] => (byTime && curve.seconds.length === curve.steps.length ? curve.seconds : curve.steps)

export function curveLines(name: string, trials: number[], curves: Curve[], byTime: boolean, weight: number): Line[] {
  const own = curves.filter(curve => curve.name === name && curve.steps.length && !(byTime && !curve.seconds.length))
  const line = (curve: Curve, smoothed: boolean): Line => ({
    label: `trial ${curve.trial}`, colour: colourAt(trials.indexOf(curve.trial)), x: along(curve, byTime),
    y: smoothed ? smooth(curve.values, weight) : curve.values, faint: !smoothed && weight > 0,
  })
  return weight > 0 ? [...own.map(curve => line(curve, false)), ...own.map(curve => line(curve, true))] : own.map(curve => line(curve, false))
}

function resumeMarks(name: string, trials: number[], curves: Curve[], byTime: boolean): Mark[] {
  return curves.filter(curve => curve.name === name).flatMap(curve => curve.resumed_at.map(step => {
    const index = curve.steps.findIndex(v => v >= step)
    return { x: byTime ? (along(curve, true)[Math.max(index, 0)] ?? step) : step, say: `trial ${curve.trial} resumed`, colour: colourAt(trials.indexOf(curve.trial)) }
  }))
}
