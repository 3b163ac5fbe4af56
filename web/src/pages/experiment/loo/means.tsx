// The mean outcome per channel left out, as published: higher is better, "all" as the line to compare with.
import { fixed, spread } from '../../../lib/format.ts'
import { linear, padded } from '../../../lib/scale.ts'
import { extent, finite } from '../../../lib/statistics.ts'
import { YAxis } from '../../../parts/axes.tsx'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { channelColour, channelLabel, pickChannel, type LooProps } from './shared.ts'

export function Means({ id, data }: LooProps) {
  const channels = data.channels.filter(channel => channel.mean !== null)
  const ends = finite(channels.flatMap(channel => [channel.mean! - (channel.standard_deviation ?? 0), channel.mean! + (channel.standard_deviation ?? 0)]))
  return (
    <Chart title="Mean outcome per channel left out" say={`Mean ${data.metric} over patients, ± standard deviation; higher is better, the dashed line is the mean with all channels.`} height={330}
      table={() => [['left out', `mean ${data.metric}`, 'standard deviation', 'median', 'patients'], ...channels.map(channel => [channel.name, channel.mean, channel.standard_deviation, channel.median, channel.outcomes.length])]}
      draw={(width, height) => {
        const top = 18, bottom = height - 46, left = 44
        const y = linear(padded(...extent(ends), 0.1), [bottom, top])
        const step = (width - left) / Math.max(channels.length, 1)
        const all = channels.find(channel => channel.name === 'all')?.mean
        return (
          <>
            <YAxis scale={y} label={`mean ${data.metric}`} from={left} to={width} at={left} />
            {all !== undefined && all !== null && <line x1={left} x2={width} y1={y(all)} y2={y(all)} class="zero" stroke-dasharray="5 4" />}
            {channels.map((channel, i) => {
              const middle = left + step * (i + 0.5), colour = channelColour(data, channel.name), half = channel.standard_deviation ?? 0
              return (
                <g key={channel.name} class="hit" onClick={event => pickChannel(id, channel, event)} {...tip(channelLabel(channel.name), `${data.metric} ${spread(channel.mean, channel.standard_deviation, 3)}`, `${channel.outcomes.length} outcomes`)}>
                  <line x1={middle} x2={middle} y1={y(channel.mean! - half)} y2={y(channel.mean! + half)} stroke={colour} stroke-width="2" opacity="0.5" />
                  <circle cx={middle} cy={y(channel.mean!)} r="6" fill={colour} />
                  <text x={middle} y={y(channel.mean! + half) - 6} text-anchor="middle" font-size="11">{fixed(channel.mean, 3)}</text>
                  <text x={middle} y={bottom + 18} text-anchor="middle">{channel.name}</text>
                </g>
              )
            })}
            <text class="label" x={(left + width) / 2} y={height - 8} text-anchor="middle">channel left out</text>
          </>
        )
      }} />
  )
}
