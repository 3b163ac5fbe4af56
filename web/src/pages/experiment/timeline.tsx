// Who worked when: a line per worker, a block per attempt coloured by how it ended; kills, preemptions, resumes and waits are marked on the lines,
// stops, resumes and retries of the whole across them. What is zoomed to and which outcomes are kept stand in the address.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { Timeline } from '../../api/types.ts'
import { stateColour } from '../../lib/colour.ts'
import { duration, percent, plural, stamp } from '../../lib/format.ts'
import { linear } from '../../lib/scale.ts'
import { laneMarks, laneWaits, laneWords, markPath, type LaneMark } from '../../lib/timeline_marks.ts'
import { timeTicks } from '../../lib/time_ticks.ts'
import { Chart } from '../../parts/chart.tsx'
import { Empty, Loaded } from '../../parts/states.tsx'
import { tip } from '../../parts/tip.tsx'
import { queryNumbers, queryText, setQuery } from '../../router.ts'
import type { TabProps } from '../experiment.tsx'
import { pickTrials } from './loo/shared.ts'

export function TimelineTab({ experiment, version }: TabProps) {
  const resource = useResource(`timeline ${experiment.id} ${version}`, () => api.timeline(experiment.id), experiment.id)
  return <Loaded of={resource}>{data => (data.workers.length ? <Bars id={experiment.id} data={data} /> : <Empty title="No worker has taken a trial yet." command={`tomograd experiment resume ${experiment.folder}`} />)}</Loaded>
}

const lane = 20

