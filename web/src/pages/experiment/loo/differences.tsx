// The paired difference to "all" of each channel left out, the channel that mattered most on top.
import { fixed, isNumber, p, percent, signed } from '../../../lib/format.ts'
import { linear, padded } from '../../../lib/scale.ts'
import { extent, finite } from '../../../lib/statistics.ts'
import { XAxis } from '../../../parts/axes.tsx'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { channelColour, pickChannel, type LooProps } from './shared.ts'

export function Differences({ id, data }: LooProps) {
  const place = (name: string) => { const at = data.ranking.indexOf(name); return at < 0 ? data.ranking.length : at }
  const rows = data.channels.filter(channel => channel.change && isNumber(channel.change.estimate)).sort((a, b) => place(a.name) - place(b.name))
  if (!rows.length) return <p class="quiet">No pair of a trial with all channels and one without is complete yet.</p>
  const values = finite(rows.flatMap(channel => [channel.change!.low, channel.change!.high, ...(channel.changes ?? []).map(one => one.value)])).concat(0, -data.margin)
  return (
    <Chart title="Paired difference to all channels" say={`${data.metric} without the channel minus ${data.metric} with all, paired by patient: Hodges–Lehmann estimate with its interval, dots are patients. The grey band is the margin of ${fixed(data.margin, 3)} within which a channel does not matter.`}
      height={rows.length * 34 + 64}
      table={() => [['channel', 'estimate', 'low', 'high', 'coverage', 'p', 'Holm p', 'verdict'], ...rows.map(channel => [channel.name, channel.change!.estimate, channel.change!.low, channel.change!.high, channel.change!.coverage, channel.p, channel.holm_p, channel.verdict])]}
      draw={(width, height) => {
        const left = 92, right = width - 270, top = 8, bottom = height - 46
        const x = linear(padded(...extent(values)), [left, right], 8)
        return (
          <>
            <rect x={x(-data.margin)} y={top} width={Math.max(x(0) - x(-data.margin), 0)} height={bottom - top} fill="var(--neutral)" />
            <XAxis scale={x} from={top} to={bottom} at={bottom} label="further below zero = the channel mattered more" />
            <line class="zero" x1={x(0)} x2={x(0)} y1={top} y2={bottom} />
            {rows.map((channel, i) => {
              const y = top + 34 * (i + 0.5), colour = channelColour(data, channel.name), change = channel.change!
              return (
                <g key={channel.name} class="hit" onClick={event => pickChannel(id, channel, event)}
                  {...tip(`without ${channel.name}`, `${signed(change.estimate)} (${signed(change.low)} to ${signed(change.high)}${isNumber(change.coverage) ? `, ${percent(change.coverage, 1)} interval` : ''})`, `p ${p(channel.p)}, Holm p ${p(channel.holm_p)}`, channel.verdict)}>
                  <rect x="0" y={y - 17} width={width} height="34" fill="transparent" />
                  <text x={left - 8} y={y + 4} text-anchor="end">{channel.name}</text>
                  {(channel.changes ?? []).map(one => isNumber(one.value) && <circle key={one.patient} cx={x(one.value)} cy={y + 8} r="2" fill={colour} fill-opacity="0.55" />)}
                  <line x1={x(change.low ?? change.estimate!)} x2={x(change.high ?? change.estimate!)} y1={y - 3} y2={y - 3} stroke={colour} stroke-width="3" />
                  <circle cx={x(change.estimate!)} cy={y - 3} r="5" fill={colour} />
                  <text x={right + 60} y={y + 4} text-anchor="end">{signed(change.estimate)}</text>
                  <text x={right + 72} y={y + 4}>Holm p {p(channel.holm_p)}</text>
                  <text x={right + 164} y={y + 4}>{channel.verdict}</text>
                </g>
              )
            })}
          </>
        )
      }} />
  )
}
