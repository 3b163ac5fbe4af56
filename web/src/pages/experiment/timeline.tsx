// Who worked when: a line per worker, a block per attempt coloured by how it ended; stops, resumes and retries as marks.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { Timeline } from '../../api/types.ts'
import { stateColour } from '../../lib/colour.ts'
import { duration, percent, plural, stamp } from '../../lib/format.ts'
import { linear } from '../../lib/scale.ts'
import { timeTicks } from '../../lib/time_ticks.ts'
import { Chart } from '../../parts/chart.tsx'
import { Empty, Loaded } from '../../parts/states.tsx'
import { tip } from '../../parts/tip.tsx'
import type { TabProps } from '../experiment.tsx'
import { pickTrials } from './loo/shared.ts'

export function TimelineTab({ experiment, version }: TabProps) {
  const resource = useResource(`timeline ${experiment.id} ${version}`, () => api.timeline(experiment.id), experiment.id)
  return <Loaded of={resource}>{data => (data.workers.length ? <Bars id={experiment.id} data={data} /> : <Empty title="No worker has taken a trial yet." command={`tomograd experiment resume ${experiment.folder}`} />)}</Loaded>
}

const lane = 20

function Bars({ id, data }: { id: string; data: Timeline }) {
  const [window, setWindow] = useState<[number, number]>([0, Math.max(data.seconds, 1)])
  const [drag, setDrag] = useState<[number, number] | null>(null)
  const whole = window[0] === 0 && window[1] === Math.max(data.seconds, 1)
  const outcomes = [...new Set(data.workers.flatMap(worker => worker.attempts.map(attempt => attempt.outcome)))]
  return (
    <div class="pad stack">
      <p class="row">
        <span>{duration(data.seconds)} from {stamp(data.start_unix_milliseconds)}</span>
        <span class="quiet">· {plural(data.workers.length, 'worker')} · busy {duration(data.busy_seconds)}{data.lost_seconds ? ` · lost ${duration(data.lost_seconds)} (${percent((data.lost_seconds ?? 0) / (data.busy_seconds || 1), 1)})` : ''}</span>
      </p>
      <div class="legend">
        {outcomes.map(outcome => <span key={outcome} class="badge"><i class="swatch" style={{ background: stateColour[outcome] ?? '#999999' }} />{outcome}{data.attempts[outcome] !== undefined && ` ${data.attempts[outcome]}`}</span>)}
        {data.marks.length > 0 && <span class="badge">┊ stop, resume, retry</span>}
      </div>
      <Chart title="Timeline" say="Drag to zoom. Gaps are waits." height={data.workers.length * lane + 52}
        tools={!whole && <button type="button" class="link small" onClick={() => setWindow([0, data.seconds])}>show all</button>}
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
                onPointerUp={() => { if (drag && Math.abs(x(drag[1]) - x(drag[0])) > 4) setWindow([Math.max(Math.min(...drag), 0), Math.min(Math.max(...drag), data.seconds)]); setDrag(null) }} />
              {data.workers.map((worker, i) => (
                <g key={worker.owner}>
                  <text x={left - 8} y={i * lane + 14} text-anchor="end" {...tip(worker.owner, `busy ${duration(worker.busy_seconds)}`, `waited ${duration(worker.waited_seconds)}`)}>{worker.owner.length > 23 ? worker.owner.slice(0, 22) + '…' : worker.owner}</text>
                  {worker.attempts.filter(one => one.end_seconds >= window[0] && one.begin_seconds <= window[1]).map(one => (
                    <rect key={`${one.trial} ${one.attempt}`} class="hit" x={clip(one.begin_seconds)} y={i * lane + 3} width={Math.max(clip(one.end_seconds) - clip(one.begin_seconds) - 0.5, 1)} height={lane - 6} rx="1.5"
                      fill={stateColour[one.outcome] ?? '#999999'} onClick={event => pickTrials(id, [one.trial], event)} {...tip(`trial ${one.trial}, attempt ${one.attempt}: ${one.outcome}`, `${duration(one.end_seconds - one.begin_seconds)}, from ${duration(one.begin_seconds)}`, one.reason)} />
                  ))}
                </g>
              ))}
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