function Bars({ id, data }: { id: string; data: Timeline }) {
  const asked = queryNumbers('window')
  const whole = asked.length !== 2 || !(asked[1] > asked[0])
  const window: [number, number] = whole ? [0, Math.max(data.seconds, 1)] : [asked[0], asked[1]]
  const [drag, setDrag] = useState<[number, number] | null>(null)
  const counts: Partial<Record<string, number>> = data.attempts
  const outcomes = [...new Set(data.workers.flatMap(worker => worker.attempts.map(attempt => attempt.outcome)))]
  const only = queryText('outcome').split(',').filter(Boolean)
  const kept = (outcome: string) => !only.length || only.includes(outcome)
  // Click: this outcome alone, and all again; shift-click: beside those that are kept.
  const keep = (outcome: string) => (event: MouseEvent) => {
    const next = event.shiftKey ? (only.includes(outcome) ? only.filter(one => one !== outcome) : [...only, outcome]) : only.length === 1 && only[0] === outcome ? [] : [outcome]
    setQuery({ outcome: next.join(',') || null })
  }
  const marks = laneMarks(data.workers), waits = laneWaits(data.workers)
  const kinds = (['kill', 'preemption', 'resume'] as const).filter(kind => marks.some(mark => mark.kind === kind))
  return (
    <div class="pad stack">
      <p class="row">
        <span>{duration(data.seconds)} from {stamp(data.start_unix_milliseconds)}</span>
        <span class="quiet">· {plural(data.workers.length, 'worker')} · busy {duration(data.busy_seconds)}{data.lost_seconds ? ` · lost ${duration(data.lost_seconds)} (${percent((data.lost_seconds ?? 0) / (data.busy_seconds || 1), 1)})` : ''}</span>
      </p>
      <div class="legend">
        {outcomes.map(outcome => <button type="button" key={outcome} class="link badge" aria-pressed={only.includes(outcome)} title="Click: only these; shift-click: these too" onClick={keep(outcome)}><i class="swatch" style={{ background: stateColour[outcome] ?? '#999999', opacity: kept(outcome) ? 1 : 0.25 }} />{outcome}{counts[outcome] !== undefined && ` ${counts[outcome]}`}</button>)}
        {kinds.map(kind => <span key={kind} class="badge"><svg width="12" height="12" aria-hidden="true"><LaneSign kind={kind} x={6} y={6} /></svg>{laneWords[kind]}</span>)}
        {waits.length > 0 && <span class="badge"><svg width="14" height="12" aria-hidden="true"><line x1="0" x2="14" y1="6" y2="6" stroke="var(--quiet)" /></svg>waits</span>}
        {data.marks.length > 0 && <span class="badge">┊ stop, resume, retry</span>}
      </div>
      <Chart title="Timeline" say="Drag to zoom. Click a block or a worker: its trials in the table; shift-click: added to the selection." height={data.workers.length * lane + 52}
        tools={!whole && <button type="button" class="link small" onClick={() => setQuery({ window: null })}>show all</button>}
        table={() => [['worker', 'trial', 'attempt', 'begin seconds', 'end seconds', 'outcome', 'reason'], ...data.workers.flatMap(worker => worker.attempts.map(one => [worker.owner, one.trial, one.attempt, one.begin_seconds, one.end_seconds, one.outcome, one.reason]))]}
        draw={(width, height) => {
          const left = 170, bottom = height - 36
          const x = linear(window, [left, width - 8])
          const clip = (v: number) => Math.min(Math.max(x(v), left), width - 8)
          const at = (event: PointerEvent) => x.invert(event.clientX - (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect().left)
          return (
            <>
              {timeTicks(window[0], window[1]).map(v => (
                <g key={v} class="axis">
                  <line class="grid" x1={x(v)} x2={x(v)} y1={0} y2={bottom} />
                  <text x={x(v)} y={bottom + 16} text-anchor="middle">{duration(v)}</text>
                </g>
              ))}
              <rect x={left} y={0} width={Math.max(width - left - 8, 1)} height={bottom} fill="transparent" style={{ cursor: 'crosshair' }}
                onPointerDown={event => { (event.currentTarget as Element).setPointerCapture(event.pointerId); setDrag([at(event), at(event)]) }}
                onPointerMove={event => drag && setDrag([drag[0], at(event)])}
                onPointerUp={() => { if (drag && Math.abs(x(drag[1]) - x(drag[0])) > 4) setQuery({ window: [Math.max(Math.min(...drag), 0), Math.min(Math.max(...drag), data.seconds)].map(v => Number(v.toFixed(3))).join(',') }, false); setDrag(null) }} />
              {data.workers.map((worker, i) => (
                <g key={worker.owner}>
                  <text x={left - 8} y={i * lane + 14} text-anchor="end" class="hit" onClick={event => pickTrials(id, worker.attempts.map(one => one.trial), event)} {...tip(worker.owner, `busy ${duration(worker.busy_seconds)}`, `waited ${duration(worker.waited_seconds)}`)}>{worker.owner.length > 23 ? worker.owner.slice(0, 22) + '…' : worker.owner}</text>
                  {waits.filter(wait => wait.lane === i && wait.to > window[0] && wait.from < window[1]).map(wait => (
                    <line key={wait.from} x1={clip(wait.from)} x2={clip(wait.to)} y1={i * lane + lane / 2} y2={i * lane + lane / 2} stroke="var(--quiet)" {...tip(`waited ${duration(wait.to - wait.from)}`, worker.owner)} />
                  ))}
                  {worker.attempts.filter(one => one.end_seconds >= window[0] && one.begin_seconds <= window[1]).map(one => (
                    <rect key={`${one.trial} ${one.attempt}`} class="hit" x={clip(one.begin_seconds)} y={i * lane + 3} width={Math.max(clip(one.end_seconds) - clip(one.begin_seconds) - 0.5, 1)} height={lane - 6} rx="1.5"
                      fill={stateColour[one.outcome] ?? '#999999'} fill-opacity={kept(one.outcome) ? 1 : 0.15} onClick={event => pickTrials(id, [one.trial], event)} {...tip(`trial ${one.trial}, attempt ${one.attempt}: ${one.outcome}`, `${duration(one.end_seconds - one.begin_seconds)}, from ${duration(one.begin_seconds)}`, one.reason)} />
                  ))}
                </g>
              ))}
              {marks.filter(mark => mark.at >= window[0] && mark.at <= window[1]).map(mark => <LaneSign key={`${mark.lane} ${mark.at} ${mark.kind}`} kind={mark.kind} x={x(mark.at)} y={mark.lane * lane + lane / 2} say={mark.say} />)}
              {data.marks.filter(mark => mark.at_seconds >= window[0] && mark.at_seconds <= window[1]).map((mark, i) => (
                <line key={i} x1={x(mark.at_seconds)} x2={x(mark.at_seconds)} y1={0} y2={bottom} stroke="var(--ink)" stroke-dasharray="3 3" stroke-width="1.5" {...tip(mark.kind + (mark.trial ? ` of trial ${mark.trial}` : ''), duration(mark.at_seconds))} />
              ))}
              {drag && <rect x={Math.min(x(drag[0]), x(drag[1]))} y={0} width={Math.abs(x(drag[1]) - x(drag[0]))} height={bottom} fill="var(--accent)" fill-opacity="0.15" pointer-events="none" />}
            </>
          )
        }} />
    </div>
  )
}

const LaneSign = ({ kind, x, y, say }: { kind: LaneMark['kind']; x: number; y: number; say?: string }) => (
  <path d={markPath(kind, x, y)} fill={kind === 'kill' ? 'none' : 'var(--ink)'} stroke="var(--ink)" stroke-width="1.6" {...(say ? tip(say) : {})} />
)
