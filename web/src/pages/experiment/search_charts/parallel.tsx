// All variables at once: a line per configuration from axis to axis, coloured by its result. A drag along an axis keeps what passes there,
// and the address says so.
import { useState } from 'preact/hooks'
import { sequential } from '../../../lib/colour.ts'
import { fixed, plural } from '../../../lib/format.ts'
import { extent } from '../../../lib/statistics.ts'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { brushFrom, brushText, rangeText, type Brush } from '../../../lib/ranges.ts'
import { href, queryText, setQuery } from '../../../router.ts'
import { pickTrials } from '../loo/shared.ts'
import type { SearchProps } from '../search.tsx'
import { axisTicks, shortKey, valueText } from './axis_text.ts'

export function ParallelCoordinates({ experiment, data }: SearchProps) {
  const [drag, setDrag] = useState<{ axis: number; from: number; to: number } | null>(null)
  const said = brushFrom(queryText('brush'))
  const brush: Brush = drag ? { ...said, [drag.axis]: [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)] } : said
  const setBrush = (next: Brush) => setQuery({ brush: brushText(next) || null })
  const { points, axes, metric } = data
  const [low, high] = extent(points.map(point => point.metric))
  const share = (v: number) => (high > low ? (v - low) / (high - low) : 0.5)
  const last = axes.length  // the metric's own axis
  const at = (i: number, k: number): number | null => (k === last ? share(points[i].metric) : points[i].at[k])
  const kept = points.map((_, i) => Object.entries(brush).every(([k, [from, to]]) => { const v = at(i, Number(k)); return v !== null && v >= from && v <= to }))
  const trials = points.filter((_, i) => kept[i]).map(point => point.trial)
  const order = points.map((_, i) => i).sort((a, b) => points[a].metric - points[b].metric)
  const top = 30, height = 320, bottom = height - 20
  const y = (v: number) => bottom - v * (bottom - top)
  const placeOf = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect()
    return Math.min(Math.max((bottom - (event.clientY - box.top)) / (bottom - top), 0), 1)
  }
  return (
    <Chart title="Parallel coordinates" say="Drag along an axis to keep what passes there; a click on it keeps all again." height={height}
      tools={Object.keys(brush).length > 0 && <span class="row small"><a href={href(['experiments', experiment.id, 'trials'], { select: rangeText(trials) })}>{plural(trials.length, 'configuration')} as selection</a><button type="button" class="link" onClick={() => setBrush({})}>all</button></span>}
      table={() => [['trial', ...axes.map(axis => axis.variable), metric], ...points.map(point => [point.trial, ...axes.map((axis, k) => valueText(axis, point.at[k])), point.metric])]}
      draw={width => {
        const x = (k: number) => 60 + (k * (width - 130)) / Math.max(last, 1)
        const line = (i: number) => { let pen = ''; return Array.from({ length: last + 1 }, (_, k) => { const v = at(i, k); if (v === null) return (pen = '', ''); const part = `${pen || 'M'}${x(k).toFixed(1)} ${y(v).toFixed(1)}`; pen = 'L'; return part }).join('') }
        return (
          <>
            {order.map(i => (
              <path key={points[i].trial} class="hit" d={line(i)} fill="none" stroke={kept[i] ? sequential(share(points[i].metric)) : 'var(--line)'} stroke-width={points[i].trial === data.best_trial ? 3 : 1.3} opacity={kept[i] ? 0.9 : 0.35}
                onClick={event => pickTrials(experiment.id, [points[i].trial], event)} {...tip(`trial ${points[i].trial}: ${metric} ${fixed(points[i].metric)}`, ...axes.map((axis, k) => `${shortKey(axis.variable)} ${valueText(axis, points[i].at[k])}`))} />
            ))}
            {Array.from({ length: last + 1 }, (_, k) => (
              <g key={k}>
                <line x1={x(k)} x2={x(k)} y1={top} y2={bottom} stroke="var(--quiet)" />
                {brush[k] && <rect x={x(k) - 6} y={y(brush[k][1])} width="12" height={Math.max(y(brush[k][0]) - y(brush[k][1]), 1)} fill="var(--accent)" fill-opacity="0.3" />}
                <text x={x(k)} y={16} text-anchor="middle" font-weight="600">{k === last ? metric : shortKey(axes[k].variable)}</text>
                {(k === last ? [{ at: 0, text: fixed(low, 2) }, { at: 1, text: fixed(high, 2) }] : axisTicks(axes[k])).map(one => <text key={one.text} x={x(k) + 7} y={y(one.at) + 4} font-size="11" style={{ fill: 'var(--quiet)' }}>{one.text}</text>)}
                <rect x={x(k) - 11} y={top - 6} width="22" height={bottom - top + 12} fill="transparent" style={{ cursor: 'ns-resize' }}
                  onPointerDown={event => { (event.currentTarget as Element).setPointerCapture(event.pointerId); setDrag({ axis: k, from: placeOf(event), to: placeOf(event) }) }}
                  onPointerMove={event => drag?.axis === k && setDrag({ ...drag, to: placeOf(event) })}
                  onPointerUp={() => { if (drag) { const { [k]: _, ...rest } = said; setBrush(Math.abs(drag.to - drag.from) < 0.01 ? rest : brush) } setDrag(null) }} />
              </g>
            ))}
          </>
        )
      }} />
  )
}
