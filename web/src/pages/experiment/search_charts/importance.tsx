// How much of the metric's variance each variable explains alone.
import { colourAt } from '../../../lib/colour.ts'
import { isNumber, percent } from '../../../lib/format.ts'
import { linear } from '../../../lib/scale.ts'
import { XAxis } from '../../../parts/axes.tsx'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { setQuery } from '../../../router.ts'
import type { SearchProps } from '../search.tsx'
import { shortKey } from './axis_text.ts'

export function Importance({ data }: SearchProps) {
  const { importance, metric } = data
  if (!importance) return null
  const rows = [...importance.variables].sort((a, b) => (b.share ?? 0) - (a.share ?? 0)).concat({ ...importance.together, variable: '' })
  const weak = isNumber(importance.explained_out_of_bag) && importance.explained_out_of_bag <= 0
  return (
    <Chart title="Importance of variables" height={rows.length * 28 + 60}
      say={weak ? 'The model behind this predicts no better than the mean: these shares say nothing yet.' : `Share of the variance of ${metric} that each variable causes alone (functional ANOVA), and 10 to 90 % of the trees. Click: as x of the surface, shift-click: as y.`}
      table={() => [['variable', 'share', 'low', 'high'], ...rows.map(row => [row.variable || 'together', row.share, row.low, row.high])]}
      draw={(width, height) => {
        const left = 150, bottom = height - 46
        const x = linear([0, 1], [left, width - 46], 5)
        return (
          <>
            <XAxis scale={x} label="share of variance" from={0} to={bottom} at={bottom} />
            {rows.map((row, i) => (
              <g key={row.variable} class={row.variable ? 'hit' : ''} {...tip(row.variable || 'only combinations of variables', `${percent(row.share, 1)} (${percent(row.low, 1)} to ${percent(row.high, 1)})`)}
                onClick={event => row.variable && setQuery(event.shiftKey ? { vy: row.variable } : { vx: row.variable })}>
                <text x={left - 8} y={i * 28 + 19} text-anchor="end">{row.variable ? shortKey(row.variable) : 'together'}</text>
                <rect x={left} y={i * 28 + 6} width={Math.max(x(row.share ?? 0) - left, 1)} height="16" fill={row.variable ? colourAt(0) : '#888888'} />
                {isNumber(row.low) && isNumber(row.high) && <line x1={x(row.low)} x2={x(row.high)} y1={i * 28 + 14} y2={i * 28 + 14} stroke="var(--ink)" stroke-width="1.5" />}
                <text x={x(Math.max(row.share ?? 0, row.high ?? 0)) + 6} y={i * 28 + 18}>{percent(row.share)}</text>
              </g>
            ))}
          </>
        )
      }} />
  )
}
