// Every result in the order of the trials, and the best so far; the winner is named.
import { colourAt } from '../../../lib/colour.ts'
import { fixed } from '../../../lib/format.ts'
import { linear, padded } from '../../../lib/scale.ts'
import { extent } from '../../../lib/statistics.ts'
import { XAxis, YAxis } from '../../../parts/axes.tsx'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { pickTrials } from '../loo/shared.ts'
import type { SearchProps } from '../search.tsx'
import { shortKey, valueText } from './axis_text.ts'

export function BestSoFar({ experiment, data }: SearchProps) {
  const { points, axes, metric } = data
  const winner = points.find(point => point.trial === data.best_trial)
  const say = (i: number) => axes.map((axis, k) => `${shortKey(axis.variable)} ${valueText(axis, points[i].at[k])}`)
  return (
    <Chart title="Best so far" say="One dot per configuration; the line is the best until then." height={320}
      table={() => [['trial', metric, 'standard deviation', 'best so far', ...axes.map(axis => axis.variable)], ...points.map(point => [point.trial, point.metric, point.standard_deviation, point.best_so_far, ...axes.map((axis, k) => valueText(axis, point.at[k]))])]}
      draw={(width, height) => {
        const left = 44, top = 22, bottom = height - 46
        const x = linear([0, Math.max(...points.map(point => point.trial)) + 1], [left, width - 8], 8)
        const y = linear(padded(...extent(points.map(point => point.metric))), [bottom, top])
        const steps = points.map((point, i) => (i ? `H${x(point.trial)}V${y(point.best_so_far)}` : `M${x(point.trial)} ${y(point.best_so_far)}`)).join('') + `H${width - 8}`
        return (
          <>
            <XAxis scale={x} label="trial" from={top} to={bottom} at={bottom} />
            <YAxis scale={y} label={metric} from={left} to={width} at={left} />
            <path d={steps} fill="none" stroke={colourAt(2)} stroke-width="2" />
            {points.map((point, i) => (
              <circle key={point.trial} class="hit" cx={x(point.trial)} cy={y(point.metric)} r={point === winner ? 6 : 4} fill={point === winner ? colourAt(3) : colourAt(0)} fill-opacity="0.8"
                onClick={event => pickTrials(experiment.id, [point.trial], event)} {...tip(`trial ${point.trial}: ${metric} ${fixed(point.metric)}`, ...say(i))} />
            ))}
            {winner && <text x={Math.min(x(winner.trial), width - 130)} y={y(winner.metric) - 10} text-anchor="middle" font-weight="600">{`trial ${winner.trial}: ${fixed(winner.metric)}`}</text>}
          </>
        )
      }} />
  )
}
