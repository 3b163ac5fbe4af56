// Patients × channels, coloured by the difference to "all". A click opens the viewer with both predictions side by side.
import { diverging, inkOn } from '../../../lib/colour.ts'
import { isNumber, plural, signed } from '../../../lib/format.ts'
import { finite } from '../../../lib/statistics.ts'
import { Chart } from '../../../parts/chart.tsx'
import { tip } from '../../../parts/tip.tsx'
import { theme } from '../../../theme.ts'
import { openInViewer } from '../../viewer/address.ts'
import { pickTrials, type LooProps } from './shared.ts'

const rowHeight = 24

export function Matrix({ id, data }: LooProps) {
  const { channels, patients, change, trials, baseline_trials: baseline } = data.matrix
  const most = Math.max(...finite(change.flat()).map(Math.abs), 1e-9)
  const middle = theme() === 'dark' ? '#2a3038' : '#f1f2f4'
  const open = (c: number, r: number) => (event: MouseEvent) => {
    const pair = [baseline[r]?.[0], trials[c]?.[r]?.[0]].filter(isNumber)
    if (!pair.length) return
    if (event.shiftKey) pickTrials(id, [...(baseline[r] ?? []), ...trials[c][r]], event)
    else void openInViewer(id, pair)
  }
  return (
    <Chart title="Difference per patient" say="Blue: better without the channel; vermillion: worse. Click a cell: both predictions side by side in the viewer. Shift-click: its trials in the table."
      height={(patients.length + 1) * rowHeight + 34}
      table={() => [['patient', ...channels], ...patients.map((patient, r) => [patient, ...channels.map((_, c) => change[c]?.[r])])]}
      draw={width => {
        const left = Math.min(Math.max(...patients.map(name => name.length)) * 7.2 + 14, 200)
        const cell = Math.min((width - left) / Math.max(channels.length, 1), 110)
        return (
          <>
            {channels.map((name, c) => <text key={name} x={left + cell * (c + 0.5)} y={16} text-anchor="middle">{name}</text>)}
            {patients.map((patient, r) => (
              <g key={patient}>
                <text x={left - 8} y={rowHeight * (r + 1) + 16} text-anchor="end">{patient}</text>
                {channels.map((name, c) => {
                  const v = change[c]?.[r]
                  const colour = isNumber(v) ? diverging(v, most, middle) : 'none'
                  return (
                    <g key={name} class={isNumber(v) ? 'hit' : ''} onClick={open(c, r)} {...tip(`${patient} without ${name}`, isNumber(v) ? signed(v) : 'not complete yet', trials[c]?.[r]?.length ? `${plural(trials[c][r].length, 'trial')}: ${trials[c][r].join(', ')}` : '')}>
                      <rect x={left + cell * c + 1} y={rowHeight * (r + 1) + 1} width={cell - 2} height={rowHeight - 2} rx="2" fill={colour} stroke="var(--line)" stroke-width={isNumber(v) ? 0 : 1} />
                      {isNumber(v) && cell > 44 && <text x={left + cell * (c + 0.5)} y={rowHeight * (r + 1) + 16} text-anchor="middle" style={{ fill: inkOn(colour) }}>{signed(v)}</text>}
                    </g>
                  )
                })}
              </g>
            ))}
            <Key x={left} y={rowHeight * (patients.length + 1) + 14} most={most} middle={middle} />
          </>
        )
      }} />
  )
}

function Key({ x, y, most, middle }: { x: number; y: number; most: number; middle: string }) {
  return (
    <g>
      {Array.from({ length: 41 }, (_, i) => <rect key={i} x={x + 52 + i * 4} y={y} width="4.5" height="10" fill={diverging((i - 20) / 20, 1, middle)} />)}
      <text x={x + 46} y={y + 9} text-anchor="end">{signed(-most, 2)}</text>
      <text x={x + 224} y={y + 9}>{signed(most, 2)}</text>
    </g>
  )
}
