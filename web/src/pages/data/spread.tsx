// How alike the grids of the cases are: sizes and spacings along each axis of their files. A click on a bar keeps its cases in the matrix,
// shift-click all from the bar that is kept to this one.
import type { Dataset } from '../../api/types.ts'
import { inside, kept, sizeKeys, spacingKeys, withBin } from '../../lib/case_filter.ts'
import { colourAt } from '../../lib/colour.ts'
import { plural } from '../../lib/format.ts'
import { roundBins } from '../../lib/statistics.ts'
import { Chart } from '../../parts/chart.tsx'
import { tip } from '../../parts/tip.tsx'
import { queryText, setQuery } from '../../router.ts'

interface Along { key: string; axis: string; values: { case: string; v: number }[] }

function along(dataset: Dataset, keys: readonly string[], of: (one: Dataset['cases'][number]) => readonly number[] | null): Along[] {
  return keys.map((key, k) => ({ key, axis: 'zyx'[k], values: dataset.cases.flatMap(one => { const all = of(one); return all ? [{ case: one.id, v: all[k] }] : [] }) })).filter(one => one.values.length > 0)
}

export function Spreads({ dataset }: { dataset: Dataset }) {
  return (
    <>
      <Spread title="Sizes" unit="voxels" all={along(dataset, sizeKeys, one => one.shape_zyx)} />
      <Spread title="Spacings" unit="mm" all={along(dataset, spacingKeys, one => one.spacing_zyx_mm)} />
    </>
  )
}

const gap = 14, top = 30
const text = (v: number): string => String(Number(v.toPrecision(4)))

function Spread({ title, unit, all }: { title: string; unit: string; all: Along[] }) {
  if (!all.length) return null
  const filter = queryText('filter')
  return (
    <Chart title={title} height={132} say={`Cases by ${title.toLowerCase()}, ${unit}. Click: those cases; shift-click: from bar to bar.`}
      table={() => [['axis', 'case', unit], ...all.flatMap(one => one.values.map(value => [one.axis, value.case, value.v]))]}
      draw={(width, height) => {
        const bottom = height - 20, w = (width - gap * (all.length - 1)) / all.length
        return all.map((one, k) => {
          const bins = roundBins(one.values.map(value => value.v)), most = Math.max(...bins.map(bin => bin.count)), now = kept(filter, one.key)
          const left = k * (w + gap), each = w / bins.length
          return (
            <g key={one.key}>
              <text x={left} y={11} style={{ fill: 'var(--quiet)' }}>{one.axis}</text>
              <line class="zero" x1={left} x2={left + w} y1={bottom} y2={bottom} />
              {bins.map((bin, i) => {
                const h = (bin.count / most) * (bottom - top), own = one.values.filter(value => inside(bin, value.v)).map(value => value.case)
                const range = bin.low === bin.high ? text(bin.low) : `${text(bin.low)} to ${text(bin.high)}`
                const on = !now || (bin.low >= now.low && bin.high <= now.high)
                return (
                  <g key={bin.low} class="hit" role="button" tabIndex={0} onClick={event => setQuery({ filter: withBin(filter, one.key, bin, event.shiftKey) || null }, false)} onKeyDown={event => event.key === 'Enter' && setQuery({ filter: withBin(filter, one.key, bin, event.shiftKey) || null }, false)}
                    {...tip(`${one.axis}: ${range} ${unit}`, plural(bin.count, 'case'), own.length <= 6 ? own.join(', ') : `${own.slice(0, 6).join(', ')} …`)}>
                    <rect x={left + i * each} y={top} width={each} height={bottom - top} fill="transparent" />
                    {bin.count > 0 && each > 12 && <text x={left + i * each + Math.min(each - 1, 40) / 2 + 0.5} y={bottom - h - 3} text-anchor="middle" font-size="10">{bin.count}</text>}
                    {bin.count > 0 && <rect x={left + i * each + 0.5} y={bottom - h} width={Math.max(Math.min(each - 1, 40), 1)} height={h} fill={colourAt(0)} fill-opacity={on ? 0.85 : 0.25} />}
                  </g>
                )
              })}
              <text x={left} y={height - 5} font-size="11" style={{ fill: 'var(--quiet)' }}>{text(bins[0].low)}</text>
              {bins[bins.length - 1].high > bins[0].low && <text x={left + w} y={height - 5} text-anchor="end" font-size="11" style={{ fill: 'var(--quiet)' }}>{text(bins[bins.length - 1].high)}</text>}
            </g>
          )
        })
      }} />
  )
}
