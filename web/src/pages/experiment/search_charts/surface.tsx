// The metric that a Gaussian process expects over two variables, or how sure it is; the trials as dots.
import type { Search } from '../../../api/types.ts'
import { sequential } from '../../../lib/colour.ts'
import { fixed } from '../../../lib/format.ts'
import { extent } from '../../../lib/statistics.ts'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { nearFilter } from '../../../lib/search_math.ts'
import { go, setQuery } from '../../../router.ts'
import { pickTrials } from '../loo/shared.ts'
import type { SearchProps } from '../search.tsx'
import { axisTicks, shortKey, valueText } from './axis_text.ts'

export function Surface({ experiment, data, uncertainty }: SearchProps & { uncertainty: boolean }) {
  const response = data.response!
  const values = uncertainty ? response.standard_deviation : response.mean
  const [low, high] = extent(values), digits = high - low < 0.1 ? 3 : 2
  const xi = data.axes.findIndex(axis => axis.variable === response.x), yi = data.axes.findIndex(axis => axis.variable === response.y)
  if (xi < 0 || yi < 0) return null
  const xAxis = data.axes[xi], yAxis = data.axes[yi]
  const centre = (k: number, n: number) => (k + 0.5) / n
  const near = (x: number, y: number) => () => go(['experiments', experiment.id, 'trials'], { filter: [nearFilter(xAxis, x), nearFilter(yAxis, y)].filter(Boolean).join(' ') })
  return (
    <Chart title={uncertainty ? 'Uncertainty' : `Predicted ${data.metric}`} height={380}
      say={uncertainty ? 'Standard deviation of the prediction: where the search knows little.' : 'Mean of a Gaussian process fitted to the trials; the other variables as in the best configuration.'}
      tools={!uncertainty && <Choice data={data} />}
      table={() => [[response.x, response.y, data.metric, 'standard deviation'], ...response.mean.map((v, i) => [valueText(xAxis, centre(i % response.columns, response.columns)), valueText(yAxis, centre(Math.floor(i / response.columns), response.rows)), v, response.standard_deviation[i]])]}
      draw={(width, height) => {
        const left = 78, top = 8, bottom = height - 46, right = width - 66
        const w = (right - left) / response.columns, h = (bottom - top) / response.rows
        return (
          <>
            {values.map((v, i) => {
              const c = i % response.columns, r = Math.floor(i / response.columns)
              return <rect key={i} onClick={near(centre(c, response.columns), centre(r, response.rows))} x={left + c * w} y={bottom - (r + 1) * h} width={w + 0.5} height={h + 0.5} shape-rendering="crispEdges" fill={sequential(high > low ? (v - low) / (high - low) : 0.5)}
                {...tip(`${data.metric} ${fixed(response.mean[i])} ± ${fixed(response.standard_deviation[i])}`, `${shortKey(response.x)} ${valueText(xAxis, centre(c, response.columns))}`, `${shortKey(response.y)} ${valueText(yAxis, centre(r, response.rows))}`, 'click: the trials near here')} />
            })}
            {data.points.map(point => point.at[xi] !== null && point.at[yi] !== null && (
              <circle key={point.trial} class="hit" cx={left + point.at[xi]! * (right - left)} cy={bottom - point.at[yi]! * (bottom - top)} r={point.trial === data.best_trial ? 6 : 3.5}
                fill={sequential(uncertainty || high <= low ? 0 : (point.metric - low) / (high - low))} stroke="#ffffff" stroke-width="1.5" onClick={event => pickTrials(experiment.id, [point.trial], event)}
                {...tip(`trial ${point.trial}: ${data.metric} ${fixed(point.metric)}`, ...data.axes.map((axis, k) => `${shortKey(axis.variable)} ${valueText(axis, point.at[k])}`))} />
            ))}
            {axisTicks(xAxis).map(one => <text key={one.text} x={left + one.at * (right - left)} y={bottom + 15} text-anchor="middle">{one.text}</text>)}
            {axisTicks(yAxis).map(one => <text key={one.text} x={left - 6} y={bottom - one.at * (bottom - top) + 4} text-anchor="end">{one.text}</text>)}
            <text class="label" x={(left + right) / 2} y={height - 10} text-anchor="middle">{shortKey(response.x)}</text>
            <text class="label" x={14} y={(top + bottom) / 2} text-anchor="middle" transform={`rotate(-90 14 ${(top + bottom) / 2})`}>{shortKey(response.y)}</text>
            {Array.from({ length: 32 }, (_, i) => <rect key={i} x={right + 12} y={bottom - ((i + 1) * (bottom - top)) / 32} width="12" height={(bottom - top) / 32 + 0.5} fill={sequential(i / 31)} />)}
            <text x={right + 28} y={top + 10}>{fixed(high, digits)}</text>
            <text x={right + 28} y={bottom}>{fixed(low, digits)}</text>
          </>
        )
      }} />
  )
}

function Choice({ data }: { data: Search }) {
  const { response, axes } = data
  const pick = (key: string, now: string, other: string) => (
    <select aria-label={key === 'vx' ? 'x' : 'y'} value={now} onChange={event => setQuery({ [key]: event.currentTarget.value })}>
      {axes.filter(axis => axis.variable !== other).map(axis => <option key={axis.variable} value={axis.variable}>{shortKey(axis.variable)}</option>)}
    </select>
  )
  return axes.length > 2 ? <span class="row">{pick('vx', response!.x, response!.y)} × {pick('vy', response!.y, response!.x)}</span> : null
}
