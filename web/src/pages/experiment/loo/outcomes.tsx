// Every trial: a dot per patient, grouped by the channel that was left out, the median as a bar.
import { fixed } from '../../../lib/format.ts'
import { linear } from '../../../lib/scale.ts'
import { median, swarm, finite } from '../../../lib/statistics.ts'
import { YAxis } from '../../../parts/axes.tsx'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { channelColour, channelLabel, outcomeDomain, pickChannel, pickTrials, type LooProps } from './shared.ts'

export function Outcomes({ id, data }: LooProps) {
  const channels = data.channels
  return (
    <Chart title="Leave-one-out training" say="One dot per patient that was tested, one group per channel left out; the bar is the median." height={330}
      table={() => [['left out', 'patient', 'repeat', 'trial', data.metric], ...channels.flatMap(channel => channel.outcomes.map(one => [channel.name, one.patient, one.repeat, one.trial, one.value]))]}
      draw={(width, height) => {
        const top = 18, bottom = height - 46, left = 44
        const y = linear(outcomeDomain(data), [bottom, top])
        const step = (width - left) / channels.length
        return (
          <>
            <YAxis scale={y} label={data.metric} from={left} to={width} at={left} />
            {channels.map((channel, i) => {
              const middle = left + step * (i + 0.5), colour = channelColour(data, channel.name)
              const known = channel.outcomes.filter(one => one.value !== null)
              const offsets = swarm(known.map(one => y(one.value!)), 7)
              const centre = median(finite(known.map(one => one.value)))
              return (
                <g key={channel.name}>
                  {known.map((one, k) => (
                    <circle key={`${one.patient} ${one.repeat}`} class="hit" cx={middle + offsets[k] * Math.min(step * 0.36, 30)} cy={y(one.value!)} r="3.5" fill={colour} fill-opacity="0.85"
                      onClick={event => pickTrials(id, [one.trial], event)} {...tip(`${one.patient}, ${channelLabel(channel.name)}`, `${data.metric} ${fixed(one.value)}`, `trial ${one.trial}${one.repeat ? `, repeat ${one.repeat}` : ''}`)} />
                  ))}
                  {known.length > 0 && <line x1={middle - step * 0.3} x2={middle + step * 0.3} y1={y(centre)} y2={y(centre)} stroke="var(--ink)" stroke-width="2" />}
                  <text class="hit" x={middle} y={bottom + 18} text-anchor="middle" onClick={event => pickChannel(id, channel, event)} {...tip(channelLabel(channel.name), `median ${fixed(centre)}`, 'click: these trials, shift-click: compare')}>{channel.name}</text>
                </g>
              )
            })}
            <text class="label" x={(left + width) / 2} y={height - 8} text-anchor="middle">channel left out</text>
          </>
        )
      }} />
  )
}
